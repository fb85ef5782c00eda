"""``score``: asks a scorer about the images of one folder, and keeps each answer as it comes.

A question that was answered before costs nothing: here it needs nothing at all, and where another image, or another
folder, has the same bytes and prompt, its line is copied. Equal questions that come while the first of them is being
asked wait for its answer; where its own image can't be read, the next of them is asked in its place.
"""

from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from qwave_batch import lazy
from qwave_batch.errors import QwaveError
from qwave_batch.executors.sharded_work import ShardedWork, in_batches
from qwave_batch.executors.workers import Workers
from qwave_batch.model.clock import Clock
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.scoring.answer_check import BrokenScorer, FailureCount, answers_of, checked_outcome
from qwave_batch.scoring.known_answers import KnownAnswers, SettledQuestions
from qwave_batch.scoring.score_items import ItemLoader, ItemMaker, Lacking, Loaded
from qwave_batch.scoring.score_lines import ScoreLine, ScorerLine, encode_kept_line, scorer_line
from qwave_batch.scoring.score_log import ScoreLog
from qwave_batch.scoring.score_questions import Question, QuestionChoice, questions_of, subject_of
from qwave_batch.scoring.scorer import (
    Item,
    Need,
    Outcome,
    PaidScorer,
    Score,
    ScoreBudget,
    Scored,
    ScoreError,
    Scorer,
    ScorerFacts,
)
from qwave_batch.scoring.shard_answers import ScoringWork, ShardAnswer, killed_answer, shard_size

_PRICED_AT_ONCE = 256
_LEAST_AHEAD = 8
"""Images that are read before the scorer needs them."""


