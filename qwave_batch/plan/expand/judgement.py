"""The catalog's judgement on a request, with what ``unsupported`` makes of its violations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.spec.document import Unsupported, ValuePath


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
    place: ValuePath | None = None
    """The part of the spec at fault; None for the places that set the fields."""

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
    if unsupported is Unsupported.DROP and model.refuses_by_name:
        kept = _without_foreign(normalised, model, content)
        violations = (*refused, *model.violations(kept))
        dropped = tuple(name for name in normalised if name not in kept)
        return Rejected(violations) if violations else Fits(kept, dropped)
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


def is_refused(request: JsonObject, model: Model, unsupported: Unsupported, content: frozenset[str]) -> bool:
    """Whether the model surely rejects a normalised request. To list why takes a hundred times as long."""
    if model.fits is None:
        return False
    if unsupported is not Unsupported.DROP:
        return not model.fits(request)
    return model.refuses_by_name and not model.fits(_without_foreign(request, model, content))


def _without_foreign(request: JsonObject, model: Model, content: frozenset[str]) -> dict[str, Json]:
    return {name: value for name, value in request.items() if name in model.fields or name in content}
