"""Scoring run folders: the scorer chosen, the work surveyed and agreed to, then done folder by folder."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from qwave_batch import lazy
from qwave_batch.api.scorer_choice import AnyScorer, ScorerChoice, ScorerSetup
from qwave_batch.api.scoring_workers import WorkerScoring, check_may_be_elsewhere, check_takes_workers
from qwave_batch.api.worker_opening import Executor, opened_workers
from qwave_batch.client.connection import AnyConnection, ConnectionFromEnviron
from qwave_batch.errors import BudgetError, QwaveError, UsageError
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsdIfKnown, usd_words
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.output.folder_reader import EVERY_LINE, FolderReader, LineFilter, open_folder
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.scoring.folder_scoring import FolderScoring, ScoringCounts, ScoringOutlook
from qwave_batch.scoring.known_answers import KnownAnswers
from qwave_batch.scoring.score_items import ItemMaker
from qwave_batch.scoring.score_lines import scorer_line
from qwave_batch.scoring.score_log import ScoreLog, open_score_log
from qwave_batch.scoring.score_questions import MODEL_AXIS, QuestionChoice
from qwave_batch.scoring.scorer import Level, Need, Output, PaidScorer, ScoreBudget, Scorer

ConfirmScoring = Callable[[CostRange | None], bool]
"""Asked before a paid scorer is: None where it knows no price."""
Interrupts = Callable[[Callable[[], None]], AbstractContextManager[None]]


def no_interrupts(_: Callable[[], None]) -> AbstractContextManager[None]:
    """Leave interrupts as they are."""
    return nullcontext()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """The scoring that is asked for."""

    folders: Sequence[str | Path]
    """Run folders, or addresses of stores."""
    scorer: str
    """A built-in scorer, one of an installed package, or the path of a YAML file that describes a command."""
    params: Mapping[str, str] = field(default_factory=dict)
    where: LineFilter = EVERY_LINE
    retry_failed: bool = False
    """Whether errors that may not pass are asked again too."""
    reuse: Sequence[str | Path] = ()
    """Folders whose scores are copied where image, prompt and scorer are the same."""
    references: Path | None = None
    """The folder in which ``meta.reference`` names files."""
    axis: str = MODEL_AXIS
    pairs: int | None = None
    seed: int = 0
    connection: AnyConnection = field(default_factory=ConnectionFromEnviron, repr=False)
    """The API, for a scorer that asks one."""
    max_nusd: int | None = None
    """The most that the scorer may cost; None for no limit."""
    max_usd = InUsdIfKnown()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderScores:
    """The result for one folder."""

    address: str
    counts: ScoringCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """The result of a scoring."""

    scorer: str
    version: str
    level: Level
    outputs: Mapping[str, Output]
    folders: tuple[FolderScores, ...]
    notes: tuple[str, ...] = ()
    """Facts that the scorer tells at the end."""
    stopped: QwaveError | None = None
    """Why not all was asked; what was answered is kept."""

    @property
    def is_complete(self) -> bool:
        """Whether every item has a score: exit status 0."""
        return self.stopped is None and all(folder.counts.is_complete for folder in self.folders)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``score --json`` prints."""
        return {
            "scorer": self.scorer,
            "version": self.version,
            "level": self.level.value,
            "outputs": [f"{self.scorer}.{name}" for name in self.outputs],
            "folders": [{"folder": folder.address, **folder.counts.as_json()} for folder in self.folders],
            "notes": list(self.notes),
            "stopped": None if self.stopped is None else str(self.stopped),
        }


def score_folders(
    request: ScoreRequest,
    *,
    on_work: OnWork = ignore_work,
    confirm: ConfirmScoring | None = None,
    interrupts: Interrupts = no_interrupts,
    clock: Clock | None = None,
    executor: Executor | None = None,
) -> ScoreReport:
    """Score the images of run folders, and keep the numbers in their scores.jsonl.

    Questions that were answered before are not asked again. Each answer is durable as it comes: after an interrupt or
    a kill, the same call goes on where it was. Call it outside of an event loop.

    Args:
        request: The scoring to do.
        on_work: Told of its progress, folder by folder.
        confirm: Asked before money is spent; None agrees.
        interrupts: Calls a function for each interrupt inside a block, for a scorer that costs money: what is in flight
            then may end.
        clock: The time; the system's without it.
        executor: Reads the images and asks about them; None for this process. A scorer that costs money, or gives
            numbers to sets, works here only.

    Raises:
        UsageError: the scorer, a parameter, the filter or the axis is not right, or no image has what the scorer needs.
        WorkersUnusable: the workers can't be reached, or have no such scorer; nothing was asked.
        FolderError: a folder is not a run folder, or its scores.jsonl is broken.
        MissingExtra: the scorer needs what is not installed.
        BudgetError: it would cost more than the limit; nothing was asked.
        StorageError: the disk fails, or another process scores the folder.
    """
    if not request.folders:
        raise UsageError("there is no run folder to score")
    with ExitStack() as stack:
        return _Scoring(request, stack, on_work, confirm, interrupts, clock or SystemClock(), executor).do()


