"""What values are called in messages, and how they are shown there."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType

from jinja2 import Undefined

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json

SHOWN_CHARACTERS = 120


def cut(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return a text as it is shown in a message: its beginning, when it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def names_listed(names: Sequence[str], most: int) -> str:
    """Return names in words, the first of them when there are many."""
    listed = ", ".join(cut(name) for name in names[:most]) or "nothing"
    return f"{listed} and {len(names) - most:,} more" if len(names) > most else listed


def plain(value: object) -> object:
    """Return lists and mappings of any kind as those that JSON knows.

    Raises:
        TypeError: There is something in the value that JSON does not know.
    """
    match value:
        case str():
            return str(value)
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
        case Undefined():
            return str(value)  # raises: it stands for what is missing, or cannot be used
        case _:
            raise TypeError(f"{kind_of(value)} cannot stand in a spec; {way_to_a_value(value)}")


_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((NoneType,), "null"),
    ((bool,), "true or false"),
    ((int, float), "a number"),
    ((str,), "a text"),
    ((Mapping,), "a mapping"),
    ((list, tuple, range), "a list"),
)


def kind_of(value: object) -> str:
    """Return what a value is called in errors: ``a list``, ``a number``."""
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    if callable(value):
        return "a function"
    return "a sequence that is not yet a list" if hasattr(value, "__iter__") else "a part of the template language"


def way_to_a_value(value: object) -> str:
    """Return how a template gets a value out of something that is none."""
    if callable(value):
        return "call it with ()"
    return "put |list behind it" if hasattr(value, "__iter__") else "use one of its fields"


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(key)
    raise TypeError(f"a mapping's keys are texts, and {kind_of(key)} is none")


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


_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def look_alike(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return the first known name that looks like another one, with what makes the difference; None without one."""
    seen = _seen(name)
    return next(((other, _difference(name, other)) for other in known if other != name and _seen(other) == seen), None)


def meant_name(name: str, known: Sequence[str]) -> str | None:
    """Return a question after the known name that may be meant; where nobody would see a difference, it is named."""
    alike = look_alike(name, known)
    if alike is None:
        guess = nearest(name, known)
        return f'did you mean "{guess}"?' if guess else None
    other, difference = alike
    return (
        f'did you mean ["{_escaped(cut(other))}"], which has {difference}? Take that out of the table, or write it so'
    )


def _escaped(name: str) -> str:
    r"""Return a name as it can be written in a template, with ``\u00a0`` for what nobody sees."""
    return "".join(f"\\u{ord(sign):04x}" if _is_unseen(sign) and ord(sign) <= 0xFFFF else sign for sign in name)  # noqa: PLR2004


def _seen(name: str) -> str:
    """Return what is seen of a name."""
    if name.isascii():
        return " ".join(name.split())
    shown = ("" if unicodedata.category(sign) == "Cf" else " " if _is_unseen(sign) else sign for sign in name)
    return " ".join(unicodedata.normalize("NFC", "".join(shown)).split())


def _difference(name: str, other: str) -> str:
    """Return what makes another name differ that looks alike; it continues ``which has``."""
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other):
        form = "NFC" if unicodedata.is_normalized("NFC", other) else "NFD"
        return f"its accents written in another Unicode form ({form})"
    unseen = next((sign for sign in other if _is_unseen(sign)), None)
    if unseen is not None:
        return f"U+{ord(unseen):04X} ({unicodedata.name(unseen, 'a control character')}) in it"
    if other != other.strip():
        return f"a blank {'before' if other[:1].isspace() else 'behind'} it"
    unseen = next((sign for sign in name if _is_unseen(sign)), None)
    if unseen is not None:
        return f"no U+{ord(unseen):04X} ({unicodedata.name(unseen, 'a control character')}) in it"
    return "other blanks in it"


def _is_unseen(sign: str) -> bool:
    return sign != " " and unicodedata.category(sign) in _UNSEEN
