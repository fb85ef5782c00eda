"""Failed checks of a request against its schema, and the violations that are reported to users."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qwave_batch.catalog.keywords import RULE
from qwave_batch.model.jsontypes import Json

Kind: TypeAlias = Literal["unknown_field", "missing_field", "bad_value", "rule"]
"""A field the model does not take; one it needs; a value it does not offer; fields that do not go together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One problem of one request."""

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


if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check between fields, as the schema words it."""

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
    """What was checked."""
    path: tuple[str | int, ...]
    """Where it stands in the request."""
    schema: Mapping[str, Any]
    """The schema that the keyword stands in."""
    text: str
    """The keyword's own words."""
    rule: Rule | None
    """The rule that the check is a part of."""

    @classmethod
    def from_error(cls, error: "ValidationError", schema: Mapping[str, Any]) -> "FailedCheck":
        """Read an error of a validator of this schema."""
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
        """The request field that was checked; empty for the request as a whole."""
        return str(self.path[0]) if self.path else ""

    @property
    def allowed(self) -> tuple[Any, ...]:
        """The values that would have passed, where they can be listed."""
        match self.keyword:
            case "enum":
                return tuple(self.limit)
            case "const":
                return (self.limit,)
            case _:
                return ()


def _rule_above(error: "ValidationError", schema: Any) -> Rule | None:
    """Return the innermost rule on the way from the model's schema to the keyword that failed."""
    rule = None
    for step in error.absolute_schema_path:
        schema = schema[step]
        if isinstance(schema, Mapping):
            rule = schema.get(RULE, rule)
    return Rule(field=rule["field"], message=rule["message"]) if rule else None
