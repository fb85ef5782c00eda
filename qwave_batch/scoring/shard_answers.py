"""A shard of items asked by a worker: it reads the images, asks its own scorer, and writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from qwave_batch.errors import QwaveError, WorkerKilled
from qwave_batch.executors.sharded_work import in_batches
from qwave_batch.executors.workers import Work
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.scoring.answer_check import KILLED, answers_of
from qwave_batch.scoring.score_items import ItemLoader, path_of_image
from qwave_batch.scoring.score_questions import Question
from qwave_batch.scoring.scorer import Item, ItemFile, Outcome, ScoreError, Scorer

_ITEMS_IN_SHARD = 16
"""At least, where a scorer takes fewer at once: what is lost with a worker, and what it is told at a time."""


@dataclass(frozen=True, slots=True)
class ShardAnswer:
    """The outcome of an item."""

    outcome: Outcome
    was_asked: bool
    """False for an item that could not be read, which says nothing of the scorer."""


ShardAnswers: TypeAlias = Sequence[ShardAnswer | QwaveError]
"""For each item; from the first on that a scorer gave up at, its error."""
ScoringWork: TypeAlias = Work[Any, tuple[Item, ...], ShardAnswers]


def shard_size(batch: int) -> int:
    """Return how many items a worker is told of at once: whole batches, as a scorer would be given here."""
    return batch * max(1, _ITEMS_IN_SHARD // batch)


@dataclass(frozen=True, slots=True)
class ShardScoring:
    """A scorer and a folder as a worker has them."""

    scorer: Scorer
    reader: FolderReader

    def answer(self, items: Sequence[Item]) -> ShardAnswers:
        """Return the answers to a shard of items, which come without bytes."""
        answers: list[ShardAnswer | QwaveError] = []
        load, threads = ItemLoader(self.reader).load, threads_over(self.reader.layout.artifacts)
        try:
            for batch in in_batches(in_threads(load, map(self._here, items), threads=threads), self.scorer.batch):
                loaded = [item for _, item in batch if not isinstance(item, ScoreError)]
                asked = iter(answers_of(self.scorer, loaded) if loaded else ())
                answers += [
                    ShardAnswer(item, was_asked=False)
                    if isinstance(item, ScoreError)
                    else ShardAnswer(next(asked), was_asked=True)
                    for _, item in batch
                ]
        except QwaveError as error:
            answers += [error] * (len(items) - len(answers))
        return answers

    def _here(self, item: Item) -> Item:
        """Return an item with the paths that its images have for this worker."""
        other = item.other
        return replace(
            item, file=self._placed(item.file), other=other and replace(other, file=self._placed(other.file))
        )

    def _placed(self, file: ItemFile) -> ItemFile:
        return replace(file, path=path_of_image(self.reader.layout.artifacts, file.name))


def killed_answer(_: Question, error: WorkerKilled) -> ShardAnswer:
    """Return the answer to an item that ended every worker which asked about it."""
    message = f"it ended {error.workers} workers, one after the other ({error.how})"
    return ShardAnswer(ScoreError(KILLED, message, retryable=True), was_asked=True)
