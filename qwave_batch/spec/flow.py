"""Values as one writes them inside of brackets in YAML, for sentences that say what to write."""

import json
import re
from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json

LONGEST = 80
"""Characters; what is longer is not shown."""

_PLAIN = re.compile(r"(?!(?:null|true|false)$)[A-Za-z][\w .-]*", re.IGNORECASE)
_RANGE = re.compile(r"\s*(-?\d{1,15})\s*(?:-|–|—|\.\.\.?|to)\s*(-?\d{1,15})\s*")  # noqa: RUF001  # dashes that people type
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")


def as_flow(value: Json) -> str | None:
    """Return a value with quotes only where it needs them; None for one that is long."""
    text = _flow(value)
    return text if len(text) <= LONGEST else None


def _flow(value: Json) -> str:
    match value:
        case str():
            return value if _PLAIN.fullmatch(value) and not value.endswith(" ") else _quoted(value)
        case Mapping():
            return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_flow, value)) + "]"
        case None | bool() | int() | float():
            return json.dumps(value)
        case _:  # what a mistake elsewhere keeps from being known
            return "..."


def axis_hint(text: str) -> str:
    """Return the way to write what a text in the place of an axis probably means."""
    found = _RANGE.fullmatch(text)
    if found and int(found[1]) < int(found[2]):
        start, end = int(found[1]), int(found[2])
        return f"write {{start: {start}, count: {end - start + 1}}}"
    parts = [part.strip() for part in text.strip().removeprefix("[").removesuffix("]").split(",")]
    is_sentence = any(" " in part or not part for part in parts)
    items = [text] if is_sentence else parts
    listed = ", ".join(part if _NUMBER.fullmatch(part) else as_flow(part) or "..." for part in items)
    return f"write a list: [{listed}]" if len(listed) <= LONGEST else "write a list, each item behind a dash"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
