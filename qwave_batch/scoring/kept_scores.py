"""scores.jsonl of a run folder, as everybody reads it: one number for an image and an output.

The scorer's newest line decides which version and parameters count; lines of others stay in the file for those who go
back to them. A number belongs to the bytes that were scored: with another image in its place it is not found. Memory
is a hash for each image, and 8 bytes for each number.
"""

import codecs
import hashlib
import json
import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import SCORES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import storage_errors
from qwave_batch.model.codec import DecodeError
from qwave_batch.model.strict_json import STRICT_JSON
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.scoring.score_lines import (
    KeptLine,
    OtherScored,
    ScoreLine,
    ScorerLine,
    kept_line_from_json,
    may_state_scorer,
    set_sha256,
)
from qwave_batch.scoring.scorer import Level, Output

MOST_LINE_BYTES = 1 << 20
_NO_NUMBER = math.nan


@dataclass(frozen=True, slots=True)
class PairScore:
    """The numbers of two images, by full name."""

    job_id: str
    image: int
    other_job_id: str
    other_image: int
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetScore:
    """The numbers of all images of a model, by full name."""

    model: str
    count: int
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class KeptScores:
    """The scores that a run folder holds of its images as they are."""

    outputs: Mapping[str, Output]
    """By full name, such as ``ocr.cer``, whatever their level."""
    scorers: Mapping[str, ScorerLine]
    """The facts that count, by the scorer's name."""
    _rows: Mapping[bytes, int] = field(repr=False)
    _numbers: Mapping[str, "array[float]"] = field(repr=False)
    _pairs: tuple[PairScore, ...] = field(repr=False)
    _sets: tuple[SetScore, ...] = field(repr=False)
    _refused: Mapping[bytes, frozenset[str]] = field(default_factory=dict, repr=False)

    def of(self, job_id: str, image: int, sha256: str) -> Mapping[str, float]:
        """Return the numbers of an image by full name; an output that it has no number of is not there."""
        row = self._rows.get(_row_key(job_id, image, sha256))
        if row is None:
            return {}
        numbers = ((name, column[row]) for name, column in self._numbers.items() if row < len(column))
        return {name: number for name, number in numbers if not math.isnan(number)}

    def refused_by(self, job_id: str, image: int, sha256: str) -> frozenset[str]:
        """Return the scorers that could not score an image and are not asked again by a plain run."""
        return self._refused.get(_row_key(job_id, image, sha256), frozenset())

    def outputs_of(self, level: Level) -> Mapping[str, Output]:
        """Return the outputs of the scorers of a level, by full name."""
        return {name: out for name, out in self.outputs.items() if self.scorers[name.partition(".")[0]].level is level}

    def pairs(self) -> Iterator[PairScore]:
        """Yield the numbers of pairs whose images are both there as they were."""
        return iter(self._pairs)

    def sets(self) -> Iterator[SetScore]:
        """Yield the numbers of sets whose images are all there as they were, and no others."""
        return iter(self._sets)


def read_kept_scores(reader: FolderReader) -> KeptScores:
    """Return the scores of a run folder or a store; a folder that was never scored has none.

    Raises:
        FolderError: a line is not one that was written here: named by its number.
        StorageError: the file can't be read.
    """
    try:
        file = reader.layout.artifacts.open(SCORES)
    except FileNotFoundError:
        return KeptScores({}, {}, {}, {}, (), ())
    with file, storage_errors(reader.layout.root, "read", SCORES):
        scorers = {
            line.scorer: line
            for _, line in placed_lines(reader.layout, file, scorers_only=True)
            if isinstance(line, ScorerLine)
        }
        file.seek(0)
        return _Gathering(scorers).gather(reader, file)


def placed_lines(layout: RunLayout, file: BinaryIO, *, scorers_only: bool = False) -> Iterator[tuple[int, KeptLine]]:
    """Yield the lines of an open scores.jsonl with their places; a last line that is being written is passed over.

    Args:
        layout: The folder that the file is in, for messages.
        file: The file, at its start.
        scorers_only: Pass over lines that certainly state no scorer, without reading them.

    Raises:
        FolderError: a line is not right.
    """
    number = place = 0
    while raw := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        if not raw.endswith(b"\n"):
            if len(raw) > MOST_LINE_BYTES:
                raise _broken(layout, number, f"longer than {MOST_LINE_BYTES:,} bytes")
            return
        if not raw.isspace() and (not scorers_only or may_state_scorer(raw)):
            yield place, _read_line(layout, number, raw)
        place += len(raw)


