"""Turns a validator's errors into violations that a user understands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qwave_batch.catalog.fault import Fault, Rule
from qwave_batch.catalog.keywords import KEYWORDS
from qwave_batch.catalog.nearness import nearest_choice
from qwave_batch.catalog.sentences import did_you_mean, filled, other_spelling, path_text, sentence, shown
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.jsontypes import JsonObject

if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Whose requests are complained about, and what the catalog knows beside them."""

    model: str
    schema: Mapping[str, Any]
    known_fields: frozenset[str]
    """The request fields of any model: one that another model takes was not misspelled."""

    def violations(self, request: JsonObject, errors: "Iterable[ValidationError]") -> tuple[Violation, ...]:
        """Return one violation for each thing that is wrong, in the order of the model's fields."""
        faults = [Fault.from_error(error, self.schema) for error in errors]
        if not faults:
            return ()
        found = [one for fault in faults if fault.rule is None for one in self._of_value(fault)]
        wrong = {one.field for one in found if one.kind == "bad_value"}
        found += [
            _of_rule(fault, fault.rule, request)
            for fault in faults
            if fault.rule and _weighed(fault, fault.rule) not in wrong
        ]
        return self._ordered(found)

    def _of_value(self, fault: Fault) -> Iterator[Violation]:
        """Word a fault of one value, or of what is missing or too much in a mapping."""
        match fault.keyword:
            case "additionalProperties":
                yield from self._too_much(fault)
            case "required":
                yield from self._missing(fault)
            case _:
                yield Violation(
                    kind="bad_value",
                    field=fault.field,
                    path=fault.path,
                    value=fault.instance,
                    allowed=fault.allowed,
                    message=sentence(fault, self.model),
                    suggestion=did_you_mean(nearest_choice(fault.instance, fault.allowed)) or other_spelling(fault),
                )

    def _too_much(self, fault: Fault) -> Iterator[Violation]:
        taken = tuple(fault.schema["properties"])
        for name in fault.instance:
            if name not in taken:
                is_known = not fault.path and name in self.known_fields
                yield Violation(
                    kind="bad_value" if fault.path else "unknown_field",
                    field=fault.field or name,
                    path=(*fault.path, name),
                    value=fault.instance[name],
                    allowed=taken,
                    message=f"{path_text(fault.path) or self.model} takes no field {shown(name)}",
                    suggestion=None if is_known else did_you_mean(nearest_choice(name, taken)),
                )

    def _missing(self, fault: Fault) -> Iterator[Violation]:
        for name in fault.limit:  # which one is missing, the fault itself does not say
            if name not in fault.instance:
                yield Violation(
                    kind="bad_value" if fault.path else "missing_field",
                    field=fault.field or name,
                    path=fault.path,
                    value=fault.instance if fault.path else None,
                    message=f"{path_text((*fault.path, name))} is missing",
                )

    def _ordered(self, found: Iterable[Violation]) -> tuple[Violation, ...]:
        """Return each violation once: by the model's order of fields, then unknown ones by name."""
        rank = {name: position for position, name in enumerate(self.schema["properties"])}
        ordered = sorted(found, key=lambda one: (rank.get(one.field, len(rank)), one.field))
        return tuple({(one.kind, one.path, one.message): one for one in ordered}.values())


def _of_rule(fault: Fault, rule: Rule, request: JsonObject) -> Violation:
    value = request.get(rule.field)
    is_missing = fault.keyword == "required" and rule.field in fault.limit and rule.field not in request
    allowed = fault.allowed if fault.path == (rule.field,) else ()
    return Violation(
        kind="missing_field" if is_missing else "rule",
        field=rule.field,
        path=(rule.field,) if rule.field in request else (),
        value=value,
        allowed=allowed,
        message=filled(rule.message, value=shown(value)),
        suggestion=did_you_mean(nearest_choice(value, allowed)),
    )


def _weighed(fault: Fault, rule: Rule) -> str:
    """Return the field whose value the rule weighed: where that is wrong already, the rule adds nothing."""
    return rule.field if fault.keyword in KEYWORDS else fault.field
