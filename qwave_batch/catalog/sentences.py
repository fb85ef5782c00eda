"""Says in words what is wrong with a value."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from qwave_batch.catalog.fault import Fault
from qwave_batch.catalog.keywords import KEYWORDS, MESSAGE
from qwave_batch.model.jsontypes import Json

_VALUE_LENGTH = 60

_TRUTHS = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}
_NUMBER = re.compile(r"-?\d{1,16}", re.ASCII)

_NOUNS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}

_Sentence: TypeAlias = Callable[[str, Fault, str], str]
"""What is at fault, the fault and the model's name, as a sentence."""


def sentence(fault: Fault, model: str) -> str:
    """Return what is wrong with one value, for the model's user."""
    at = path_text(fault.path) or "the request"
    template = fault.schema.get(MESSAGE)
    if isinstance(template, str):
        return filled(template, at=at, value=shown(fault.instance), model=model)
    if fault.keyword in KEYWORDS:
        return f"{at} {fault.text}"
    return _SENTENCES.get(fault.keyword, _not_valid)(at, fault, model)


def path_text(path: Iterable[str | int]) -> str:
    """Return a path as people write it: ``color_palette[2].hex``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def filled(template: str, **values: str) -> str:
    """Put values in their places; a plain replacement, since a template may speak of {mode: fast} too."""
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def shown(value: Json) -> str:
    """Return a value as JSON, cut short."""
    if isinstance(value, str):
        value = value[: _VALUE_LENGTH + 1]  # an inline image may be megabytes long
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    return text if len(text) <= _VALUE_LENGTH else f"{text[:_VALUE_LENGTH]}..."


def did_you_mean(choice: str | None) -> str | None:
    """Return a suggestion as a question."""
    return f"did you mean {shown(choice)}?" if choice is not None else None


def other_spelling(fault: Fault) -> str | None:
    """Return how to write what a text was surely meant to be, where the model wants no text."""
    if fault.keyword != "type" or not isinstance(fault.instance, str):
        return None
    text = fault.instance.strip()
    match fault.limit:
        case "boolean" if text.casefold() in _TRUTHS:
            return f"write {json.dumps(_TRUTHS[text.casefold()])}"
        case "integer" | "number" if _NUMBER.fullmatch(text):
            return f"write {text} without quotes; in a template, end it with | int, or | int(none) where it is empty"
        case _:
            return None


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)


def _not_valid(at: str, fault: Fault, model: str) -> str:
    return f"{at} {shown(fault.instance)} is not valid for {model}"


def _other_value(at: str, fault: Fault, _model: str) -> str:
    return f"{at} {shown(fault.instance)} is not {shown(fault.limit)}"


def _other_type(at: str, fault: Fault, _model: str) -> str:
    return f"{at} {shown(fault.instance)} is not {_NOUNS[fault.limit]}"


def _not_offered(at: str, fault: Fault, model: str) -> str:
    return f"{at} {shown(fault.instance)} is not offered by {model}"


def _too_small(at: str, fault: Fault, model: str) -> str:
    return f"{at} {shown(fault.instance)} is below the minimum {fault.limit} of {model}"


def _too_large(at: str, fault: Fault, model: str) -> str:
    return f"{at} {shown(fault.instance)} is above the maximum {fault.limit} of {model}"


def _too_short(at: str, fault: Fault, model: str) -> str:
    return (
        f"{at} has {_counted(fault.instance)}; {model} needs at least {fault.limit}" if fault.instance else _empty(at)
    )


def _too_long(at: str, fault: Fault, model: str) -> str:
    return f"{at} has {_counted(fault.instance)}; {model} takes at most {fault.limit}"


def _empty(at: str) -> str:
    return f"{at} is empty"


_SENTENCES: Mapping[str, _Sentence] = {
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
"""How each keyword of JSON Schema says no."""


def _counted(value: str | Sequence[Json]) -> str:
    if isinstance(value, str):
        return "1 character" if len(value) == 1 else f"{len(value)} characters"
    return "1 entry" if len(value) == 1 else f"{len(value)} entries"
