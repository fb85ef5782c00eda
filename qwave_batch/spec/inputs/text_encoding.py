"""Bytes as text: UTF-8, with the line and column of what is not."""

import re
from collections.abc import Callable

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace

MAX_POINTER_BYTES = 1024  # what git-lfs itself reads of a file to tell whether it is a pointer

_POINTER_BEGINS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_POINTER_HOLDS = b"\noid sha256:"

Where = Callable[[str, int], SourcePlace]
"""Gives the place of a character of a text."""


def lfs_pointer_problem(begins: bytes, shown_as: str) -> Problem | None:
    """Return that a file is a pointer of Git LFS, by its first bytes (one more than a pointer has); None where not."""
    if len(begins) > MAX_POINTER_BYTES or not begins.startswith(_POINTER_BEGINS) or _POINTER_HOLDS not in begins:
        return None
    return Problem(
        message="the file is a Git LFS pointer, and its data is not here",
        place=SourcePlace(shown_as),
        suggestion="git lfs pull",
    )


def forbidden_character_problem(text: str, where: Where, *, signs: str = "\0\r\ufeff") -> Problem | None:
    """Return what is wrong with a text that holds one of the ``signs``, the first of those that it holds, or None."""
    sign = next((sign for sign in signs if sign in text), None)
    if sign is None:
        return None
    message, suggestion = _WORDS[sign]
    return Problem(message=message, place=where(text, text.index(sign)), suggestion=suggestion)


_WORDS = {
    "\0": ("the file holds NUL characters, as UTF-16 has them", "save it as UTF-8"),
    "\r": (
        "the line holds a carriage return that ends no line; old programs end lines that way",
        "save the file with LF ends",
    ),
    "\ufeff": (
        "a byte order mark (U+FEFF) stands in the middle of the file, as where two files were put together",
        "take it out",
    ),
}


MAX_FILE_BYTES = 20_000_000  # of a YAML file; what is larger belongs into a table that is streamed

BOM = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


SPEC_TOO_LARGE_HINT = "put the prompts into a table and take them with from"


def decode_spec(source: bytes, shown_as: str) -> str:
    """Return the text of a spec's file, without a byte order mark.

    Raises:
        SpecError: It is too large, no UTF-8, or holds characters that YAML keeps out.
    """
    return decode_yaml(source, shown_as, of="spec", suggestion=SPEC_TOO_LARGE_HINT)


def check_yaml_size(size_bytes: int, shown_as: str, *, of: str, suggestion: str) -> None:
    """Raise SpecError for a YAML file that is too large to be read whole; ``suggestion`` says what to do."""
    if size_bytes <= MAX_FILE_BYTES:
        return
    message = f"the {of} has {size_bytes:,} bytes; at most {MAX_FILE_BYTES:,} are read"
    raise SpecError([Problem(message=message, place=SourcePlace(shown_as), suggestion=suggestion)])


def decode_yaml(source: bytes, shown_as: str, *, of: str, suggestion: str) -> str:
    """Return the text of a YAML file, without a byte order mark; ``suggestion`` is for one that is too large.

    Raises:
        SpecError: It is too large, no UTF-8, or holds characters that YAML keeps out.
    """
    check_yaml_size(len(source), shown_as, of=of, suggestion=suggestion)
    text = decode(source, shown_as)
    # one NUL among letters is a character that YAML keeps out; a carriage return ends a line there
    signs = "\0\ufeff" if text.count("\0") * 4 > len(text) else "\ufeff"
    foreign = lfs_pointer_problem(source, shown_as) or forbidden_character_problem(
        text, lambda text, at: place_at(text, at, shown_as), signs=signs
    )
    if foreign is not None:
        raise SpecError([foreign])
    bad = _NOT_IN_YAML.search(text)
    if bad:
        code = ord(bad[0])
        escape = f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"  # noqa: PLR2004
        raise SpecError(
            [
                Problem(
                    message=f"the character U+{code:04X} cannot stand in a YAML file",
                    place=place_at(text, bad.start(), shown_as),
                    suggestion=f'take it out, or write "{escape}" inside double quotes' if code else "take it out",
                )
            ]
        )
    return text


def decode(source: bytes, shown_as: str, *, first_line: int = 1) -> str:
    """Return UTF-8 bytes as text, without a byte order mark.

    Raises:
        SpecError: They are no UTF-8.
    """
    if source.startswith(UTF_16_MARKS):
        raise SpecError(
            [
                Problem(
                    message="the file is UTF-16", place=SourcePlace(shown_as, first_line), suggestion="save it as UTF-8"
                )
            ]
        )
    source = source.removeprefix(BOM)
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8")
        place = place_at(before, len(before), shown_as)
        problem = Problem(
            message=f"the byte 0x{source[error.start]:02x} is no UTF-8",
            place=SourcePlace(shown_as, place.line + first_line - 1, place.column),
            suggestion="save the file as UTF-8",
        )
        raise SpecError([problem]) from None


def place_at(text: str, index: int, shown_as: str) -> SourcePlace:
    """Return the line and column of a character of the text."""
    line_start = text.rfind("\n", 0, index) + 1
    return SourcePlace(shown_as, text.count("\n", 0, index) + 1, index - line_start + 1)
