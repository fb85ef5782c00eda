"""Remarks of scorers on an image beside its numbers: text that was read, a judge's answers, or why there is no score.

They may be long, so that only their places in the file are in memory, and each is read when its job is written.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from qwave_batch.folder.artifacts import SCORES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.signed_links import unsigned_text, without_signatures
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.scoring.kept_scores import KeptScores, placed_lines
from qwave_batch.scoring.score_lines import ScoreLine
from qwave_batch.scoring.scorer import Level

MOST_CHARACTERS = 20_000
"""Of the details of one score; longer ones are cut, so that a page can hold them."""


@dataclass(frozen=True, slots=True)
class ImageRemarks:
    """All that is said of one image beside its numbers."""

    remarks: Sequence[Json] = ()
    """One of each scorer that made one."""
    pairs: Sequence[Json] = ()
    """The scores of the pairs that it is the first of."""

    def as_json(self) -> dict[str, Json]:
        """Return the keys of an image in the details of its job."""
        told = {"scores": list(self.remarks), "pairs": list(self.pairs)}
        return {key: value for key, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class ScoreRemarks:
    """The remarks of one folder, while its file is open."""

    layout: RunLayout
    file: BinaryIO
    scorers: Sequence[str] = ()
    places: Mapping[bytes, int] = field(default_factory=dict, repr=False)
    """The beginning of the newest line of an image and a scorer, if that line holds a remark."""

    pairs: Mapping[tuple[str, int], Sequence[Json]] = field(default_factory=dict, repr=False)
    """By the job and number of their first images."""

    def of(self, job_id: str, image: int, sha256: str) -> ImageRemarks:
        """Return what is said of an image, as the page reads it.

        Raises:
            StorageError: the file can't be read any more.
        """
        keys = [_key(job_id, image, sha256, scorer) for scorer in self.scorers]
        remarks = [_as_json(line) for key in keys if key in self.places for line in self._line_at(self.places[key])]
        return ImageRemarks(remarks, self.pairs.get((job_id, image), ()))

    def _line_at(self, place: int) -> Iterator[ScoreLine]:
        with storage_errors(self.layout.root, "read", SCORES):
            self.file.seek(place)
            _, line = next(placed_lines(self.layout, self.file))
        if isinstance(line, ScoreLine):
            yield line


@contextmanager
def open_score_remarks(reader: FolderReader, scores: KeptScores) -> Iterator[ScoreRemarks]:
    """Yield the remarks of a run folder's scorers; a folder that was never scored has none.

    Raises:
        FolderError: a line is not one that was written here.
        StorageError: the file can't be read.
    """
    if not scores.scorers:
        yield ScoreRemarks(reader.layout, BytesIO())
        return
    with storage_errors(reader.layout.root, "read", SCORES):
        file = reader.layout.artifacts.open(SCORES)
        places = _places(reader.layout, file, scores)
    with file:
        yield ScoreRemarks(reader.layout, file, tuple(scores.scorers), places, _pairs(scores))


def _places(layout: RunLayout, file: BinaryIO, scores: KeptScores) -> dict[bytes, int]:
    counting = {scorer.edition for scorer in scores.scorers.values()}
    places: dict[bytes, int] = {}
    for start, line in placed_lines(layout, file):
        if isinstance(line, ScoreLine) and line.level is Level.IMAGE and line.edition in counting:
            key = _key(line.job_id or "", line.image or 0, line.sha256, line.scorer)
            places.pop(key, None)
            if line.details or line.error is not None:
                places[key] = start
    return places


def _pairs(scores: KeptScores) -> dict[tuple[str, int], list[Json]]:
    found: dict[tuple[str, int], list[Json]] = {}
    for pair in scores.pairs():
        other: JsonObject = {"job_id": pair.other_job_id, "image": pair.other_image}
        found.setdefault((pair.job_id, pair.image), []).append({"other": other, "scores": dict(pair.scores)})
    return found


def _as_json(line: ScoreLine) -> dict[str, Json]:
    error = None if line.error is None else {"code": line.error.code, "message": unsigned_text(line.error.message)}
    details = None if line.details is None else _cut(without_signatures(line.details))
    return {"scorer": line.scorer, "version": line.version, "details": details, "error": error}


def _cut(details: Json) -> Json:
    text = json.dumps(details, ensure_ascii=False)
    return details if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _key(job_id: str, image: int, sha256: str, scorer: str) -> bytes:
    text = f"{job_id} {image} {sha256} {scorer}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()
