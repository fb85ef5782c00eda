"""Builds the request of one cell and checks it against the catalog; mistakes are reported."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.errors import UnknownName
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.signed_links import without_signatures
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.expand.combinations import Combination, ResolvedMatrix
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_images import NamedImages, RequestImages
from qwave_batch.plan.expand.requests import Render, RequestBuilder, render_in
from qwave_batch.plan.input_images import InputImage
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Unsupported, ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateValue


@dataclass(frozen=True, slots=True)
class Fits:
    """The model accepts the request, perhaps without the fields that were dropped."""

    request: dict[str, Json]
    """In the model's own spelling."""
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The model rejects the request."""

    violations: Sequence[Violation]

    def as_error(self) -> JobError:
        """Return the reason for a skipped job's line: the first violation, in the catalog's order."""
        first = self.violations[0]
        return JobError(code="not_supported", message=first.message, field=first.field or None)


Judgement: TypeAlias = Fits | Rejected


def judge_request(
    request: JsonObject,
    model: Model,
    unsupported: Unsupported,
    content: frozenset[str],
    refused: Sequence[Violation] = (),
) -> Judgement:
    """Return whether the model accepts the request, after ``unsupported: drop`` has dropped fields.

    Args:
        request: As rendered.
        model: The model of the request.
        unsupported: The spec's setting for violations.
        content: Fields that are never dropped, since the image would differ.
        refused: Violations that are known already.
    """
    normalised = model.normalise(request)
    violations = (*refused, *model.violations(normalised))
    if not violations:
        return Fits(normalised)
    if unsupported is not Unsupported.DROP:
        return Rejected(violations)
    foreign = {found.field for found in violations if found.kind == "unknown_field" and found.field not in content}
    if not foreign:
        return Rejected(violations)
    trimmed = {name: value for name, value in normalised.items() if name not in foreign}
    left = (*refused, *model.violations(trimmed))
    return Rejected(left) if left else Fits(trimmed, tuple(name for name in normalised if name in foreign))


@dataclass(frozen=True, slots=True)
class AssembledRequest:
    """A request that becomes a job, or a skipped one."""

    request: dict[str, Json]
    """As rendered."""
    judgement: Judgement
    model: Model
    images: Sequence[InputImage] = ()
    """The images that it names by their files."""
    given: Mapping[str, Json] = field(default_factory=dict)
    """The fields that are sent otherwise than they stand in the identifying request."""


RequestObserver: TypeAlias = Callable[[Mapping[str, Json], RequestBuilder, Combination], None]
"""Receives each request that makes a job, with a function that returns the origin of each field."""


def observe_nothing(_request: Mapping[str, Json], _builder: RequestBuilder, _combination: Combination) -> None:
    """Ignore a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAssembler:
    """Builds and checks the requests of a spec."""

    catalog: Catalog
    base: Mapping[str, TemplateValue | None]
    """The spec's own ``request``, compiled."""
    matrix: ResolvedMatrix
    unsupported: Unsupported
    problems: ProblemCollector
    images: RequestImages
    stable_addresses: bool = False
    """Whether addresses count without their signatures."""
    observe: RequestObserver = observe_nothing

    def builder(self, prompt: CompiledPrompt, render: Render = render_in) -> RequestBuilder:
        """Return the builder of a prompt's requests."""
        return RequestBuilder(self.base, prompt, self.matrix, render)

    def assemble(self, builder: RequestBuilder, scope: CellScope) -> AssembledRequest | None:
        """Return the request of a cell with its verdict; None if it makes no job, which is reported.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        combination = self.matrix.combination(scope.cell.slots)
        request = builder.build(combination, scope)
        model = self._model(request, builder, combination)
        if model is None:
            self._note_changed(request, builder, combination)
            return None
        if any(value is UNKNOWN for value in request.values()):
            known = {name: value for name, value in request.items() if value is not UNKNOWN}
            named = self.images.of(known, model)
            if named is not None:
                self._note_faults(named, builder, combination)
                known = named.judged
            found = _certain(known, model)
            self._refuse(found if named is None else map(named.as_written, found), builder, combination)
            return None
        named = self.images.of(request, model)
        if named is not None and named.faults:
            self._note_faults(named, builder, combination)
            return None
        judgement = judge_request(
            request if named is None else named.judged,
            model,
            self.unsupported,
            self.catalog.content_fields,
            () if named is None else named.refused,
        )
        if isinstance(judgement, Rejected) and named is not None:
            judgement = Rejected([*map(named.as_written, judgement.violations)])
        if isinstance(judgement, Rejected) and self._is_refused(judgement.violations):
            self._refuse(judgement.violations, builder, combination)
            return None
        self.observe(request, builder, combination)
        if named is not None:
            request, judgement = named.request, _with_references(judgement, named)
        made = AssembledRequest(request, judgement, model, () if named is None else named.images)
        return self._without_signatures(made) if self.stable_addresses else made

    def _note_faults(self, named: NamedImages, builder: RequestBuilder, combination: Combination) -> None:
        for name, path, value, fault in named.faults:
            self.problems.add(
                (*builder.origin(name, combination), *path),
                fault.message,
                value=value,
                suggestion=fault.suggestion,
                next_step=next(iter(fault.next_steps), None),
            )

    def _without_signatures(self, made: AssembledRequest) -> AssembledRequest:
        """Return a request that counts without the signatures of its addresses, which are sent all the same."""
        whole = made.judgement.request if isinstance(made.judgement, Fits) else made.request
        stable = {name: without_signatures(whole[name]) for name in self.catalog.image_fields if name in whole}
        given = {name: whole[name] for name, value in stable.items() if value != whole[name]}
        if not given:
            return made
        counted = {name: stable.get(name, value) for name, value in whole.items()}
        if isinstance(made.judgement, Fits):
            return replace(made, judgement=replace(made.judgement, request=counted), given=given)
        return replace(made, request=counted)

    def _model(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> Model | None:
        name = request.get("model")
        where = builder.origin("model", combination)
        if name is UNKNOWN:
            return None
        if name is None:
            self.problems.add(where, "no model is named", suggestion="set model under request, or as an axis")
            return None
        try:
            return self.catalog.model(name if isinstance(name, str) else str(name))
        except UnknownName as unknown:
            self._note_unknown(unknown, where)
            return None

    def _note_unknown(self, unknown: UnknownName, where: ValuePath) -> None:
        gone = self.catalog.gone.get(unknown.name)
        self.problems.add(
            where,
            f'the model "{unknown.name}" is {gone}' if gone else f'unknown model "{unknown.name}"',
            value=unknown.name,
            allowed=unknown.known,
            suggestion=f'did you mean "{unknown.suggestion}"?' if unknown.suggestion else None,
        )

    def _note_changed(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> None:
        """Report what the replacement of a retired model does not take, so that all of it is told at once."""
        name = request.get("model")
        successor = self.catalog.successor(name) if isinstance(name, str) else None
        if successor is not None:
            self._refuse(_certain({**request, "model": successor.name}, successor), builder, combination)

    def _is_refused(self, violations: Iterable[Violation]) -> bool:
        """Whether violations are errors of the spec, and no reason to skip a job."""
        return self.unsupported is Unsupported.ERROR or any(found.is_outdated for found in violations)

    def _refuse(self, violations: Iterable[Violation], builder: RequestBuilder, combination: Combination) -> None:
        for found in violations:
            if not self._is_refused([found]):
                continue
            self.problems.add(
                builder.origin(found.field or "model", combination),
                found.message,
                value=found.value,
                allowed=found.allowed,
                suggestion=_TEXT_IS_MISSING if _lacks_text(found) else found.suggestion,
            )


def _with_references(judgement: Judgement, named: NamedImages) -> Judgement:
    if isinstance(judgement, Rejected):
        return judgement
    changed = {name for name, value in named.judged.items() if value != named.request[name]}
    return replace(
        judgement,
        request={name: named.request[name] if name in changed else value for name, value in judgement.request.items()},
    )


_TEXT_IS_MISSING = "write the text of the prompt under prompts"


def _lacks_text(found: Violation) -> bool:
    return found.field == "prompt" and found.kind == "missing_field"


def _certain(known: Mapping[str, Json], model: Model) -> Iterator[Violation]:
    """Yield the violations of the known part of a request that the unknown rest cannot have caused."""
    for found in model.violations(model.normalise(known)):
        if found.kind == "unknown_field" or (found.kind == "bad_value" and found.field in known):
            yield found
