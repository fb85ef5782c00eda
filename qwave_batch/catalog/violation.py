"""What a request got wrong, one complaint a violation."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from qwave_batch.model.jsontypes import Json

Kind: TypeAlias = Literal["unknown_field", "missing_field", "bad_value", "rule"]
"""A field the model does not take; one it needs; a value it does not offer; fields that do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One complaint about one request."""

    kind: Kind
    field: str
    """The request field at fault, the one the API would name; empty when there is none."""
    path: tuple[str | int, ...] = ()
    """The place inside the request; empty for what is missing."""
    value: Json = None
    allowed: tuple[Json, ...] = ()
    """What was allowed, in the catalog's order; empty when it can't be listed."""
    message: str
    """A short sentence without a full stop."""
    suggestion: str | None = None
    """The nearest valid choice as a question, to stand behind the message."""
