"""Turns the failed checks of a request into violations, each with a message for the user."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from qwave_batch.catalog.catalog_changes import NO_CHANGES, CatalogChanges, ValueAdvice
from qwave_batch.catalog.keywords import KEYWORDS, MESSAGE
from qwave_batch.catalog.nearest_choice import nearest_choice
from qwave_batch.catalog.violation import FailedCheck, Rule, Violation
from qwave_batch.model.jsontypes import Json, JsonObject

_VALUE_LENGTH = 60

_TRUTHS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_NUMBER = re.compile(r"-?\d{1,16}", re.ASCII)

_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}

_Message: TypeAlias = Callable[[str, FailedCheck, str], str]
"""Builds a message from the path in the request, the failed check and the model's name."""


def message_of(check: FailedCheck, model: str) -> str:
    """Return the message about one wrong value, for the model's user."""
    at = request_path(check.path) or "the request"
    template = check.schema.get(MESSAGE)
    if isinstance(template, str):
        return filled(template, at=at, value=value_shown(check.instance), model=model)
    if check.keyword in KEYWORDS:
        return f"{at} {check.text}"
    return _MESSAGES.get(check.keyword, _not_valid)(at, check, model)


def request_path(path: Iterable[str | int]) -> str:
    """Return a path in readable form: ``color_palette[2].hex``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def filled(template: str, **values: str) -> str:
    """Fill in values by plain replacement, since a template may also contain braces such as {mode: fast}."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def value_shown(value: Json) -> str:
    """Return a value as JSON, cut short."""
    if isinstance(value, str):
        value = value[: _VALUE_LENGTH + 1]  # an inline image may be megabytes long
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}..."


def did_you_mean(choice: str | None) -> str | None:
    """Return a suggestion as a question."""
    return f"did you mean {value_shown(choice)}?" if choice is not None else None


def other_spelling(check: FailedCheck) -> str | None:
    """Return the correct spelling of a text that was surely meant as another type, where the model takes no text."""
    if check.keyword != "type" or not isinstance(check.instance, str):
        return None
    text = check.instance.strip()
    match check.limit:
        case "boolean" if text.casefold() in _TRUTHS:
            return f"write {json.dumps(_TRUTHS[text.casefold()])}"
        case "integer" | "number" if _NUMBER.fullmatch(text):
            return f"write {text} without quotes; in a template, end it with | int, or | int(none) where it is empty"
        case _:
            return None


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _not_valid(at: str, check: FailedCheck, model: str) -> str:
    return f"{at} {value_shown(check.instance)} is not valid for {model}"


def _other_value(at: str, check: FailedCheck, _model: str) -> str:
    return f"{at} {value_shown(check.instance)} is not {value_shown(check.limit)}"


def _other_type(at: str, check: FailedCheck, _model: str) -> str:
    kinds = check.limit if isinstance(check.limit, list | tuple) else [check.limit]
    return f"{at} {value_shown(check.instance)} is not {' or '.join(_NOUNS[kind] for kind in kinds)}"


def _not_offered(at: str, check: FailedCheck, model: str) -> str:
    return f"{at} {value_shown(check.instance)} is not offered by {model}"


def _too_small(at: str, check: FailedCheck, model: str) -> str:
    return f"{at} {value_shown(check.instance)} is below the minimum {check.limit} of {model}"


def _too_large(at: str, check: FailedCheck, model: str) -> str:
    return f"{at} {value_shown(check.instance)} is above the maximum {check.limit} of {model}"


def _too_short(at: str, check: FailedCheck, model: str) -> str:
    return (
        f"{at} has {_counted(check.instance)}; {model} needs at least {check.limit}" if check.instance else _empty(at)
    )


def _too_long(at: str, check: FailedCheck, model: str) -> str:
    return f"{at} has {_counted(check.instance)}; {model} takes at most {check.limit}"


def _empty(at: str) -> str:
    return f"{at} is empty"


_MESSAGES: Mapping[str, _Message] = {
    "const": _other_value,
    "enum": _not_offered,
    "maxItems": _too_long,
    "maxLength": _too_long,
    "maximum": _too_large,
    "minItems": _too_short,
    "minLength": _too_short,
    "minimum": _too_small,
    "type": _other_type,
}
"""The message of each keyword of JSON Schema."""


def _counted(value: str | Sequence[Json]) -> str:
    if isinstance(value, str):
        return "1 character" if len(value) == 1 else f"{len(value)} characters"
    return "1 entry" if len(value) == 1 else f"{len(value)} entries"


