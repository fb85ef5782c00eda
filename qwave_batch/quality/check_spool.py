"""All that a check knows of a folder's jobs and images, in a temporary database: memory does not grow with them."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qwave_batch.files.sqlite_files import temporary_database
from qwave_batch.model.record import ImageFile
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.quality.finding import Finding, FindingKind
from qwave_batch.quality.image_look import ImageLook

_TABLES = """
CREATE TABLE job (
  job INTEGER PRIMARY KEY, job_id TEXT, model TEXT, tags TEXT, code TEXT, is_shown INTEGER, has_sources INTEGER
);
CREATE TABLE image (
  image INTEGER PRIMARY KEY, job INTEGER, path TEXT, sha256 TEXT, is_seen INTEGER DEFAULT 0, identity TEXT, look BLOB,
  cells BLOB, is_blank INTEGER DEFAULT 0, is_copy INTEGER DEFAULT 0
);
CREATE TABLE finding (job INTEGER, image INTEGER, kind INTEGER, first INTEGER);
"""
_KINDS = tuple(FindingKind)
_COMPARED = "look IS NOT NULL AND NOT is_blank AND NOT is_copy AND NOT has_sources"
_FROM_COMPARED = f"FROM image JOIN job USING (job) WHERE {_COMPARED} ORDER BY image"
_LOOK_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFinding:
    """A finding with what it is counted by."""

    finding: Finding
    model: str
    tags: tuple[str, ...]
    code: str | None
    """The error's code, of a job that failed."""
    is_shown: bool


class CheckSpool:
    """The database; it is gone when it is closed."""

    def __init__(self) -> None:
        self._db = temporary_database(_TABLES)
        self._jobs = 0
        self.images = 0
        """How many there are."""

    def close(self) -> None:
        """Remove it."""
        self._db.close()

    def add_job(self, line: ManifestLine, *, is_shown: bool, has_sources: bool) -> int:
        """Take in a line and return its number."""
        self._jobs += 1
        code = None if line.error is None else line.error.code
        facts = (line.job_id, line.model, json.dumps(line.tags), code, is_shown, has_sources)
        self._db.execute("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?)", (self._jobs, *facts))
        return self._jobs

    def add_image(self, job: int, image: ImageFile) -> int:
        """Take in an image of a line and return its number."""
        self.images += 1
        self._db.execute(
            "INSERT INTO image (image, job, path, sha256) VALUES (?, ?, ?, ?)",
            (self.images, job, image.path, image.sha256),
        )
        return self.images

    def add_finding(self, kind: FindingKind, *, job: int, image: int | None = None, first: int | None = None) -> None:
        """Take in a finding."""
        self._db.execute("INSERT INTO finding VALUES (?, ?, ?, ?)", (job, image, _KINDS.index(kind), first))

    def add_look(self, image: int, look: ImageLook | None) -> None:
        """Take in how an image looks; None for one that is not whole."""
        picture = None if look is None else look.picture
        identity = None if look is None else look.sha256 if picture is None else picture.pixels
        values = (None, None, False) if picture is None else (_blob(picture.look), picture.cells, picture.is_blank)
        self._db.execute(
            "UPDATE image SET is_seen = 1, identity = ?, look = ?, cells = ?, is_blank = ? WHERE image = ?",
            (identity, *values, image),
        )

    def unseen(self) -> Iterator[tuple[tuple[int, int, str], str]]:
        """Yield number, job and recorded hash of each image without a look, with its path."""
        rows = self._db.execute("SELECT image, job, sha256, path FROM image WHERE NOT is_seen ORDER BY image")
        for image, job, sha256, path in _all_of(rows):
            yield (image, job, sha256), path

    def find_blank(self) -> None:
        """Take in a finding for each blank image."""
        self._db.execute(
            "INSERT INTO finding SELECT job, image, ?, NULL FROM image WHERE is_blank",
            (_KINDS.index(FindingKind.BLANK),),
        )

    def find_copies(self) -> None:
        """Take in a finding for each image that is the same as an earlier one."""
        self._db.execute("CREATE INDEX by_identity ON image (identity, image)")
        self._db.execute(
            "INSERT INTO finding SELECT job, image, ?, first FROM image JOIN"
            " (SELECT identity, min(image) AS first FROM image WHERE identity IS NOT NULL"
            " GROUP BY identity HAVING count(*) > 1) USING (identity) WHERE image > first",
            (kind := _KINDS.index(FindingKind.DUPLICATE),),
        )
        self._db.execute(
            "UPDATE image SET is_copy = 1 WHERE image IN (SELECT image FROM finding WHERE kind = ?)", (kind,)
        )

    def looks(self) -> list[int]:
        """Return the perceptual hashes of all pictures that are compared."""
        return [int.from_bytes(look, "big") for (look,) in self._db.execute(f"SELECT look {_FROM_COMPARED}")]

    def compared(self) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield number, job, hash and cells of each picture that is compared, in plan order."""
        rows = self._db.execute(f"SELECT image, job, look, cells {_FROM_COMPARED}")
        for image, job, look, cells in _all_of(rows):
            yield image, job, int.from_bytes(look, "big"), cells

    def not_compared(self) -> int:
        """Return how many pictures are not compared because they begin with others."""
        (number,) = self._db.execute(
            "SELECT count(*) FROM image JOIN job USING (job) WHERE look IS NOT NULL AND has_sources"
        ).fetchone()
        return int(number)

    def cells_of(self, image: int) -> bytes:
        """Return the cells of a picture."""
        (cells,) = self._db.execute("SELECT cells FROM image WHERE image = ?", (image,)).fetchone()
        return bytes(cells)

    def findings(self) -> Iterator[CheckedFinding]:
        """Yield all findings in plan order."""
        rows = self._db.execute(
            "SELECT kind, job_id, image.path, firsts.path, model, tags, code, is_shown FROM finding"
            " JOIN job USING (job) LEFT JOIN image USING (image) LEFT JOIN image AS firsts"
            " ON firsts.image = finding.first ORDER BY finding.job, finding.image, kind"
        )
        for kind, job_id, path, first, model, tags, code, is_shown in _all_of(rows):
            yield CheckedFinding(
                finding=Finding(kind=_KINDS[kind], job_id=job_id, path=path, first=first),
                model=model,
                tags=tuple(json.loads(tags)),
                code=code,
                is_shown=bool(is_shown),
            )


def _blob(look: int) -> bytes:
    return look.to_bytes(_LOOK_BYTES, "big")


def _all_of(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple]:  # type: ignore[type-arg]
    yield from rows
