"""The scorer ``judge``: asks about many images at once, and emits each outcome when its answers are on record."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from qwave_batch.client.chat_answers import ChatReply
from qwave_batch.errors import AccountError, QwaveError, RunStopped, UsageError
from qwave_batch.judging.approaches import Approach, Heard, Hearing
from qwave_batch.judging.call_pacing import pacing_of
from qwave_batch.judging.chat_calls import ChatCalls, ChatCompleter
from qwave_batch.judging.chat_request import ChatCall, UnshrinkableImage
from qwave_batch.judging.judge_budget import JudgeBudget
from qwave_batch.judging.judge_journal import JudgeJournal
from qwave_batch.judging.judge_params import JudgeParams
from qwave_batch.judging.token_costs import TokenPrice
from qwave_batch.model.clock import Clock
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scoring.scorer import Emit, Item, Level, Need, Outcome, Output, ScoreBudget, Scored, ScoreError

NAMES: Mapping[str, str] = {"questions": "judge", "pairs": "judge_pairs"}
"""The name of a judge by its mode."""
_DATED = re.compile(r"(?:[-@:][0-9]{3,8}(?:-[0-9]{2}){0,2})?")
"""The end of a name that says which state of the model it is: nothing, a date, or a number of three digits or more."""
GRACE_S = 10.0
"""How long chats in flight may take to end after an interruption."""


@dataclass(frozen=True, slots=True)
class OpenService:
    """A service that is ready to be asked."""

    chats: ChatCompleter
    price: TokenPrice | None
    """None where nobody states one."""


@dataclass(slots=True, kw_only=True)
class JudgeScorer:
    """A judge for one folder; used inside ``async with``."""

    approach: Approach
    settings: JudgeParams
    params: JsonObject
    """The settings that a score depends on."""
    journal: JudgeJournal
    open_service: Callable[[], AbstractAsyncContextManager[OpenService]]
    clock: Clock
    retry_failed: bool = False
    """Whether answers that could not be used are asked for once more."""
    version: str = field(default="1", init=False)
    batch: int = field(default=1, init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack, init=False)
    _service: OpenService | None = field(default=None, init=False)
    _budget: JudgeBudget | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """The first half of the full names of its numbers: each mode has one, so that neither replaces the other."""
        return self.settings.name or NAMES[self.settings.mode]

    @property
    def level(self) -> Level:
        """One image, or two."""
        return self.approach.level

    @property
    def needs(self) -> frozenset[Need]:
        """The parts of an item that its texts depend on."""
        return self.approach.needs

    @property
    def outputs(self) -> "dict[str, Output]":
        """The numbers of its approach."""
        return dict(self.approach.outputs)

    async def __aenter__(self) -> Self:
        """Open the journal and the service, and find out the price."""
        async with AsyncExitStack() as stack:
            await asyncio.to_thread(self.journal.__enter__)
            stack.push_async_callback(asyncio.to_thread, self.journal.__exit__, None, None, None)
            self._service = await stack.enter_async_context(self.open_service())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()
        self._service = None

    def price(self, items: Sequence[Item]) -> CostRange | None:
        """Return what the questions about some items cost that may be asked; None without a price."""
        price = self._opened().price
        if price is None:
            return None
        total = NOTHING
        for item in items:
            with suppress(UsageError):  # it will be an error of the item, for nothing
                for call in self.approach.calls(item):
                    newest = self.journal.newest(call.id)
                    if newest is None or newest.reply is None or self.retry_failed:
                        total += call.estimate.cost(price)
        return total

    def spent(self) -> int:
        """Return what all judges have cost this folder, with what they may have; it blocks."""
        money = self.journal.money()
        return money.spent_nusd + money.unsure_nusd

    def notes(self) -> list[str]:
        """Return facts about the money."""
        return [] if self._budget is None else self._budget.notes()

    async def score_all(self, items: AsyncIterator[Item], emit: Emit, budget: ScoreBudget) -> None:
        """Judge the items, as many at once as the limits allow.

        After an interruption nothing more is asked, and chats in flight may end.

        Raises:
            QwaveError: nothing more can be asked; what was answered is emitted, or on record.
        """
        calls = await self._calls(budget)
        taking = asyncio.Lock()
        ended: list[QwaveError] = []

        async def work() -> None:
            while not ended:
                async with taking:
                    item = await anext(items, None)
                if item is None:
                    return
                try:
                    scored = await self._scored(item, calls)
                except QwaveError as error:
                    ended.append(error)
                    calls.stop(error)
                    return
                await emit(scored)

        workers = [asyncio.create_task(work()) for _ in range(self.settings.concurrency)]
        try:
            await _all_done(workers)
        except asyncio.CancelledError:
            calls.stop(RunStopped("stopped before all was judged"))
            await asyncio.wait(workers, timeout=GRACE_S)
            raise
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if ended:
            raise ended[0]

    async def _scored(self, item: Item, calls: ChatCalls) -> Scored:
        cost_nusd = 0

        async def ask(call: ChatCall, hear: Hearing) -> Heard | ScoreError:
            nonlocal cost_nusd
            is_usable = (lambda reply: isinstance(hear(reply), Heard)) if self.retry_failed else None
            replied = await calls.ask(call, is_usable=is_usable)
            if isinstance(replied, ScoreError):
                return replied
            cost_nusd += replied.cost_nusd
            self._check_model(replied.reply)
            return hear(replied.reply)

        is_whole = False
        try:
            outcome: Outcome = await self.approach.judged(item, ask)
            is_whole = True
        except UsageError as error:
            code = "unusable_image" if isinstance(error, UnshrinkableImage) else "bad_question"
            outcome = ScoreError(code, str(error))
            is_whole = True
        finally:
            if not is_whole and self._budget is not None:
                self._budget.leave_unscored(cost_nusd)
        return Scored(item, outcome, cost_nusd)

    def _check_model(self, reply: ChatReply) -> None:
        """Raise AccountError for an answer of another model: one that adds its date to the name is the same."""
        wanted = self.settings.answers_as or self.settings.model or ""
        if reply.model and not is_same_model(wanted, reply.model):
            raise AccountError(
                f"{self._opened().chats.host} was asked for {wanted} and answers as {reply.model}; if that is the same "
                f"model, give answers_as={reply.model}: the answers so far are kept"
            )

    async def _calls(self, budget: ScoreBudget) -> ChatCalls:
        service = self._opened()
        money = await asyncio.to_thread(self.journal.money)
        self._budget = JudgeBudget(
            price=service.price,
            cap_nusd=None if budget.max_nusd is None else budget.max_nusd - budget.spent_nusd,
            spent_nusd=money.spent_nusd,
            unsure_nusd=money.unsure_nusd,
        )
        return ChatCalls(
            service=service.chats,
            journal=self.journal,
            pacing=pacing_of(
                random.Random(service.chats.host),  # noqa: S311 - of pauses
                concurrency=self.settings.concurrency,
                requests_per_minute=self.settings.requests_per_minute,
            ),
            budget=self._budget,
            clock=self.clock,
            tries=self.settings.tries,
            timeout_s=self.settings.timeout,
            max_wait_s=self.settings.max_wait,
        )

    def _opened(self) -> OpenService:
        if self._service is None:
            raise RuntimeError("the judge is not open")
        return self._service


def is_same_model(asked: str, told: str) -> bool:
    """Whether a service means the model that was asked for by the name it answers under."""
    asked, told = (name.casefold().rpartition("/")[2] for name in (asked, told))
    return told.startswith(asked) and _DATED.fullmatch(told, len(asked)) is not None


async def _all_done(workers: Sequence["asyncio.Task[None]"]) -> None:
    """Wait for all workers; raises what one of them raised."""
    waiting = set(workers)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        for worker in done:
            worker.result()