if TYPE_CHECKING:
    from jsonschema import ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ViolationMessages:
    """Builds the violations of one model."""

    model: str
    schema: Mapping[str, Any]
    known_fields: frozenset[str]
    """The request fields of any model: a field that another model takes was not misspelled."""
    changes: CatalogChanges = NO_CHANGES
    """All that an older catalog had, and this one writes otherwise."""

    def violations(self, request: JsonObject, errors: "Iterable[ValidationError]") -> tuple[Violation, ...]:
        """Return one violation for each error, in the order of the model's fields."""
        checks = [FailedCheck.from_error(error, self.schema) for error in errors]
        if not checks:
            return ()
        found = [one for check in checks if check.rule is None for one in self._of_value(check)]
        wrong = {one.field for one in found if one.kind == "bad_value"}
        found += [
            _of_rule(check, check.rule, request)
            for check in checks
            if check.rule and _weighed(check, check.rule) not in wrong
        ]
        return self._ordered(found)

    def _of_value(self, check: FailedCheck) -> Iterator[Violation]:
        """Yield the violations of a failed check of one value, or of a mapping with a missing or extra key."""
        match check.keyword:
            case "additionalProperties":
                yield from self._too_much(check)
            case "required":
                yield from self._missing(check)
            case _:
                if len(check.path) == 1 and (now := self.changes.value_advice(check.field, check.instance)):
                    yield self._outdated(check, now)
                    return
                yield Violation(
                    kind="bad_value",
                    field=check.field,
                    path=check.path,
                    value=check.instance,
                    allowed=check.allowed,
                    message=message_of(check, self.model),
                    suggestion=did_you_mean(nearest_choice(check.instance, check.allowed)) or other_spelling(check),
                )

    def _outdated(self, check: FailedCheck, advice: ValueAdvice) -> Violation:
        """Return the same message for every model, so that it is told once."""
        return Violation(
            kind="bad_value",
            field=check.field,
            path=check.path,
            value=check.instance,
            message=advice.message,
            suggestion=advice.suggestion,
            is_outdated=True,
        )

    def _too_much(self, check: FailedCheck) -> Iterator[Violation]:
        taken = tuple(check.schema["properties"])
        for name in check.instance:
            if name not in taken:
                is_known = not check.path and name in self.known_fields
                now = None if check.path else self._field_advice(name, check.instance[name])
                yield Violation(
                    kind="bad_value" if check.path else "unknown_field",
                    field=check.field or name,
                    path=(*check.path, name),
                    value=check.instance[name],
                    allowed=() if now else taken,
                    message=f"{request_path(check.path) or self.model} takes no field {value_shown(name)}",
                    suggestion=now or (None if is_known else did_you_mean(nearest_choice(name, taken))),
                )

    def _field_advice(self, name: str, value: Json) -> str | None:
        advice = self.changes.field_advice(name, value)
        other_model = self.changes.meaning_advice(self.model)
        return f"{advice}; {other_model}" if advice and other_model else advice

    def _missing(self, check: FailedCheck) -> Iterator[Violation]:
        for name in check.limit:  # the check itself does not say which one is missing
            if name not in check.instance:
                yield Violation(
                    kind="bad_value" if check.path else "missing_field",
                    field=check.field or name,
                    path=check.path,
                    value=check.instance if check.path else None,
                    message=f"{request_path((*check.path, name))} is missing",
                )

    def _ordered(self, found: Iterable[Violation]) -> tuple[Violation, ...]:
        """Return each violation once: by the model's order of fields, then unknown ones by name."""
        rank = {name: position for position, name in enumerate(self.schema["properties"])}
        ordered = sorted(found, key=lambda one: (rank.get(one.field, len(rank)), one.field))
        return tuple({(one.kind, one.path, one.message): one for one in ordered}.values())


def _of_rule(check: FailedCheck, rule: Rule, request: JsonObject) -> Violation:
    value = request.get(rule.field)
    is_missing = check.keyword == "required" and rule.field in check.limit and rule.field not in request
    allowed = check.allowed if check.path == (rule.field,) else ()
    return Violation(
        kind="missing_field" if is_missing else "rule",
        field=rule.field,
        path=(rule.field,) if rule.field in request else (),
        value=value,
        allowed=allowed,
        message=filled(rule.message, value=value_shown(value)),
        suggestion=did_you_mean(nearest_choice(value, allowed)),
    )


def _weighed(check: FailedCheck, rule: Rule) -> str:
    """Return the field whose value the rule depends on: if that value is invalid already, the rule adds nothing."""
    return rule.field if check.keyword in KEYWORDS else check.field