def _read_line(layout: RunLayout, number: int, raw: bytes) -> KeptLine:
    try:
        return kept_line_from_json(STRICT_JSON.decode(raw.removeprefix(codecs.BOM_UTF8).decode()))
    except json.JSONDecodeError as error:
        raise _broken(layout, number, f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}") from None
    except UnicodeDecodeError:
        raise _broken(layout, number, "not text in UTF-8") from None
    except RecursionError:
        raise _broken(layout, number, "nested too deeply") from None
    except (DecodeError, ValueError) as error:
        raise _broken(layout, number, str(error)) from None


def _broken(layout: RunLayout, number: int, reason: str) -> FolderError:
    return FolderError(
        f"{layout.place_of(SCORES)}:{number}: not a line of scores ({reason}); remove the line, or the file to score "
        "everything again"
    )


@dataclass(slots=True)
class _Gathering:
    """The numbers of one reading of the file."""

    scorers: Mapping[str, ScorerLine]
    rows: dict[bytes, int] = field(default_factory=dict)
    numbers: dict[str, "array[float]"] = field(default_factory=dict)
    others: dict[tuple[str, ...], ScoreLine] = field(default_factory=dict)
    """The newest line of each pair and of each set."""
    refused: dict[bytes, frozenset[str]] = field(default_factory=dict)
    """By the image: the scorers whose newest line about it is an error that stays."""

    def gather(self, reader: FolderReader, file: BinaryIO) -> KeptScores:
        counting = {scorer.edition for scorer in self.scorers.values()}
        for _, line in placed_lines(reader.layout, file):
            if isinstance(line, ScorerLine) or line.edition not in counting:
                continue
            if line.level is Level.IMAGE:
                self._take(line)
            else:
                self.others[line.scorer, *line.subject] = line
        pairs, sets = self._current(reader) if self.others else ((), ())
        outputs = {
            f"{scorer.scorer}.{name}": output
            for scorer in self.scorers.values()
            for name, output in scorer.outputs.items()
        }
        return KeptScores(outputs, self.scorers, self.rows, self.numbers, pairs, sets, self.refused)

    def _take(self, line: ScoreLine) -> None:
        key = _row_key(line.job_id or "", line.image or 0, line.sha256)
        row = self.rows.setdefault(key, len(self.rows))
        if line.error is not None and not line.error.retryable:
            self.refused[key] = self.refused.get(key, frozenset()) | {line.scorer}
        elif line.scorer in self.refused.get(key, ()):
            self.refused[key] -= {line.scorer}
        for output in self.scorers[line.scorer].outputs:  # the newest line holds, also where it is an error
            column = self.numbers.setdefault(f"{line.scorer}.{output}", array("d"))
            if row >= len(column):
                column.extend([_NO_NUMBER] * (row + 1 - len(column)))
            column[row] = line.scores.get(output, _NO_NUMBER)

    def _current(self, reader: FolderReader) -> tuple[tuple[PairScore, ...], tuple[SetScore, ...]]:
        """Return the pairs and sets of images that are there today."""
        there, by_model = set[bytes](), dict[str, list[str]]()
        for line in reader.lines():
            for index, image in enumerate(line.images):
                there.add(_row_key(line.job_id, index, image.sha256))
                by_model.setdefault(line.model, []).append(image.sha256)
        sets = {model: set_sha256(iter(hashes)) for model, hashes in by_model.items()}
        pairs = [_pair_of(line, line.other, there) for line in self.others.values() if line.other is not None]
        of_sets = [
            SetScore(line.set.model, line.count or 0, _full_names(line))
            for line in self.others.values()
            if line.set is not None and line.error is None and sets.get(line.set.model) == line.sha256
        ]
        return tuple(pair for pair in pairs if pair is not None), tuple(of_sets)


def _pair_of(line: ScoreLine, other: OtherScored, there: set[bytes]) -> PairScore | None:
    """Return the numbers of a pair; None for an error, or where an image is another one today."""
    job_id, image = line.job_id or "", line.image or 0
    keys = {_row_key(job_id, image, line.sha256), _row_key(other.job_id, other.image, other.sha256)}
    if line.error is not None or not keys <= there:
        return None
    return PairScore(job_id, image, other.job_id, other.image, _full_names(line))


def _full_names(line: ScoreLine) -> Mapping[str, float]:
    return {f"{line.scorer}.{name}": number for name, number in line.scores.items()}


def _row_key(job_id: str, image: int, sha256: str) -> bytes:
    return hashlib.blake2b(f"{job_id} {image} {sha256}".encode("utf-8", "surrogatepass"), digest_size=12).digest()