_Ask: TypeAlias = Callable[[FolderScoring, ScoreLog], None]


@dataclass(slots=True)
class _Scoring:
    _request: ScoreRequest
    _stack: ExitStack
    _on_work: OnWork
    _confirm: ConfirmScoring | None
    _interrupts: Interrupts
    _clock: Clock
    _executor: Executor | None
    _choice: ScorerChoice = field(init=False)
    _done: list[FolderScores] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _known: KnownAnswers | None = None

    def __post_init__(self) -> None:
        self._choice = ScorerChoice(self._request.scorer, self._request.params)

    def do(self) -> ScoreReport:
        readers = [self._stack.enter_context(open_folder(folder)) for folder in self._request.folders]
        addresses = [reader.layout.address for reader in readers]
        if len(set(addresses)) < len(addresses):
            raise UsageError(f"{max(addresses, key=addresses.count)} is named twice")
        if self._executor is not None:
            check_may_be_elsewhere(self._choice)
        scorer = self._make(readers[0])
        if self._executor is not None:
            check_takes_workers(scorer)
        if isinstance(scorer, PaidScorer):
            stopped = lazy.asyncio.run(self._all_paid(readers, scorer))
        else:
            ask = self._asking(readers, scorer)
            stopped = self._all(readers, scorer, ask)
        if all(folder.counts.items == 0 for folder in self._done) and stopped is None:
            self._explain_nothing()
        return ScoreReport(
            scorer=scorer.name,
            version=scorer.version,
            level=scorer.level,
            outputs=scorer.outputs,
            folders=tuple(self._done),
            notes=tuple(self._notes),
            stopped=stopped,
        )

    @property
    def _references(self) -> Path | None:
        """The folder of reference images; as workers name it, whose working folder is another."""
        named = self._request.references
        return named if named is None or self._executor is None else named.absolute()

    def _make(self, reader: FolderReader) -> AnyScorer:
        request = self._request
        scorer = self._choice.make(
            ScorerSetup(
                layout=reader.layout,
                connection=request.connection,
                clock=self._clock,
                retry_failed=request.retry_failed,
            )
        )
        _check_use(request, scorer)
        return scorer

    def _folder(self, reader: FolderReader, scorer: AnyScorer) -> FolderScoring:
        request = self._request
        return FolderScoring(
            reader=reader,
            facts=scorer,
            maker=ItemMaker(reader, scorer.needs, self._references, ParentLines(reader)),
            choice=QuestionChoice(where=request.where, axis=request.axis, pairs=request.pairs, seed=request.seed),
            known=self._known_answers(scorer),
            clock=self._clock,
            on_work=self._on_work,
            retry_failed=request.retry_failed,
        )

    def _known_answers(self, scorer: AnyScorer) -> KnownAnswers:
        """Return the answers of the folders to reuse; those of the scored ones are added as they are read."""
        if self._known is None:
            self._known = KnownAnswers(scorer_line(scorer).edition, self._stack)
            for folder in self._request.reuse:
                reader = self._stack.enter_context(open_folder(folder))
                for _ in self._known.read(reader, of=scorer.name):
                    pass
        return self._known

    def _asking(self, readers: Sequence[FolderReader], scorer: Scorer) -> _Ask:
        """Return what asks about all that is left of a folder, here or by workers that can do it."""
        workers = self._stack.enter_context(opened_workers(self._executor, [reader.layout for reader in readers]))
        if workers is None:
            if isinstance(scorer, AbstractContextManager):
                self._stack.enter_context(scorer)
            return lambda work, log: work.run(scorer, log)
        by_folder = {
            reader.layout.address: WorkerScoring.of(reader.layout, self._choice, scorer, self._references)
            for reader in readers
        }
        by_folder[readers[0].layout.address].check(workers)
        return lambda work, log: work.run_elsewhere(workers, by_folder[work.reader.layout.address].work, log)

    def _all(self, readers: Sequence[FolderReader], scorer: Scorer, ask: _Ask) -> QwaveError | None:
        for reader in readers:
            work = self._folder(reader, scorer)
            outlook = self._surveyed(reader, work)
            if outlook.counts.items:
                if scorer.price is not None:
                    self._agree(outlook, 0)
                log = self._begun(reader, work)
                try:
                    ask(work, log)
                except QwaveError as error:
                    return _if_resumable(error)
        return None

    async def _all_paid(self, readers: Sequence[FolderReader], first: PaidScorer) -> QwaveError | None:
        for reader in readers:
            scorer = first if reader is readers[0] else self._make(reader)
            if not isinstance(scorer, PaidScorer):
                raise TypeError("a scorer that costs money in one folder and none in another")
            async with scorer:
                work = self._folder(reader, scorer)
                outlook = await lazy.asyncio.to_thread(self._surveyed, reader, work)
                if not outlook.counts.items:
                    continue
                self._agree(outlook, await lazy.asyncio.to_thread(scorer.spent))
                log = await lazy.asyncio.to_thread(self._begun, reader, work)
                try:
                    await self._ask(work, scorer, log)
                except QwaveError as error:
                    return _if_resumable(error)
                finally:
                    self._notes += scorer.notes()
        return None

    async def _ask(self, work: FolderScoring, scorer: PaidScorer, log: ScoreLog) -> None:
        spent = sum(folder.counts.cost_nusd for folder in self._done)
        asking = lazy.asyncio.ensure_future(
            work.run_paid(scorer, log, ScoreBudget(self._request.max_nusd, spent_nusd=spent))
        )
        try:
            with self._interrupts(lambda: _cancel(asking)):
                await asking
        except lazy.asyncio.CancelledError:
            raise KeyboardInterrupt from None

    def _agree(self, outlook: ScoringOutlook, spent_before_nusd: int) -> None:
        """Raise for work that costs more than the limit leaves, or that nobody agrees to.

        The limit is on all that the scorer ever costs these folders.
        """
        limit, price = self._request.max_nusd, outlook.price
        if not outlook.to_ask:
            return
        if price is None and limit is not None:
            raise UsageError("no price is known of this scorer, so a limit can't be kept; leave the limit out")
        spent = spent_before_nusd + sum(folder.counts.cost_nusd for folder in self._done)
        if price is not None and limit is not None and spent + price.typical_nusd > limit:
            raise BudgetError(
                f"{outlook.to_ask:,} items would cost about {usd_words(price.typical_nusd)}, and the limit leaves "
                f"{usd_words(max(0, limit - spent))} ({usd_words(spent)} spent); "
                "nothing was asked",
                next_steps=(NextStep.RAISE_RUN_BUDGET,),
            )
        if self._confirm is not None and not self._confirm(price):
            raise BudgetError("not confirmed, so nothing was asked")

    def _surveyed(self, reader: FolderReader, work: FolderScoring) -> ScoringOutlook:
        outlook = work.survey()
        self._done.append(FolderScores(address=reader.layout.address, counts=outlook.counts))
        return outlook

    def _begun(self, reader: FolderReader, work: FolderScoring) -> ScoreLog:
        """Open a folder's scores; they stay open to the end, since later folders may copy from them."""
        log = self._stack.enter_context(open_score_log(reader.layout, self._clock))
        work.begin(log)
        self._done[-1] = FolderScores(address=reader.layout.address, counts=work.counts)
        return log

    def _explain_nothing(self) -> None:
        """Raise for folders of which no image can be scored, if some image has lacked something."""
        lacking = sum((folder.counts.lacking for folder in self._done), Counter[Need]())
        if lacking:
            ((need, number),) = lacking.most_common(1)
            raise UsageError(f"the scorer {self._request.scorer} needs {_SOURCES[need]}, which {number:,} images lack")


