"""What values are called in messages, and how they are shown there."""

from collections.abc import Mapping, Sequence
from types import NoneType

from jinja2 import Undefined

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
