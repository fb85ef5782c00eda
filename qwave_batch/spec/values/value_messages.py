"""How messages name values, show them and suggest their YAML."""

import json
import re
from collections.abc import Mapping, Sequence
from types import NoneType

from qwave_batch.model.jsontypes import Json

SHOWN_CHARACTERS = 120  # of a text on its own
SHOWN_IN_SENTENCE = 60  # characters of a value within a sentence
LONGEST = 80
"""Characters of a suggested YAML value; a longer one is not suggested."""

_PLAIN = re.compile(r"(?!(?:null|true|false)$)[A-Za-z][\w .-]*", re.IGNORECASE)
_RANGE = re.compile(r"\s*(-?\d{1,15})\s*(?:-|–|—|\.\.\.?|to)\s*(-?\d{1,15})\s*")  # noqa: RUF001  # dashes that people type
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?")
_WORD = re.compile(r"[^\W\d]\w*", re.ASCII)


def cut_for_message(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return a text for a message, cut if it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(text: str) -> str:
    """Return a text for a message, cut and in quotes."""
    return json.dumps(cut_for_message(text, SHOWN_IN_SENTENCE), ensure_ascii=False)


def expression_of(owner: str, field: str) -> str:
    """Return the template expression for a field: ``row.level``, ``row["My level"]``."""
    return (
        f"{owner}.{field}"
        if _WORD.fullmatch(field)
        else f"{owner}[{json.dumps(cut_for_message(field), ensure_ascii=False)}]"
    )


def names_listed(names: Sequence[str], most: int) -> str:
    """Return a list of names for a sentence, shortened to ``most`` names."""
    listed = ", ".join(cut_for_message(name) for name in names[:most]) or "nothing"
    return f"{listed} and {len(names) - most:,} more" if len(names) > most else listed


_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((NoneType,), "null"),
    ((bool,), "true or false"),
    ((int, float), "a number"),
    ((str,), "a string"),
    ((Mapping,), "a mapping"),
    ((list, tuple, range), "a list"),
)


def type_name(value: object) -> str:
    """Return the type of a value as messages name it: ``a list``, ``a number``."""
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    if callable(value):
        return "a function"
    return "a sequence that is not yet a list" if hasattr(value, "__iter__") else "a part of the template language"


def how_to_get_value(value: object) -> str:
    """Return how a template gets a value from something that is not one, such as a function."""
    if callable(value):
        return "call it with ()"
    return "add | list after it" if hasattr(value, "__iter__") else "use one of its fields"


def inline_yaml(value: Json) -> str | None:
    """Return a value as YAML on one line, quoted only if needed; None if it is too long."""
    text = _inline(value)
    return text if len(text) <= LONGEST else None


def _inline(value: Json) -> str:
    match value:
        case str():
            return value if _PLAIN.fullmatch(value) and not value.endswith(" ") else _quoted(value)
        case Mapping():
            return "{" + ", ".join(f"{_inline(key)}: {_inline(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case None | bool() | int() | float():
            return json.dumps(value)
        case _:  # unknown because of another mistake
            return "..."


def axis_hint(text: str) -> str:
    """Return how to write the axis that a string probably means."""
    found = _RANGE.fullmatch(text)
    if found and int(found[1]) < int(found[2]):
        start, end = int(found[1]), int(found[2])
        return f"write {{start: {start}, count: {end - start + 1}}}"
    parts = [part.strip() for part in text.strip().removeprefix("[").removesuffix("]").split(",")]
    is_sentence = any(" " in part or not part for part in parts)
    items = [text] if is_sentence else parts
    listed = ", ".join(part if _NUMBER.fullmatch(part) else inline_yaml(part) or "..." for part in items)
    return f"write a list: [{listed}]" if len(listed) <= LONGEST else "write a list, with a dash before each item"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
