"""Builds the request of one cell and checks it against the catalog; mistakes are reported."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.image_count import ImageCount
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.errors import UnknownName
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.signed_links import without_signatures
from qwave_batch.plan.expand.cells import CellScope
from qwave_batch.plan.expand.combinations import Combination, ResolvedMatrix
from qwave_batch.plan.expand.exact_images import divisors, not_exactly
from qwave_batch.plan.expand.judgement import Fits, Judgement, Rejected, is_refused, judge_request
from qwave_batch.plan.expand.parent_references import ParentReferences, StandIns
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_images import NamedImages, RequestImages
from qwave_batch.plan.expand.requests import Render, RequestBuilder, render_in
from qwave_batch.plan.input_images import InputImage
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Unsupported, ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.template.templates import TemplateValue


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
    images_per_request: int | None = None
    """With ``images``, how many of them it makes; None for one that is skipped."""


@dataclass(frozen=True, slots=True)
class _RenderedRequest:
    """A request before it is judged."""

    request: dict[str, Json]
    model: Model
    named: NamedImages | None
    """The images that it names by their files; None without any."""
    builder: RequestBuilder
    combination: Combination
    stand_ins: StandIns | None = None
    """Stands in the request for references to its parents; None without any."""

    @property
    def refused(self) -> Sequence[Violation]:
        """Violations that its schema does not know of."""
        by_parents = () if self.stand_ins is None else self.stand_ins.refused
        return (*(() if self.named is None else self.named.refused), *by_parents)

    def as_written(self, found: Violation) -> Violation:
        """Return a violation in the words of the spec's author."""
        found = found if self.named is None else self.named.as_written(found)
        return found if self.stand_ins is None else self.stand_ins.as_written(found)

    @property
    def judged(self) -> JsonObject:
        """The request as its model's schema is asked about it."""
        return self.request if self.named is None else self.named.judged


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
    references: ParentReferences
    wanted: int | None = None
    """The images that every combination is to have; None makes each request as it is."""
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
        if self.wanted is not None:
            return self._counted(builder, scope, combination, self.wanted)
        rendered = self._rendered(builder, scope, combination)
        return None if rendered is None else self._decided(rendered, self._judged(rendered, rendered.judged))

    def _counted(
        self, builder: RequestBuilder, scope: CellScope, combination: Combination, wanted: int
    ) -> AssembledRequest | None:
        """Return the request that makes the most of the wanted images that it can make an equal part of."""
        known = scope.cell.images_per_request
        tried = divisors(wanted) if known is None else (known,)
        for images in tried:
            rendered = self._rendered(builder, scope.asking(images), combination)
            if rendered is None:
                return None
            exact = self._exactly(images, rendered)
            if exact is not None:
                return self._decided(rendered, exact, images)
        rendered = self._rendered(builder, scope.asking(tried[-1]), combination)
        if rendered is None:
            return None
        judgement = self._judged(rendered, rendered.judged)
        if isinstance(judgement, Fits):
            judgement = Rejected([not_exactly(wanted, rendered.model, judgement.request)], place=("images",))
        return self._decided(rendered, judgement)

    def _exactly(self, images: int, rendered: _RenderedRequest) -> Fits | None:
        """Return the request for exactly so many images, if the model offers it."""
        model = rendered.model
        asked = model.asking(model.normalise(rendered.judged), images)
        if asked is None or is_refused(asked, model, self.unsupported, self.catalog.content_fields):
            return None
        judgement = self._judged(rendered, asked)
        if not isinstance(judgement, Fits) or model.image_count(judgement.request) != ImageCount(images, images):
            return None
        return judgement

    def _rendered(self, builder: RequestBuilder, scope: CellScope, combination: Combination) -> _RenderedRequest | None:
        """Return the request of a cell before it is judged; None if it makes no job, which is reported."""
        request = builder.build(combination, scope)
        model = self._model(request, builder, combination)
        if model is None:
            self._note_changed(request, builder, combination)
            return None
        request, stand_ins = self.references.stood_in(request, model, scope.cell.case.parent)
        if any(value is UNKNOWN for value in request.values()):
            known = {name: value for name, value in request.items() if value is not UNKNOWN}
            named = self.images.of(known, model)
            if named is not None:
                self._note_faults(named, builder, combination)
                known = named.judged
            found = _certain(known, model)
            of_part = _RenderedRequest(known, model, named, builder, combination, stand_ins)
            self._refuse(map(of_part.as_written, found), builder, combination)
            return None
        named = self.images.of(request, model)
        if named is not None and named.faults:
            self._note_faults(named, builder, combination)
            return None
        return _RenderedRequest(request, model, named, builder, combination, stand_ins)

    def _judged(self, rendered: _RenderedRequest, request: JsonObject) -> Judgement:
        judgement = judge_request(
            request, rendered.model, self.unsupported, self.catalog.content_fields, rendered.refused
        )
        if isinstance(judgement, Rejected):
            return Rejected([*map(rendered.as_written, judgement.violations)])
        return judgement

    def _decided(
        self, rendered: _RenderedRequest, judgement: Judgement, images: int | None = None
    ) -> AssembledRequest | None:
        """Return a judged request; None if its violations are errors of the spec, which are reported."""
        request, named = rendered.request, rendered.named
        if isinstance(judgement, Rejected) and self._is_refused(judgement.violations):
            self._refuse(judgement.violations, rendered.builder, rendered.combination, place=judgement.place)
            return None
        self.observe(request, rendered.builder, rendered.combination)
        if named is not None:
            request, judgement = named.request, _with_references(judgement, named)
        if rendered.stand_ins is not None:
            restored = rendered.stand_ins.restored
            request = restored(request)
            if isinstance(judgement, Fits):
                judgement = replace(judgement, request=restored(judgement.request))
        made = AssembledRequest(
            request, judgement, rendered.model, () if named is None else named.images, images_per_request=images
        )
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

    def _refuse(
        self,
        violations: Iterable[Violation],
        builder: RequestBuilder,
        combination: Combination,
        *,
        place: ValuePath | None = None,
    ) -> None:
        for found in violations:
            if not self._is_refused([found]):
                continue
            self.problems.add(
                place or builder.origin(found.field or "model", combination),
                found.message,
                value=found.value,
                allowed=found.allowed,
                suggestion=self._suggestion(found, builder),
            )

    def _suggestion(self, found: Violation, builder: RequestBuilder) -> str | None:
        if found.field != "prompt" or found.kind != "missing_field":
            return found.suggestion
        if "prompts" in self.problems.source_map.path_text(builder.prompt.origin):
            return "write the text of the prompt under prompts"
        return 'write text: "{{ parent.prompt }}" in this stage, or words of its own'


def _with_references(judgement: Judgement, named: NamedImages) -> Judgement:
    if isinstance(judgement, Rejected):
        return judgement
    changed = {name for name, value in named.judged.items() if value != named.request[name]}
    return replace(
        judgement,
        request={name: named.request[name] if name in changed else value for name, value in judgement.request.items()},
    )


def _certain(known: Mapping[str, Json], model: Model) -> Iterator[Violation]:
    """Yield the violations of the known part of a request that the unknown rest cannot have caused."""
    for found in model.violations(model.normalise(known)):
        if found.kind == "unknown_field" or (found.kind == "bad_value" and found.field in known):
            yield found
