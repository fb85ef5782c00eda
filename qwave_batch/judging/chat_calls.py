"""Asks a question until it has an answer: recorded before it is sent, and answered once whatever happens."""

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, assert_never
from weakref import WeakValueDictionary

from qwave_batch.client.answers import AccountBlocked, Denied, NoAnswer, Refused, TaskNotFound, Throttled
from qwave_batch.client.chat_answers import ChatAnswer, ChatReply
from qwave_batch.errors import AccountError, QwaveError
from qwave_batch.judging.call_pacing import CallPacing
from qwave_batch.judging.chat_request import ChatCall
from qwave_batch.judging.judge_budget import JudgeBudget
from qwave_batch.judging.judge_journal import AskedCall, JudgeJournal
from qwave_batch.judging.token_costs import TokenEstimate
from qwave_batch.model.clock import Clock
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.run.wakeup import wait_until_either
from qwave_batch.scoring.scorer import ScoreError

_SURELY_FREE = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT})
"""Statuses without an answer that nobody charges for: the server could not begin, or is at it already.

Any other failure of a server may come after the answer was made and billed."""
_VAIN_REFUSALS = 5
"""So many refusals with one code, and no answer yet, mean that no question will be taken."""
_VAIN_SILENCES = 3
"""So many questions given up in a row mean that the service is down."""


