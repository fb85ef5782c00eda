"""Names that look like another one, so that a message can ask for the name that was meant."""

import unicodedata
from collections.abc import Iterable, Sequence

from qwave_batch.errors import nearest
from qwave_batch.spec.values.value_messages import cut

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
