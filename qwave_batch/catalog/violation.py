"""Failed checks of a request against its schema, and the violations that are reported to users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qwave_batch.catalog.keywords import RULE
from qwave_batch.model.jsontypes import Json

Kind: TypeAlias = Literal["unknown_field", "missing_field", "bad_value", "rule"]
"""An unknown field; a missing field; a value that is not offered; fields that cannot be combined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One problem of one request."""

    kind: Kind
    field: str
    """The request field at fault, the one the API would name; empty when there is none."""
    path: tuple[str | int, ...] = ()
    """The path inside the request; empty for a missing field."""
    value: Json = None
    allowed: tuple[Json, ...] = ()
    """The allowed values, in the catalog's order; empty when they cannot be listed."""
    message: str
    """A short sentence without a full stop."""
    suggestion: str | None = None
    """The nearest valid choice as a question, or what is written now, to follow the message."""
    is_outdated: bool = False
    """Whether an older catalog had the value, and this one has another: a mistake even where jobs may be skipped."""


if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check between fields, in the schema's words."""

    field: str
    """The request field at fault."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """One failed check."""

    keyword: str
    limit: Any
    """The value of the keyword."""
    instance: Any
    """The value that was checked."""
    path: tuple[str | int, ...]
    """Its path in the request."""
    schema: Mapping[str, Any]
    """The schema that contains the keyword."""
    text: str
    """The message of the keyword."""
    rule: Rule | None
    """The rule that contains the check."""

    @classmethod
    def from_error(cls, error: "ValidationError", schema: Mapping[str, Any]) -> "FailedCheck":
        """Build it from an error of a validator of this schema."""
        return cls(
            keyword=str(error.validator),
            limit=error.validator_value,
            instance=error.instance,
            path=tuple(error.absolute_path),
            schema=error.schema if isinstance(error.schema, Mapping) else {},
            text=error.message,
            rule=_rule_above(error, schema),
        )

    @property
    def field(self) -> str:
        """The checked request field; empty for the request as a whole."""
        return str(self.path[0]) if self.path else ""

    @property
    def allowed(self) -> tuple[Any, ...]:
        """The values that would have passed, if they can be listed."""
        match self.keyword:
            case "enum":
                return tuple(self.limit)
            case "const":
                return (self.limit,)
            case _:
                return ()


def _rule_above(error: "ValidationError", schema: Any) -> Rule | None:
    """Return the innermost rule between the model's schema and the failed keyword."""
    rule = None
    for step in error.absolute_schema_path:
        schema = schema[step]
        if isinstance(schema, Mapping):
            rule = schema.get(RULE, rule)
    return Rule(field=rule["field"], message=rule["message"]) if rule else None
