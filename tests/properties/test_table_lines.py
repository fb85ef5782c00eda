"""The lines of a table are read in pages, and are those that reading line by line gives, up to the same mistake."""

import io
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Problem
from qwave_batch.spec.inputs.file_access import InputFile
from qwave_batch.spec.table.table_file import Line, TableFile, _looked_at, read_table_lines

Outcome: TypeAlias = tuple[list[Line], tuple[Problem, ...]]

PARTS = [b"a", b"b\tc", b"\n", b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xef\xbb\xbf", b"\0", b"\xff", b"\xe2\x80\xa8"]


class Dripping(io.RawIOBase):
    """A file that gives a few bytes at a time."""

    def __init__(self, content: bytes, at_once: int) -> None:
        self._content, self._at_once = io.BytesIO(content), at_once

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever the reader reads into
        data = self._content.read(min(self._at_once, len(view)))
        view[: len(data)] = data
        return len(data)


def outcome(lines: Iterable[Line]) -> Outcome:
    """Return the lines up to the first that cannot be read, and what is wrong with that one."""
    found: list[Line] = []
    try:
        found.extend(lines)
    except SpecError as error:
        return found, error.problems
    return found, ()


def read(content: bytes, at_once: int) -> Iterator[Line]:
    stream = io.BufferedReader(Dripping(content, at_once), buffer_size=1)
    return read_table_lines(TableFile(stream, InputFile.at(Path("t.txt")), "t.txt"))


def one_by_one(content: bytes) -> Iterator[Line]:
    return itertools.starmap(Line, enumerate(_looked_at(content, 0, "t.txt"), start=1))


@given(st.lists(st.sampled_from(PARTS), max_size=20).map(b"".join), st.integers(1, 9))
def test_lines_are_the_same_however_much_is_read_at_once(content: bytes, at_once: int) -> None:
    assert outcome(read(content, at_once)) == outcome(read(content, 1_000_000)) == outcome(one_by_one(content))
