"""The jobs of a benchmark in a temporary database, by model and row: memory does not grow with them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.errors import UsageError
from qwave_batch.files.sqlite_files import temporary_database
from qwave_batch.folder.storage import database_errors
from qwave_batch.output.manifest_line import ManifestLine, encode_line, line_from_json

if TYPE_CHECKING:
    import sqlite3

_TABLES = """
CREATE TABLE part (part INTEGER PRIMARY KEY, name TEXT UNIQUE, of_rows INTEGER, images INTEGER);
CREATE TABLE row (part INTEGER, number INTEGER, text TEXT, job_id TEXT, PRIMARY KEY (part, number)) WITHOUT ROWID;
CREATE TABLE job (
  job INTEGER PRIMARY KEY, job_id TEXT UNIQUE, model TEXT, part INTEGER, number INTEGER, place INTEGER, images TEXT,
  folder INTEGER, also TEXT, line BLOB
);
CREATE INDEX job_by_row ON job (model, part, number);
CREATE TABLE size (
  model TEXT, width INTEGER, height INTEGER, count INTEGER, PRIMARY KEY (model, width, height)
) WITHOUT ROWID;
CREATE TABLE place (place TEXT PRIMARY KEY, told TEXT) WITHOUT ROWID;
"""
_HASH = 64
"""Characters of a SHA-256 in hex."""
_AS_TEXT = json.JSONEncoder(ensure_ascii=True, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledJob:
    """A job of a row."""

    line: ManifestLine
    folder: int
    """The place of its run folder in the request."""
    also: tuple[int, ...]
    """Further folders that hold the same images of it."""


class BenchSpool:
    """The jobs; it belongs to one thread."""

    def __init__(self, database: "sqlite3.Connection", folders: Sequence[str]) -> None:
        self._db, self._folders = database, tuple(folders)

    def add_row(self, row: BenchRow, line: ManifestLine) -> int:
        """Take in the row of a job, and return the number of its part.

        Raises:
            UsageError: another job says something else of the row.
        """
        part = self._part_of(row)
        text = _AS_TEXT.encode(asdict(row))
        found = self._db.execute("SELECT text, job_id FROM row WHERE part = ? AND number = ?", (part, row.number))
        known = found.fetchone()
        if known is None:
            self._db.execute("INSERT INTO row VALUES (?, ?, ?, ?)", (part, row.number, text, line.job_id))
        elif known[0] != text:
            raise UsageError(
                f'{row} is two different prompts: job {known[1]} ("{_prompt_in(known[0])}") and job {line.job_id} '
                f'("{line.prompt[:80]}"); name folders of one import'
            )
        return part

    def add(self, row: BenchRow, line: ManifestLine, folder: int) -> None:
        """Take in a job with its row.

        Raises:
            UsageError: as ``add_row`` does, or another folder holds other images of the job.
        """
        part = self.add_row(row, line)
        images = " ".join(image.sha256 for image in line.images)
        known = self._db.execute(
            "SELECT job, images, folder, also FROM job WHERE job_id = ?", (line.job_id,)
        ).fetchone()
        if known is None:
            facts = (line.job_id, line.model, part, row.number, line.index, images, folder, encode_line(line))
            self._db.execute(
                "INSERT INTO job (job_id, model, part, number, place, images, folder, also, line) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, '', ?)",
                facts,
            )
            return
        job, its_images, its_folder, also = known
        if images and not its_images:
            self._db.execute(
                "UPDATE job SET images = ?, folder = ?, line = ? WHERE job = ?",
                (images, folder, encode_line(line), job),
            )
        elif images and images == its_images:
            self._db.execute("UPDATE job SET also = ? WHERE job = ?", (f"{also} {folder}".strip(), job))
        elif images:
            raise UsageError(
                f'two different images for one place: job {line.job_id} ("{line.prompt_id}") has '
                f"{line.images[0].path} in {self._folders[its_folder]} and in {self._folders[folder]}, with different "
                "bytes; name one of the two folders"
            )

    def count_sizes(self) -> None:
        """Count the sizes of the images; needed before ``side`` and ``size``."""
        for model, line in self._db.execute("SELECT model, line FROM job WHERE images != ''"):
            for image in json.loads(line)["images"]:
                self._db.execute(
                    "INSERT INTO size VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                    (model, image["width"], image["height"]),
                )

    def side(self, model: str) -> int | None:
        """Return the most common shorter side of a model's images, the longer of two as common; None without any."""
        query = (
            "SELECT min(width, height) AS side, sum(count) FROM size WHERE model = ? "
            "GROUP BY side ORDER BY 2 DESC, 1 DESC LIMIT 1"
        )
        found = self._db.execute(query, (model,)).fetchone()
        return None if found is None else int(found[0])

    def size(self, model: str) -> tuple[int, int] | None:
        """Return the most common size of a model's images; None without any."""
        query = "SELECT width, height FROM size WHERE model = ? ORDER BY count DESC, width DESC, height DESC LIMIT 1"
        found = self._db.execute(query, (model,)).fetchone()
        return None if found is None else (int(found[0]), int(found[1]))

    def most_images(self, model: str) -> int:
        """Return the most images that a job of a model made; 0 if none made any."""
        query = "SELECT max(length(images)) FROM job WHERE model = ?"  # hashes of one length, with a blank between them
        (length,) = self._db.execute(query, (model,)).fetchone()
        return ((length or 0) + 1) // (_HASH + 1)

    def parts(self) -> tuple[str, ...]:
        """Return the parts of the benchmark that some job is of, in their order."""
        return tuple(name for (name,) in self._db.execute("SELECT name FROM part ORDER BY part"))

    def rows(self, model: str) -> Iterator[tuple[BenchRow, list[SpooledJob]]]:
        """Yield all rows that some job is of, in the benchmark's order, each with the jobs of a model."""
        query = "SELECT part, number, text FROM row ORDER BY part, number"
        for part, number, text in self._db.execute(query):
            yield BenchRow(**json.loads(text)), list(self._jobs(model, part, number))

    def unplanned(self) -> Iterator[tuple[str, int, int]]:
        """Yield the rows that no job is of: their part, their number and how many images of them are wanted."""
        for part, name, of_rows, images in self._db.execute(
            "SELECT part, name, of_rows, images FROM part ORDER BY part"
        ):
            wanted = 0
            query = "SELECT number FROM row WHERE part = ? UNION ALL SELECT ? ORDER BY number"
            for (number,) in self._db.execute(query, (part, of_rows)):
                for missing in range(wanted, number):
                    yield name, missing, images
                wanted = number + 1

    def claim(self, place: str, told: str) -> str | None:
        """Note that a place is taken, and return what took it before; None if nothing did."""
        found = self._db.execute("SELECT told FROM place WHERE place = ?", (place,)).fetchone()
        if found is not None:
            return str(found[0])
        self._db.execute("INSERT INTO place VALUES (?, ?)", (place, told))
        return None

    def prefixed_places(self) -> tuple[str, str] | None:
        """Return two taken places of which the second begins with the first; None if there are none."""
        earlier = None
        for (place,) in self._db.execute("SELECT place FROM place ORDER BY place"):
            if earlier is not None and place.startswith(earlier):
                return earlier, place
            earlier = place
        return None

    def _jobs(self, model: str, part: int, number: int) -> Iterator[SpooledJob]:
        query = "SELECT line, folder, also FROM job WHERE model = ? AND part = ? AND number = ? ORDER BY place, job"
        for line, folder, also in self._db.execute(query, (model, part, number)).fetchall():
            yield SpooledJob(line=line_from_json(json.loads(line)), folder=folder, also=tuple(map(int, also.split())))

    def _part_of(self, row: BenchRow) -> int:
        facts = self._db.execute("SELECT part, of_rows, images FROM part WHERE name = ?", (row.part,)).fetchone()
        if facts is None:
            added = self._db.execute(
                "INSERT INTO part (name, of_rows, images) VALUES (?, ?, ?)", (row.part, row.of, row.images)
            )
            assert added.lastrowid is not None  # noqa: S101 - a row was added
            return added.lastrowid
        part, of_rows, images = facts
        if (of_rows, images) != (row.of, row.images):
            raise UsageError(
                f"{row} is one of {row.of:,} with {row.images} images each by one job, and of {of_rows:,} with "
                f"{images} by another: they were imported from different files"
            )
        return int(part)


def _prompt_in(text: str) -> str:
    row: Mapping[str, str] = json.loads(text)
    return row["prompt"][:80]


@contextmanager
def bench_spool(folders: Sequence[str]) -> Iterator[BenchSpool]:
    """Yield an empty spool, which is gone at the end of the block.

    Args:
        folders: The names of the run folders, for messages.

    Raises:
        StorageError: there is no room for temporary files.
    """
    with database_errors(Path("a temporary file")), closing(temporary_database(_TABLES)) as database:
        yield BenchSpool(database, folders)