def _check_use(request: ScoreRequest, scorer: AnyScorer) -> None:
    """Raise UsageError for what the scorer lacks, and for what was asked for and it has no use for."""
    needs_references = Need.REFERENCE in scorer.needs
    if needs_references and request.references is None:
        raise UsageError(f"the scorer {scorer.name} needs reference images: name the folder that they are in")
    if request.references is not None and not needs_references:
        raise UsageError(f"the scorer {scorer.name} looks at no reference images, so their folder has no use")
    is_of_pairs = scorer.level is Level.PAIR
    if not is_of_pairs and (request.pairs is not None or request.axis != MODEL_AXIS):
        raise UsageError(
            f"the scorer {scorer.name} gives no numbers to pairs, so neither their axis nor number has a use"
        )


def _cancel(task: "lazy.asyncio.Future[None]") -> None:
    """Ask a task to end."""
    task.cancel()


def _if_resumable(error: QwaveError) -> QwaveError:
    """Return an error after which what was answered counts; raise one that says that nothing could be done."""
    if isinstance(error, UsageError):
        raise error
    return error


_SOURCES: Mapping[Need, str] = {
    Need.PROMPT: "a prompt",
    Need.TEXT: "the text that an image is to show, meta.text of its prompt",
    Need.QUESTIONS: "questions about an image, meta.questions of its prompt",
    Need.REFERENCE: "images to compare with, meta.reference of its prompt",
    Need.INPUT: "input images, which the run folder holds",
}
"""The place that a part of an item comes from."""
