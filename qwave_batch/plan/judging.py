"""What becomes of a request whose model does not offer all of it: an error, a skip, or fewer fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.spec.document import Unsupported


@dataclass(frozen=True, slots=True)
class Fits:
    """The model takes the request, perhaps without the fields that were dropped."""

    request: dict[str, Json]
    """In the model's own spelling."""
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Misfits:
    """The model refuses the request."""

    violations: Sequence[Violation]

    def as_error(self) -> JobError:
        """Return the reason for a skipped job's line: the first violation, in the catalog's order."""
        first = self.violations[0]
        return JobError(code="not_supported", message=first.message, field=first.field or None)


Judgement: TypeAlias = Fits | Misfits


def judge(request: JsonObject, model: Model, unsupported: Unsupported, content: frozenset[str]) -> Judgement:
    """Return whether the model takes the request, after what ``unsupported: drop`` may leave out.

    Args:
        request: As rendered.
        model: The model that it names.
        unsupported: What the spec says about violations.
        content: Fields that are never left out, since the picture would be another one.
    """
    normalised = model.normalise(request)
    violations = model.violations(normalised)
    if not violations:
        return Fits(normalised)
    if unsupported is not Unsupported.DROP:
        return Misfits(violations)
    foreign = {found.field for found in violations if found.kind == "unknown_field" and found.field not in content}
    if not foreign:
        return Misfits(violations)
    trimmed = {name: value for name, value in normalised.items() if name not in foreign}
    left = model.violations(trimmed)
    return Misfits(left) if left else Fits(trimmed, tuple(name for name in normalised if name in foreign))


def content_fields(models: Mapping[str, Model]) -> frozenset[str]:
    """Return the fields that carry content for any of the models."""
    return frozenset().union(*(model.content_fields for model in models.values()))