class ChatCompleter(Protocol):
    """Completes chats: ``client.chat_api.ChatApi``, or a double of it."""

    @property
    def host(self) -> str:
        """Its name."""
        ...

    async def complete(self, body: bytes, *, idempotency_key: str, timeout_s: float) -> ChatAnswer:
        """Return the outcome of a chat; it raises nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Replied:
    """A question that was answered, now or earlier."""

    reply: ChatReply
    cost_nusd: int
    """Of all attempts at it."""


@dataclass(frozen=True, slots=True)
class _Sending:
    """An attempt at a question, ready to be sent, perhaps again."""

    call_id: str
    attempt: int
    key: str
    body: bytes
    estimate: TokenEstimate


@dataclass(slots=True, kw_only=True)
class ChatCalls:
    """Asks the questions of one judge; many may be asked at once."""

    service: ChatCompleter
    journal: JudgeJournal
    pacing: CallPacing
    budget: JudgeBudget
    clock: Clock
    tries: int
    """How often a question may be sent without an answer coming back."""
    timeout_s: float
    max_wait_s: float
    """The longest acceptable pause."""
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """Questions that are being asked: the same one is asked once."""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _refused: dict[str, int] = field(default_factory=dict)
    _answered: bool = False
    _silent: int = 0
    _ended: QwaveError | None = None

    def stop(self, reason: QwaveError) -> None:
        """Send nothing more: later questions raise the reason, and chats in flight may end."""
        self._ended = self._ended or reason
        self._changed.set()

    async def ask(self, call: ChatCall, *, is_usable: "IsUsable | None" = None) -> Replied | ScoreError:
        """Return the answer to a question: the recorded one if there is one, else that of a new request.

        Args:
            call: The question.
            is_usable: Whether a recorded answer may count; one that may not is asked for once more, under a new key.
                None takes any.

        Raises:
            QwaveError: nothing more can be asked: the account, the budget or the service is at its end.
        """
        call_id = call.id
        turn = self._turns.setdefault(call_id, asyncio.Lock())
        is_shared = turn.locked()  # two images with equal bytes: the first to ask pays
        async with turn:
            newest = await asyncio.to_thread(self.journal.newest, call_id)
            attempt = 1 if newest is None else newest.attempt
            if newest is not None and newest.reply is not None:
                if is_shared or is_usable is None or is_usable(newest.reply):
                    return Replied(newest.reply, 0 if is_shared else newest.cost_nusd)
                attempt += 1
            return await self._ask_anew(call, call_id, attempt, newest)

    async def _ask_anew(
        self, call: ChatCall, call_id: str, attempt: int, newest: AskedCall | None
    ) -> Replied | ScoreError:
        """Send a question until it is answered or refused, or was sent in vain as often as is allowed."""
        body = await asyncio.to_thread(call.body)
        sending = _Sending(call_id, attempt, self.journal.key_of(call_id, attempt), body, call.estimate)
        error = ScoreError("no_answer", "it was not asked", retryable=True)
        unanswered = 0
        while unanswered < self.tries:
            most_nusd = await self._enter(sending.estimate)
            try:
                answer, cost_nusd = await self._send(sending, most_nusd)
            finally:
                self._leave()
            if isinstance(answer, ChatReply):
                return Replied(answer, cost_nusd + (0 if newest is None else newest.cost_nusd))
            error = self._error_of(answer)
            if isinstance(answer, NoAnswer):
                unanswered += 1
            elif not isinstance(answer, Throttled):
                return error
        self._silent += 1
        if self._silent >= _VAIN_SILENCES:
            raise QwaveError(f"{self.service.host} does not answer: {error.message}")
        return error

    async def _send(self, sending: "_Sending", most_nusd: int) -> tuple[ChatAnswer, int]:
        """Send a question once, with its intent and its end on record; return the answer and its cost."""
        call_id, attempt = sending.call_id, sending.attempt
        is_held = True
        try:
            await asyncio.to_thread(self.journal.intend, call_id, attempt, most_nusd)
            sent_at = self.clock.monotonic()
            answer = await self.service.complete(sending.body, idempotency_key=sending.key, timeout_s=self.timeout_s)
            if isinstance(answer, ChatReply):
                self._note_reply(answer, sending.estimate)  # before more are let in, which are held at what was learned
            self.pacing.record(answer, sent_at=sent_at, now=self.clock.monotonic())
            cost_nusd = 0
            if isinstance(answer, ChatReply):
                cost_nusd = self._cost(answer, most_nusd)
                await asyncio.to_thread(self.journal.answer, call_id, attempt, answer, cost_nusd)
                self.budget.pay(most_nusd, cost_nusd)
                is_held = False
            elif _is_free(answer):
                is_final = isinstance(answer, Refused)
                await asyncio.to_thread(self.journal.take_back, call_id, attempt, is_final=is_final)
                self.budget.release(most_nusd)
                is_held = False
            return answer, cost_nusd
        finally:
            if is_held:
                self.budget.doubt(most_nusd)

    async def _enter(self, estimate: TokenEstimate) -> int:
        """Wait until a chat may be sent, and hold its price; return the hold."""
        while True:
            if self._ended is not None:
                raise self._ended
            now = self.clock.monotonic()
            if self.pacing.waits_s(now) > self.max_wait_s:
                raise AccountError(
                    f"{self.service.host} asks for a pause of {self.pacing.waits_s(now):,.0f} s, more than the "
                    f"{self.max_wait_s:,.0f} s of max_wait; the answers so far are kept"
                )
            most_nusd = self.budget.most_nusd(estimate)
            opens_at = self.pacing.opens_at(now)
            is_affordable = self.budget.fits(most_nusd)
            if not is_affordable and not self.pacing.in_flight:
                raise self.budget.used_up(most_nusd)
            if is_affordable and opens_at <= now:
                self.pacing.enter(now)
                self.budget.hold(most_nusd)
                return most_nusd
            self._changed.clear()
            if opens_at <= now or opens_at == float("inf"):
                await self._changed.wait()
            else:
                await wait_until_either(self.clock.sleep(opens_at - now), self._changed.wait())

    def _leave(self) -> None:
        self.pacing.leave()
        self._changed.set()

    def _cost(self, reply: ChatReply, most_nusd: int) -> int:
        """Return the charge for an answer; one that counts no tokens is taken to cost the most.

        Without a price it is the charge that the service states, if it does.
        """
        usage, price = reply.usage, self.budget.price
        if price is None:
            return 0 if usage is None or usage.cost_usd is None else nusd_from_usd(usage.cost_usd)
        return most_nusd if usage is None else price.cost_nusd(usage)

    def _note_reply(self, reply: ChatReply, estimate: TokenEstimate) -> None:
        self._answered = True
        self._silent = 0
        if reply.usage is not None:
            self.budget.learn(estimate, reply.usage.input_tokens)

    def _error_of(self, answer: Refused | AccountBlocked | Denied | TaskNotFound | Throttled | NoAnswer) -> ScoreError:
        """Return the error of an item whose question has no answer; raises if no other question would have one."""
        match answer:
            case AccountBlocked(kind=kind, message=message, status=status):
                what = "refuses the key" if kind == "key" else "says that the balance is used up"
                raise AccountError(
                    f"{self.service.host} {what} (HTTP {status}: {message}); the answers so far are kept"
                )
            case Denied():
                return self._error_of_denial(answer)
            case Refused():
                return self._error_of_refusal(answer)
            case TaskNotFound(message=message, status=status):
                raise AccountError(f"{self.service.host} completes no chats at this address (HTTP {status}: {message})")
            case Throttled(message=message):
                return ScoreError("rate_limited", message, retryable=True)
            case NoAnswer(reason=reason, is_untrusted=is_untrusted):
                if is_untrusted:
                    raise QwaveError(f"{self.service.host} could not be reached: {reason}")
                return ScoreError("no_answer", reason, retryable=True)
            case _:
                assert_never(answer)

    def _error_of_denial(self, answer: Denied) -> ScoreError:
        """Return the error of one forbidden question; one before any answer is taken for a key that may ask nothing."""
        if answer.concerns == "job" or (answer.concerns == "unsaid" and self._answered):
            return ScoreError(answer.code, answer.message)
        raise AccountError(
            f"{self.service.host} does not let this key ask (HTTP {answer.status}: {answer.message}); "
            "the answers so far are kept"
        )

    def _error_of_refusal(self, answer: Refused) -> ScoreError:
        host = self.service.host
        told = f"HTTP {answer.status}, {answer.code}: {answer.message}"
        if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED} or answer.keeps_attempt:
            raise AccountError(f"{host} does not complete chats with this model ({told})")
        self._refused[answer.code] = self._refused.get(answer.code, 0) + 1
        if not self._answered and self._refused[answer.code] >= _VAIN_REFUSALS:
            raise AccountError(f"{host} refuses every question ({told})")
        return ScoreError(answer.code, answer.message)


class IsUsable(Protocol):
    """Tells whether a recorded answer may count."""

    def __call__(self, reply: ChatReply) -> bool:
        """Return whether it may."""
        ...


def _is_free(answer: ChatAnswer) -> bool:
    """Whether a chat that ended like this has certainly not been paid."""
    if isinstance(answer, NoAnswer):
        return not answer.sent or answer.status in _SURELY_FREE
    return not isinstance(answer, ChatReply)
