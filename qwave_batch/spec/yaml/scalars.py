"""Scalars of YAML 1.2's core schema: the meaning of unquoted words, and notes on their spelling."""

import re

from qwave_batch.model.problem import SourcePlace
from qwave_batch.spec.values.json_values import check_number
from qwave_batch.spec.values.text_conversion import to_text
from qwave_batch.spec.values.value_messages import SHOWN_CHARACTERS, cut_for_message
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceNote

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 400  # a longer number is not one that JSON readers agree on, and is slow to read

Scalar = str | int | float | bool | None

TAGGED = {
    "tag:yaml.org,2002:null": type(None),
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
}
# an intended comment has a space after its #; the comma separates items of a list in brackets
_CUT_OFF = re.compile(r"[ \t]*(?:,[ \t]*)?(#(?:[^\W_]|\{\{)[^\r\n]*)")
_COMMENT = re.compile(r"[ \t]*(#[^\r\n]*)")


def read_plain(text: str) -> Scalar:
    """Return the value of an unquoted scalar; anything but null, a boolean or a number is a string.

    Raises:
        ValueError: It is a number that JSON cannot hold, such as ``.inf`` or ``1e400``.
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "-+.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Scalar:
    if _NO_NUMBER.fullmatch(text):
        raise ValueError(f"{text} is not a JSON number")
    number: float
    if _DECIMAL.fullmatch(text):
        number = int(_short(text))
    elif _BASED.fullmatch(text):
        number = int(_short(text), 0)
    elif _FLOAT.fullmatch(text):
        number = float(text)
        if number in {float("inf"), float("-inf")}:
            raise ValueError(f"{text if len(text) < 30 else 'the number'} is too large for a JSON number")  # noqa: PLR2004
        return number
    else:
        return text
    check_number(number)
    return number


def _short(text: str) -> str:
    if len(text) > _MAX_DIGITS:
        raise ValueError(
            f"a number of {len(text)} digits is past 2^53-1, the largest integer that JSON readers agree on"
        )
    return text


def read_tagged(text: str, tag: str) -> Scalar:
    """Return the value of a scalar with an explicit tag such as ``!!int``.

    Raises:
        ValueError: The tag is unknown, or the text is not valid for it.
    """
    if tag in {"tag:yaml.org,2002:str", "!"}:
        return text
    wanted = TAGGED.get(tag)
    name = cut_for_message(tag.replace("tag:yaml.org,2002:", "!!"))
    if wanted is None:
        raise ValueError(f"unknown tag {name}")
    value = read_plain(text)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f'"{cut_for_message(text)}" is not a valid {name}')
    return value


def source_note(value: Scalar, source: str, place: SourcePlace, text: str, end: int) -> SourceNote | None:
    """Return a note on an unquoted scalar, or None for most scalars.

    Args:
        value: Its value.
        source: Its spelling.
        place: Its place.
        text: The whole file.
        end: The index at which the scalar ends.
    """
    if isinstance(value, str):
        comment = _CUT_OFF.match(text, end)
        return SourceNote(place, comment=comment[1].rstrip()) if comment else None
    return None if value is None or source == to_text(value) else SourceNote(place, spelling=source)


def missing_value_message(path: ValuePath, text: str, end: int) -> tuple[str, str]:
    """Return the message and the suggestion for a key or a dash without a value.

    Args:
        path: The path of the missing value.
        text: The whole file.
        end: The index at which the value would start.
    """
    step = path[-1]
    head = f'"{cut_for_message(step)}" has no value' if isinstance(step, str) else "there is nothing after this dash"
    take_out = "give it a value, or remove the key" if isinstance(step, str) else "write the item, or remove the dash"
    comment = _COMMENT.match(text, end)
    if comment is None:
        return head, take_out
    said = comment[1].rstrip()
    message = f"{head}: the text after it starts with #, which makes it a comment"
    if len(said) > SHOWN_CHARACTERS:
        return message, "put quotes around it if it is the value"
    quoted = f"'{said}'" if '"' in said or "\\" in said else f'"{said}"'
    is_text = _CUT_OFF.match(text, end) is not None
    return message, f"put quotes around it: {quoted}" if is_text else take_out
