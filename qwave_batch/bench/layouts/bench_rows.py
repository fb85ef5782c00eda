"""The row of a benchmark that a job was made for, as the job's ``meta`` states it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.manifest_line import ManifestLine

BENCHMARK = "benchmark"
"""The key of ``meta`` that names the benchmark."""
_MOST = 10_000_000


class PlaceFault(Exception):
    """Why no picture of a row can be placed where its scorer reads it; continues the name of the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """A row of a benchmark's own files."""

    part: str
    """The set, category or language in which numbers start anew; empty for a benchmark that has none."""
    number: int
    """The place in the official order of its part, from 0."""
    of: int
    """The number of rows of the part."""
    images: int
    """How many images of it are wanted."""
    entry: JsonObject
    """The official row, or the fields of it that a layout needs."""
    prompt: str
    prompt_id: str

    def __str__(self) -> str:
        return f"row {self.number} of {self.part}" if self.part else f"row {self.number}"

    def text(self, key: str) -> str:
        """Return a field of the official row that names a file or a folder.

        Raises:
            PlaceFault: the row lacks it, or it can't be a name.
        """
        value = self.entry.get(key)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise PlaceFault(f'it has no text or whole number "{key}", which names its image')
        return self.name(str(value))

    def name(self, text: str) -> str:
        """Return a text, if a file or a folder can have it as its name.

        Raises:
            PlaceFault: it can't.
        """
        fault = _name_fault(text)
        if fault:
            raise PlaceFault(f'"{text[:160]}" names its image, and {fault}')
        return text

    def index(self, key: str) -> int:
        """Return a field of the official row that is a whole number, also one that is written as text.

        Raises:
            PlaceFault: the row lacks it, or it is something else.
        """
        text = self.text(key)
        if not (text.isascii() and text.isdigit()):
            raise PlaceFault(f'its "{key}" is "{text}", and its scorer wants a whole number')
        return int(text)


def benchmark_of(line: ManifestLine) -> str | None:
    """Return the benchmark that a job was made for; None for any other job."""
    name = line.meta.get(BENCHMARK)
    return name if isinstance(name, str) else None


def bench_row(line: ManifestLine) -> BenchRow:
    """Return the row that a job of a benchmark was made for.

    Raises:
        UsageError: its meta does not say.
    """
    meta = line.meta
    part, entry = meta.get("set"), meta.get("entry")
    if not isinstance(part, str | None):
        raise _unfit(line, "set", "a text or null")
    if not isinstance(entry, Mapping):
        raise _unfit(line, "entry", "an object")
    number = _whole(line, "number", least=0)
    of = _whole(line, "of", least=1)
    if number >= of:
        raise _unfit(line, "number", f"below its meta.of, which is {of:,}")
    return BenchRow(
        part=part or "",
        number=number,
        of=of,
        images=_whole(line, "n", least=1),
        entry=entry,
        prompt=line.prompt,
        prompt_id=line.prompt_id,
    )


def _whole(line: ManifestLine, key: str, *, least: int) -> int:
    value: Json = line.meta.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _MOST:
        raise _unfit(line, key, f"a whole number from {least}")
    return value


def _unfit(line: ManifestLine, key: str, wanted: str) -> UsageError:
    return UsageError(
        f'job {line.job_id} ("{line.prompt_id}"): its meta.{key} must be {wanted}, and is {line.meta.get(key)!r:.80}; '
        "import the benchmark anew"
    )


_STEERING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode; blanks of all widths and what joins letters or emoji are signs as any other."""
_LONGEST_NAME = 240
"""Bytes; a file system takes 255, with the number and the ending behind it."""


def _name_fault(text: str) -> str | None:
    if "/" in text or "\\" in text:
        return "a slash can't be in a name"
    if not text or text.startswith("."):
        return "no visible file can have that name"
    if any(unicodedata.category(character) in _STEERING for character in text):
        return "a line end or another sign that steers a terminal can't be in a name"
    if len(text.encode()) > _LONGEST_NAME:
        return f"a name has {_LONGEST_NAME} bytes at most"
    return None
