"""Bytes as text: UTF-8, with the line and column of what is not."""

import re

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.foreigntext import foreign_problem, pointer_problem

MAX_FILE_BYTES = 20_000_000  # of a YAML file; what is larger belongs into a table that is streamed

BOM = b"\xef\xbb\xbf"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


SPEC_WAY_OUT = "put the prompts into a table and take them with from"


def decode_spec(source: bytes, shown_as: str) -> str:
    """Return the text of a spec's file, without a byte order mark.

    Raises:
        SpecError: It is too large, no UTF-8, or holds characters that YAML keeps out.
    """
    return decode_yaml(source, shown_as, of="spec", way_out=SPEC_WAY_OUT)


def check_yaml_size(size_bytes: int, shown_as: str, *, of: str, way_out: str) -> None:
    """Raise SpecError for a YAML file that is too large to be read whole; ``way_out`` says what to do."""
    if size_bytes <= MAX_FILE_BYTES:
        return
    message = f"the {of} has {size_bytes:,} bytes; at most {MAX_FILE_BYTES:,} are read"
    raise SpecError([Problem(message=message, place=Place(shown_as), suggestion=way_out)])


def decode_yaml(source: bytes, shown_as: str, *, of: str, way_out: str) -> str:
    """Return the text of a YAML file, without a byte order mark; ``way_out`` is for one that is too large.

    Raises:
        SpecError: It is too large, no UTF-8, or holds characters that YAML keeps out.
    """
    check_yaml_size(len(source), shown_as, of=of, way_out=way_out)
    text = decode(source, shown_as)
    # one NUL among letters is a character that YAML keeps out; a carriage return ends a line there
    signs = "\0\ufeff" if text.count("\0") * 4 > len(text) else "\ufeff"
    foreign = pointer_problem(source, shown_as) or foreign_problem(
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
            [Problem(message="the file is UTF-16", place=Place(shown_as, first_line), suggestion="save it as UTF-8")]
        )
    source = source.removeprefix(BOM)
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = source[: error.start].decode("utf-8")
        place = place_at(before, len(before), shown_as)
        problem = Problem(
            message=f"the byte 0x{source[error.start]:02x} is no UTF-8",
            place=Place(shown_as, place.line + first_line - 1, place.column),
            suggestion="save the file as UTF-8",
        )
        raise SpecError([problem]) from None


def place_at(text: str, index: int, shown_as: str) -> Place:
    """Return the line and column of a character of the text."""
    line_start = text.rfind("\n", 0, index) + 1
    return Place(shown_as, text.count("\n", 0, index) + 1, index - line_start + 1)