@dataclass(slots=True)
class ScoringCounts:
    """The figures of a scoring."""

    items: int = 0
    """Images, pairs or sets that the scorer can be asked about."""
    kept: int = 0
    """Of them, those whose score was here before."""
    scored: int = 0
    reused: int = 0
    """Copied from an equal question's answer."""
    failed: int = 0
    lacking: Counter[Need] = field(default_factory=Counter)
    """Images that were left out, by what their lines lack."""
    failures: Counter[str] = field(default_factory=Counter)
    """Errors by code."""
    first_failure: ScoreError | None = None
    cost_nusd: int = 0
    cost_usd = InUsd()

    @property
    def is_complete(self) -> bool:
        """Whether every item has a score."""
        return self.kept + self.scored + self.reused == self.items

    def count_failure(self, error: ScoreError, times: int) -> None:
        """Count items that an error was kept for."""
        self.failed += times
        self.failures[error.code] += times
        self.first_failure = self.first_failure or error

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``score --json`` about a folder."""
        return {
            "items": self.items,
            "kept": self.kept,
            "scored": self.scored,
            "reused": self.reused,
            "failed": self.failed,
            "failures": dict(self.failures),
            "lacking": {need.value: number for need, number in self.lacking.items()},
            "cost_usd": self.cost_usd,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringOutlook:
    """The work that is ahead, before any of it is done."""

    to_ask: int
    """Items that the scorer will be asked about."""
    price: CostRange | None
    """None where the scorer knows no price, or costs nothing."""
    counts: ScoringCounts
    """The items, and what others lack."""


@dataclass(slots=True)
class FolderScoring:
    """The scoring of one folder."""

    reader: FolderReader
    facts: ScorerFacts
    maker: ItemMaker
    choice: QuestionChoice
    known: KnownAnswers
    clock: Clock
    on_work: OnWork
    retry_failed: bool
    counts: ScoringCounts = field(default_factory=ScoringCounts)
    _settled: SettledQuestions = field(init=False)
    _newest: ScorerLine | None = None
    """The scorer as the folder's newest line of its name states it."""
    _waiting: dict[tuple[str, ...], list[Question]] = field(default_factory=dict)
    """By key: the questions that wait for the answer to an equal one, which is being asked."""
    _unasked: deque[Question] = field(default_factory=deque)
    """Questions that have waited for one whose own image can't be read."""
    _own: int = 0
    """The number of the folder's file among the known answers."""
    _done: int = 0
    _total: int = 0

    def __post_init__(self) -> None:
        """Begin with nothing read."""
        self._settled = SettledQuestions(self.retry_failed)

    def survey(self) -> ScoringOutlook:
        """Read what is kept here, count the items, and estimate what those that are left will cost.

        Raises:
            FolderError: a line of scores.jsonl is not right.
            UsageError: the filter or the axis is not right.
            StorageError: the folder can't be read.
        """
        self._read_kept()
        asked, price = set[bytes](), NOTHING if self.facts.price is not None else None
        counts = self.counts = ScoringCounts()
        for questions in in_batches(self._left(counts, asked), _PRICED_AT_ONCE):
            if self.facts.price is not None and price is not None:
                found = self.facts.price([question.item for question in questions])
                price = None if found is None else price + found
        self._total = counts.items
        return ScoringOutlook(to_ask=len(asked), price=price, counts=counts)

    def run(self, scorer: Scorer, log: ScoreLog) -> None:
        """Ask a scorer about what is left; each batch is durable before the next is asked.

        Raises:
            BrokenScorer: the scorer fails on everything.
            FolderBusy, StorageError: the scores can't be kept.
        """
        failures = FailureCount(scorer.name)
        for questions in self._rounds(log):
            with closing(self._loaded(questions, batch=scorer.batch)) as loaded:
                for batch in in_batches(loaded, scorer.batch):
                    items = [item for _, item in batch if not isinstance(item, ScoreError)]
                    found = answers_of(scorer, items) if items else []
                    failures.take(found)
                    answers = iter(found)
                    for question, item in batch:
                        if isinstance(item, ScoreError):
                            self._settle_unread(log, question, item)
                        else:
                            self._settle(log, question, next(answers))

    def run_elsewhere(self, workers: Workers, work: ScoringWork, log: ScoreLog) -> None:
        """Have workers ask their own scorers about what is left; answers are durable as they come, in order.

        Raises:
            BrokenScorer: the scorer fails on everything, or ends its workers.
            FolderBusy, StorageError: the scores can't be kept.
            WorkersGone: there are no workers any more.
        """
        failures, batch = FailureCount(self.facts.name), self.facts.batch
        sharded = ShardedWork(workers, work, told=lambda question: question.item, killed=killed_answer)
        for questions in self._rounds(log):
            shards = in_batches(questions, shard_size(batch))
            for answered in in_batches(_until_raised(sharded.results(shards)), batch):
                failures.take([answer.outcome for _, answer in answered if answer.was_asked])
                for question, answer in answered:
                    if isinstance(answer.outcome, ScoreError) and not answer.was_asked:
                        self._settle_unread(log, question, answer.outcome)
                    else:
                        self._settle(log, question, answer.outcome)

    async def run_paid(self, scorer: PaidScorer, log: ScoreLog, budget: ScoreBudget) -> None:
        """Have a paid scorer ask what is left; each answer is durable before its emitting is over.

        Raises:
            QwaveError: as ``PaidScorer.score_all``; what was emitted stays.
        """
        lock, loader = lazy.asyncio.Lock(), ItemLoader(self.reader)
        questions = chain.from_iterable(self._rounds(log))
        asked: dict[tuple[str, ...], Question] = {}

        async def keep(settle: Callable[[], None]) -> None:
            async with lock:  # one thread at a time reads the folder and writes the scores
                await lazy.asyncio.to_thread(settle)

        async def kept(settle: Callable[[], None]) -> None:
            keeping = lazy.asyncio.ensure_future(keep(settle))
            try:
                await lazy.asyncio.shield(keeping)
            except lazy.asyncio.CancelledError:  # what was paid is kept first
                await keeping
                raise

        async def items() -> AsyncIterator[Item]:
            while True:
                async with lock:
                    question = await lazy.asyncio.to_thread(next, questions, None)
                if question is None:
                    return
                loaded = await lazy.asyncio.to_thread(loader.load, question.item)
                if isinstance(loaded, ScoreError):
                    await kept(partial(self._settle_unread, log, question, loaded))
                else:
                    asked[subject_of(question.item)] = question
                    yield loaded

        async def emit(scored: Scored) -> None:
            question = asked.pop(subject_of(scored.item), None)
            if question is None:
                raise BrokenScorer(f"the scorer {scorer.name} answered an item twice, or one that it was not given")
            outcome = checked_outcome(scorer, scored.outcome)
            await kept(partial(self._settle, log, question, outcome, scored.cost_nusd))

        await scorer.score_all(items(), emit, budget)

    def begin(self, log: ScoreLog) -> None:
        """State the scorer, unless the folder's newest line of its name does."""
        stated = encode_kept_line(scorer_line(self.facts))
        if self._newest is None or encode_kept_line(self._newest) != stated:
            log.append([stated])
        self.counts = ScoringCounts(lacking=self.counts.lacking)
        self._own = self.known.add_file(log.line_at)

    def _read_kept(self) -> None:
        for line in self.known.read(self.reader, of=self.facts.name):
            if isinstance(line, ScorerLine):
                self._newest = line
            else:
                self._settled.add(line)

    def _left(self, counts: ScoringCounts, asked: set[bytes]) -> Iterator[Question]:
        """Count the items, and yield those that nobody has answered, one of each that are equal."""
        for question in self._all(counts):
            named = self.known.hash_of(question)
            if named not in asked and not self._is_settled(question) and named not in self.known:
                asked.add(named)
                yield question

    def _all(self, counts: ScoringCounts) -> Iterator[Question]:
        for question in questions_of(self.reader, self.maker, self.facts.level, self.choice):
            if isinstance(question, Lacking):
                counts.lacking[question.need] += 1
            else:
                counts.items += 1
                yield question

    def _questions(self, log: ScoreLog) -> Iterator[Question]:
        """Yield what is to be asked; what is known is settled on the way."""
        self.counts.lacking.clear()
        for question in self._all(self.counts):
            key = question.key(self.known.edition)
            if self._is_settled(question):
                self.counts.kept += 1
                self._step()
            elif (answer := self.known.find(question)) is not None:
                self._keep(log, [(question, score_of_line(answer), 0)])
                self.counts.reused += 1
            elif key in self._waiting:
                self._waiting[key].append(question)
            else:
                self._waiting[key] = []
                yield question

    def _rounds(self, log: ScoreLog) -> Iterator[Iterator[Question]]:
        """Yield what is to be asked, and then, again and again, what could not be answered by an equal question."""
        yield self._questions(log)
        while self._unasked:
            unasked, self._unasked = self._unasked, deque()
            yield iter(unasked)

    def _loaded(self, questions: Iterator[Question], *, batch: int) -> Generator[tuple[Question, Loaded]]:
        loader, threads = ItemLoader(self.reader), threads_over(self.reader.layout.artifacts)
        ahead = max(_LEAST_AHEAD, 2 * batch, threads)
        yield from in_threads(lambda question: loader.load(question.item), questions, ahead=ahead, threads=threads)

    def _settle_unread(self, log: ScoreLog, question: Question, error: ScoreError) -> None:
        """Keep the error of a question whose image can't be read; the next that waits for its answer is asked."""
        key = question.key(self.known.edition)
        if self._waiting[key]:
            first, *self._waiting[key] = self._waiting[key]
            self._unasked.append(first)
        else:
            del self._waiting[key]
        self._keep(log, [(question, error, 0)])
        self.counts.count_failure(error, 1)

    def _settle(self, log: ScoreLog, question: Question, outcome: Outcome, cost_nusd: int = 0) -> None:
        """Keep an outcome for its question and for those that wait for it; their own cost is nothing."""
        waiting = self._waiting.pop(question.key(self.known.edition))
        self._keep(log, [(question, outcome, cost_nusd), *((each, outcome, 0) for each in waiting)])
        if isinstance(outcome, ScoreError):
            self.counts.count_failure(outcome, 1 + len(waiting))
        else:
            self.counts.scored += 1
            self.counts.reused += len(waiting)
        self.counts.cost_nusd += cost_nusd

    def _keep(self, log: ScoreLog, outcomes: Sequence[tuple[Question, Outcome, int]]) -> None:
        now = self.clock.now()
        lines = [question.line(self.facts, outcome, cost_nusd=cost, at=now) for question, outcome, cost in outcomes]
        for place, line in zip(log.append([encode_kept_line(line) for line in lines]), lines, strict=True):
            self.known.add(self._own, place, line)
            self._step()

    def _is_settled(self, question: Question) -> bool:
        return self._settled.has(question, self.known.edition)

    def _step(self) -> None:
        self._done += 1
        self.on_work(WorkProgress(done=self._done, total=self._total))


def score_of_line(line: ScoreLine) -> Score:
    """Return the score of a line that is not an error."""
    return Score(line.scores, line.details)


def _until_raised(
    answers: Iterator[tuple[Question, ShardAnswer | QwaveError]],
) -> Iterator[tuple[Question, ShardAnswer]]:
    """Yield answers up to the first item that a scorer raised on for good, then raise that."""
    for question, answer in answers:
        if isinstance(answer, QwaveError):
            raise answer
        yield question, answer
