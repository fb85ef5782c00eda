"""Finds the name that was meant: the nearest one, or one that looks the same but has other characters."""

import unicodedata
from collections.abc import Iterable, Sequence

from qwave_batch.errors import nearest
from qwave_batch.spec.values.value_messages import cut_for_message

_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


def look_alike(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return the first known name that looks like ``name``, and the difference; None without one."""
    seen = _seen(name)
    return next(((other, _difference(name, other)) for other in known if other != name and _seen(other) == seen), None)


def meant_name(name: str, known: Sequence[str]) -> str | None:
    """Return "did you mean" with a known name; an invisible difference is spelled out. None without a similar name."""
    alike = look_alike(name, known)
    if alike is None:
        guess = nearest(name, known)
        return f'did you mean "{guess}"?' if guess else None
    other, difference = alike
    way_out = "Remove that from the table, or write the name that way"
    return f'did you mean ["{_escaped(cut_for_message(other))}"], which has {difference}? {way_out}'


def _escaped(name: str) -> str:
    r"""Return a name as it can be written in a template, with ``\u00a0`` for invisible characters."""
    return "".join(f"\\u{ord(sign):04x}" if _is_unseen(sign) and ord(sign) <= 0xFFFF else sign for sign in name)  # noqa: PLR2004


def _seen(name: str) -> str:
    """Return a name as it looks: normalised, without invisible characters."""
    if name.isascii():
        return " ".join(name.split())
    shown = ("" if unicodedata.category(sign) == "Cf" else " " if _is_unseen(sign) else sign for sign in name)
    return " ".join(unicodedata.normalize("NFC", "".join(shown)).split())


def _difference(name: str, other: str) -> str:
    """Return the difference of another name that looks alike; it continues ``which has``."""
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other):
        form = "NFC" if unicodedata.is_normalized("NFC", other) else "NFD"
        return f"its accents in another Unicode form ({form})"
    unseen = next((sign for sign in other if _is_unseen(sign)), None)
    if unseen is not None:
        return f"U+{ord(unseen):04X} ({unicodedata.name(unseen, 'a control character')}) in it"
    if other != other.strip():
        return f"a space {'before' if other[:1].isspace() else 'after'} it"
    unseen = next((sign for sign in name if _is_unseen(sign)), None)
    if unseen is not None:
        return f"no U+{ord(unseen):04X} ({unicodedata.name(unseen, 'a control character')}) in it"
    return "other spaces in it"


def _is_unseen(sign: str) -> bool:
    return sign != " " and unicodedata.category(sign) in _UNSEEN
