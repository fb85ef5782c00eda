"""What stands in a YAML text around its unquoted words: what they are spelled like, and what a comment takes away."""

import re

from qwave_batch.model.problem import Place
from qwave_batch.spec.marks import Path, Written
from qwave_batch.spec.scalars import Scalar
from qwave_batch.spec.texts import text_of
from qwave_batch.spec.words import SHOWN_CHARACTERS, cut

# a true comment has a blank behind its #; the comma is one between the items of a list in brackets
_CUT_OFF = re.compile(r"[ \t]*(?:,[ \t]*)?(#(?:[^\W_]|\{\{)[^\r\n]*)")
_COMMENT = re.compile(r"[ \t]*(#[^\r\n]*)")


def written(value: Scalar, source: str, place: Place, text: str, end: int) -> Written | None:
    """Return what is remarkable about an unquoted scalar, or None for most.

    Args:
        value: What it means.
        source: As it is written.
        place: Where.
        text: The whole file.
        end: Where in the text the scalar ends.
    """
    if isinstance(value, str):
        comment = _CUT_OFF.match(text, end)
        return Written(place, comment=comment[1].rstrip()) if comment else None
    return None if value is None or source == text_of(value) else Written(place, spelling=source)


def nothing_words(path: Path, text: str, end: int) -> tuple[str, str]:
    """Return what is said of a key or a dash behind which nothing is written, and the way out.

    Args:
        path: Of the value that is not there.
        text: The whole file.
        end: Where in the text the value would begin.
    """
    step = path[-1]
    head = f'"{cut(step)}" has no value' if isinstance(step, str) else "there is nothing behind this dash"
    take_out = "give it one, or leave it out" if isinstance(step, str) else "write the item, or take the dash out"
    comment = _COMMENT.match(text, end)
    if comment is None:
        return head, take_out
    said = comment[1].rstrip()
    message = f"{head}: what stands behind it begins with # and so is a comment"
    if len(said) > SHOWN_CHARACTERS:
        return message, "put quotes around it if it is the value"
    quoted = f"'{said}'" if '"' in said or "\\" in said else f'"{said}"'
    is_text = _CUT_OFF.match(text, end) is not None
    return message, f"put quotes around it: {quoted}" if is_text else take_out
