"""A scorer on workers: each makes its own, which must be the one that was chosen here."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.api.scorer_choice import AnyScorer, ScorerChoice, ScorerSetup
from qwave_batch.client.connection import ConnectionFromEnviron
from qwave_batch.errors import QwaveError, UsageError, WorkersUnusable
from qwave_batch.executors.shared_folder import SharedFolder
from qwave_batch.executors.workers import Work, Workers
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.clock import SystemClock
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.scoring.score_lines import encode_kept_line, scorer_line
from qwave_batch.scoring.scorer import Item, Level, PaidScorer, Scorer
from qwave_batch.scoring.shard_answers import ScoringWork, ShardAnswers, ShardScoring


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerScoring:
    """All that a worker makes a scorer of, for one folder."""

    folder: SharedFolder
    named: str
    """The scorer's name, or the absolute path of its file."""
    params: Mapping[str, str]
    stated: bytes
    """The line of scores.jsonl that states the scorer."""
    references: str | None = None
    """The absolute path of the folder in which ``meta.reference`` names files."""

    @classmethod
    def of(cls, layout: RunLayout, choice: ScorerChoice, scorer: Scorer, references: Path | None) -> "WorkerScoring":
        """Return that of a scorer that was chosen here."""
        return cls(
            folder=SharedFolder.of(layout),
            named=str(Path(choice.named).absolute()) if choice.is_file else choice.named,
            params=dict(choice.params),
            stated=encode_kept_line(scorer_line(scorer)),
            references=None if references is None else str(references),
        )

    @property
    def work(self) -> ScoringWork:
        """The work on shards of items."""
        return Work(_open_scoring, self)

    def check(self, workers: Workers) -> None:
        """Refuse workers that have another scorer than this process, or none; no item is asked about.

        Raises:
            WorkersUnusable: there are some, with their machine.
            WorkersGone: there are no workers any more.
        """
        for node in workers.on_each_node(Work(_open_check, self), None):
            if node.result is not None:
                raise WorkersUnusable(f"the workers on {node.host} can't score with {self.named}: {node.result}")

    def make(self, layout: RunLayout) -> Scorer:
        """Return the scorer, on a worker.

        Raises:
            QwaveError: there is none, or it is another one.
        """
        setup = ScorerSetup(layout=layout, connection=ConnectionFromEnviron(), clock=SystemClock())
        scorer = ScorerChoice(self.named, self.params).make(setup)
        if not isinstance(scorer, Scorer) or encode_kept_line(scorer_line(scorer)) != self.stated:
            raise WorkersUnusable(
                f"its {scorer.name} is of version {scorer.version}, or states other numbers or settings than the "
                "one here; install the same on both"
            )
        if self.references is not None and not Path(self.references).is_dir():
            raise WorkersUnusable(
                f"the folder {self.references} of reference images is not there; keep it on a disk that all share"
            )
        return scorer


def check_may_be_elsewhere(choice: ScorerChoice) -> None:
    """Refuse a scorer that is known to ask an API, before it is made.

    Raises:
        UsageError: it does.
    """
    if choice.asks_api:
        raise _is_paid(choice.named)


def check_takes_workers(scorer: AnyScorer) -> None:
    """Refuse a scorer whose work is not for workers.

    Raises:
        UsageError: it asks an API, or gives numbers to sets.
    """
    if isinstance(scorer, PaidScorer):
        raise _is_paid(scorer.name)
    if scorer.level is Level.SET:
        raise UsageError(
            f"the scorer {scorer.name} gives a number to all images of a model at once, which no two workers share; "
            "let this process do it"
        )


def _is_paid(name: str) -> UsageError:
    return UsageError(
        f"the scorer {name} asks an API, with a key, a budget and a journal that stay here, so workers are of no use "
        "to it; let this process do it"
    )


class _OpenScorer:
    """A scorer that is open on a worker; what it has started ends with it."""

    def __init__(self, scoring: WorkerScoring) -> None:
        layout = scoring.folder.layout()
        scorer, stack = scoring.make(layout), ExitStack()
        if isinstance(scorer, AbstractContextManager):
            stack.enter_context(scorer)
        weakref.finalize(self, stack.close)
        self._shards = ShardScoring(scorer, FolderReader(layout, None))

    def __call__(self, items: Sequence[Item]) -> ShardAnswers:
        return self._shards.answer(items)


def _open_scoring(scoring: WorkerScoring) -> Callable[[Sequence[Item]], ShardAnswers]:
    return _OpenScorer(scoring)


def _open_check(scoring: WorkerScoring) -> Callable[[None], str | None]:
    def fault(_: None) -> str | None:
        try:
            scoring.make(scoring.folder.layout())
        except QwaveError as error:
            return str(error)
        return None

    return fault
