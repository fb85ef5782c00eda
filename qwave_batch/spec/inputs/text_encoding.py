"""Decodes files as UTF-8, and reports the line and column of bytes and characters that are not allowed."""

import re
from collections.abc import Callable

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem, SourcePlace

MAX_POINTER_BYTES = 1024  # git-lfs itself reads this much to recognise a pointer

_POINTER_BEGINS = (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
_POINTER_HOLDS = b"\noid sha256:"

Where = Callable[[str, int], SourcePlace]
"""Gives the place of a character of a text."""

_MESSAGES = {
    "\0": ("the file contains NUL characters, as UTF-16 files do", "save it as UTF-8"),
    "\r": (
        "the line contains a carriage return that does not end it; some old programs end lines that way",
        "save the file with LF line endings",
    ),
    "\ufeff": (
        "there is a byte order mark (U+FEFF) in the middle of the file, as if two files were joined",
        "remove it",
    ),
}
MAX_FILE_BYTES = 20_000_000  # of a YAML file; larger data belongs in a table, which is streamed
BOM = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NOT_IN_YAML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
SPEC_TOO_LARGE_HINT = "put the prompts into a table and load it with from"


IS_POINTER = "is a Git LFS pointer, and its data has not been downloaded"
FETCH_POINTERS = "run git lfs pull"
"""How a pointer is told, and the advice."""


def is_lfs_pointer(begins: bytes) -> bool:
    """Whether the first bytes of a file (one more than a pointer has) are a Git LFS pointer."""
    return len(begins) <= MAX_POINTER_BYTES and begins.startswith(_POINTER_BEGINS) and _POINTER_HOLDS in begins


def lfs_pointer_problem(begins: bytes, shown_as: str) -> Problem | None:
    """Return a problem if the first bytes of a file are a Git LFS pointer, else None."""
    if not is_lfs_pointer(begins):
        return None
    return Problem(message=f"the file {IS_POINTER}", place=SourcePlace(shown_as), suggestion=FETCH_POINTERS)


def forbidden_character_problem(text: str, where: Where, *, signs: str = "\0\r\ufeff") -> Problem | None:
    """Return a problem for the first of the ``signs`` that the text contains, or None."""
    sign = next((sign for sign in signs if sign in text), None)
    if sign is None:
        return None
    message, suggestion = _MESSAGES[sign]
    return Problem(message=message, place=where(text, text.index(sign)), suggestion=suggestion)


def decode_spec(source: bytes, shown_as: str) -> str:
    """Return the text of a spec's file, without a byte order mark.

    Raises:
        SpecError: It is too large, not UTF-8, or contains characters that YAML does not allow.
    """
    return decode_yaml(source, shown_as, of="spec", suggestion=SPEC_TOO_LARGE_HINT)


def check_yaml_size(size_bytes: int, shown_as: str, *, of: str, suggestion: str) -> None:
    """Raise SpecError for a YAML file that is too large to be read at once, with a ``suggestion``."""
    if size_bytes <= MAX_FILE_BYTES:
        return
    message = f"the {of} has {size_bytes:,} bytes; at most {MAX_FILE_BYTES:,} are read"
    raise SpecError([Problem(message=message, place=SourcePlace(shown_as), suggestion=suggestion)])


def decode_yaml(source: bytes, shown_as: str, *, of: str, suggestion: str) -> str:
    """Return the text of a YAML file, without a byte order mark; ``suggestion`` is for a file that is too large.

    Raises:
        SpecError: It is too large, not UTF-8, or contains characters that YAML does not allow.
    """
    check_yaml_size(len(source), shown_as, of=of, suggestion=suggestion)
    text = decode(source, shown_as)
    # a few NULs are reported below as characters; a carriage return ends a line in YAML
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
                    message=f"the character U+{code:04X} is not allowed in a YAML file",
                    place=place_at(text, bad.start(), shown_as),
                    suggestion=f'remove it, or write "{escape}" inside double quotes' if code else "remove it",
                )
            ]
        )
    return text


def decode(source: bytes, shown_as: str, *, first_line: int = 1) -> str:
    """Return UTF-8 bytes as text, without a byte order mark.

    Raises:
        SpecError: They are not UTF-8.
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
            message=f"the byte 0x{source[error.start]:02x} is not valid UTF-8",
            place=SourcePlace(shown_as, place.line + first_line - 1, place.column),
            suggestion="save the file as UTF-8",
        )
        raise SpecError([problem]) from None


def place_at(text: str, index: int, shown_as: str) -> SourcePlace:
    """Return the line and column of a character of the text."""
    line_start = text.rfind("\n", 0, index) + 1
    return SourcePlace(shown_as, text.count("\n", 0, index) + 1, index - line_start + 1)
