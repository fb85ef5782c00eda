"""Puts one entry together the long way: the whole request built, judged as a whole, its mistakes noted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.errors import UnknownName
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.plan.cache.rendered_texts import Scope
from qwave_batch.plan.checks.signed_links import SignedLinks, links_in
from qwave_batch.plan.expand.combinations import Combination
from qwave_batch.plan.expand.requests import RequestBuilder
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Path, Unsupported
from qwave_batch.spec.recovery import UNKNOWN


@dataclass(frozen=True, slots=True)
class Fits:
    """The model takes the request, perhaps without the fields that were dropped."""

    request: dict[str, Json]
    """In the model's own spelling."""
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """The model refuses the request."""

    violations: Sequence[Violation]

    def as_error(self) -> JobError:
        """Return the reason for a skipped job's line: the first violation, in the catalog's order."""
        first = self.violations[0]
        return JobError(code="not_supported", message=first.message, field=first.field or None)


Judgement: TypeAlias = Fits | Rejected


def judge(request: JsonObject, model: Model, unsupported: Unsupported, content: frozenset[str]) -> Judgement:
    """Return whether the model takes the request, after what ``unsupported: drop`` may leave out.

    Args:
        request: As rendered.
        model: The model that it names.
        unsupported: What the spec says about violations.
        content: Fields that are never left out, since the image would be another one.
    """
    normalised = model.normalise(request)
    violations = model.violations(normalised)
    if not violations:
        return Fits(normalised)
    if unsupported is not Unsupported.DROP:
        return Rejected(violations)
    foreign = {found.field for found in violations if found.kind == "unknown_field" and found.field not in content}
    if not foreign:
        return Rejected(violations)
    trimmed = {name: value for name, value in normalised.items() if name not in foreign}
    left = model.violations(trimmed)
    return Rejected(left) if left else Fits(trimmed, tuple(name for name in normalised if name in foreign))


def content_fields(models: Mapping[str, Model]) -> frozenset[str]:
    """Return the fields that carry content for any of the models."""
    return frozenset().union(*(model.content_fields for model in models.values()))


_PLAIN = (int, float, bool)


@dataclass(frozen=True, slots=True)
class Assembled:
    """A request that makes a job, or a skipped one."""

    request: dict[str, Json]
    """As rendered."""
    judgement: Judgement
    model: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembler:
    """Builds and judges the requests of a spec."""

    catalog: Catalog
    unsupported: Unsupported
    content: frozenset[str]
    """Fields that are never dropped."""
    faults: ProblemCollector
    links: SignedLinks
    """Takes note of links that are signed for a time."""

    def assemble(
        self, builder: RequestBuilder, combination: Combination, scope: Scope, repeat: int
    ) -> Assembled | None:
        """Return the request of a cell with its judgement; None when it makes no job, which is noted.

        Raises:
            TemplateFault: A template fails on this cell.
        """
        request = builder.build(combination, scope, repeat)
        model = self._model(request, builder, combination)
        if model is None:
            return None
        if any(value is UNKNOWN for value in request.values()):
            self._refuse(_certain(request, model), builder, combination)
            return None
        judgement = judge(request, model, self.unsupported, self.content)
        if isinstance(judgement, Rejected) and self.unsupported is Unsupported.ERROR:
            self._refuse(judgement.violations, builder, combination)
            return None
        self._note_links(request, builder, combination)
        return Assembled(request, judgement, model)

    def _note_links(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> None:
        for name, value in request.items():
            is_plain = type(value) in _PLAIN or name == "prompt" or name in self.catalog.callback_fields
            if not is_plain and any(True for _ in links_in(value)):
                self.links.note(value, builder.origin(name, combination))

    def _model(self, request: Mapping[str, Json], builder: RequestBuilder, combination: Combination) -> Model | None:
        name = request.get("model")
        where = builder.origin("model", combination)
        if name is UNKNOWN:
            return None
        if name is None:
            self.faults.add(where, "no model is named", suggestion="set model under request, or as an axis")
            return None
        try:
            return self.catalog.model(name if isinstance(name, str) else str(name))
        except UnknownName as unknown:
            self._note_unknown(unknown, where)
            return None

    def _note_unknown(self, unknown: UnknownName, where: Path) -> None:
        gone = self.catalog.gone.get(unknown.name)
        self.faults.add(
            where,
            f'the model "{unknown.name}" is {gone}' if gone else f'unknown model "{unknown.name}"',
            value=unknown.name,
            allowed=unknown.known,
            suggestion=f'did you mean "{unknown.suggestion}"?' if unknown.suggestion else None,
        )

    def _refuse(self, violations: Iterable[Violation], builder: RequestBuilder, combination: Combination) -> None:
        if self.unsupported is not Unsupported.ERROR:
            return
        for found in violations:
            self.faults.add(
                builder.origin(found.field or "model", combination),
                found.message,
                value=found.value,
                allowed=found.allowed,
                suggestion=found.suggestion,
            )


def _certain(request: Mapping[str, Json], model: Model) -> Iterator[Violation]:
    """Yield the violations of a request that what is unknown in it can't have caused."""
    known = {name: value for name, value in request.items() if value is not UNKNOWN}
    for found in model.violations(model.normalise(known)):
        if found.kind in {"unknown_field", "bad_value"} and request.get(found.field) is not UNKNOWN:
            yield found
