"""One failed check of a request, with all that its wording needs; the border to jsonschema's errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qwave_batch.catalog.keywords import RULE

if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A check between fields, as the schema words it."""

    field: str
    """The request field at fault."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
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
    def from_error(cls, error: "ValidationError", schema: Mapping[str, Any]) -> "Fault":
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
