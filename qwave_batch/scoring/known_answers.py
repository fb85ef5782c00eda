"""The answers that are kept already: those of this folder, which need nothing, and those of others, which are copied.

Memory is a hash and a place for each answer of the scorer that is asked; the lines stay in their files.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from qwave_batch.folder.artifacts import SCORES
from qwave_batch.folder.storage import storage_errors
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.scoring.kept_scores import placed_lines
from qwave_batch.scoring.score_lines import KeptLine, ScoreLine, kept_line_from_json
from qwave_batch.scoring.score_log import line_in
from qwave_batch.scoring.score_questions import Question

LineAt = Callable[[int], bytes]
"""Returns the line at a place of a file."""


@dataclass(slots=True)
class KnownAnswers:
    """The answers of one scorer, over all folders that are looked at; ``stack`` closes their files."""

    edition: tuple[str, str, str]
    stack: ExitStack
    _files: list[LineAt] = field(default_factory=list)
    _places: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """The file and the place of an answer, by its key."""

    def read(self, reader: FolderReader, *, of: str) -> Iterator[KeptLine]:
        """Take in the answers that a folder keeps, and yield the lines of the scorer's name, of any version.

        Raises:
            FolderError: a line is not right.
            StorageError: the file can't be read.
        """
        layout = reader.layout
        try:
            file = self.stack.enter_context(layout.artifacts.open(SCORES))
        except FileNotFoundError:
            return
        number = self.add_file(lambda place: line_in(file, place))
        with storage_errors(layout.root, "read", SCORES):
            for place, line in placed_lines(layout, file):
                if line.scorer == of:
                    if isinstance(line, ScoreLine):
                        self.add(number, place, line)
                    yield line

    def add_file(self, line_at: LineAt) -> int:
        """Take in a file and return its number."""
        self._files.append(line_at)
        return len(self._files) - 1

    def add(self, file: int, place: int, line: ScoreLine) -> None:
        """Take in the line at a place of a file; an error is passed over."""
        if line.edition == self.edition and line.error is None:
            self._places.setdefault(_hash(line.key), (file, place))

    def hash_of(self, question: Question) -> bytes:
        """Return the hash that an answer to a question is found by."""
        return _hash(question.key(self.edition))

    def __contains__(self, named: bytes) -> bool:
        return named in self._places

    def find(self, question: Question) -> ScoreLine | None:
        """Return an answer to a question, whichever image and folder it was given about."""
        found = self._places.get(self.hash_of(question))
        if found is None:
            return None
        file, place = found
        line = kept_line_from_json(json.loads(self._files[file](place)))
        return line if isinstance(line, ScoreLine) else None


@dataclass(slots=True)
class SettledQuestions:
    """The questions of a folder whose newest line is an answer, or an error that is not asked again."""

    retry_failed: bool
    """Whether errors that may not pass are asked again too."""
    _settled: set[bytes] = field(default_factory=set)

    def add(self, line: ScoreLine) -> None:
        """Take in a line of the scorer."""
        named = _hash((*line.subject, *line.key))
        if line.error is None or not (line.error.retryable or self.retry_failed):
            self._settled.add(named)
        else:
            self._settled.discard(named)

    def has(self, question: Question, edition: tuple[str, str, str]) -> bool:
        """Whether a question to a scorer needs no other answer."""
        return _hash((*question.subject, *question.key(edition))) in self._settled


def _hash(parts: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
