"""Asks a question until it has an answer: recorded before it is sent, and answered once whatever happens."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, assert_never

from qwave_batch.client.answers import AccountBlocked, Denied, NoAnswer, Refused, TaskNotFound, Throttled
from qwave_batch.client.chat_answers import ChatAnswer, ChatReply
from qwave_batch.client.keyed_calls import encoded
from qwave_batch.errors import AccountError, QwaveError, UsageError
from qwave_batch.imaging.data_uris import data_uri
from qwave_batch.judging.call_pacing import CallPacing
from qwave_batch.judging.judge_budget import JudgeBudget
from qwave_batch.judging.judge_journal import AskedCall, JudgeJournal
from qwave_batch.judging.token_costs import TokenEstimate, estimate_tokens
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.run.wakeup import wait_until_either
from qwave_batch.scoring.scorer import ItemFile, ScoreError

_SURELY_FREE = frozenset({HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT})
"""Statuses without an answer that nobody charges for: the server was not able to begin, or is at it already."""
_FEW_TOKENS, _TOKENS_OF_AN_ANSWER = 64, 32
"""Enough for a JSON object with short answers, and a sentence around it."""
_VAIN_REFUSALS = 5
"""So many refusals with one code, and no answer yet, mean that no question will be taken."""
_VAIN_SILENCES = 3
"""So many questions given up in a row mean that the service is down."""


def _as_it_is(image: ItemFile, _: int) -> bytes:
    return image.data


class ChatCompleter(Protocol):
    """Completes chats: ``client.chat_api.ChatApi``, or a double of it."""

    @property
    def host(self) -> str:
        """Its name."""
        ...

    async def complete(self, body: bytes, *, idempotency_key: str, timeout_s: float) -> ChatAnswer:
        """Return the outcome of a chat; it raises nothing."""
        ...


class UnshrinkableImage(UsageError):
    """An image that can't be made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """Everything of a request but its text and images."""

    service: str
    """The host, or ``simulator``: the same model elsewhere may be another."""
    model: str
    fields: JsonObject
    """Further fields of the request, such as ``temperature``."""
    most_output: int | None
    """The limit of an answer's tokens that these fields set; None for one that grows with the questions."""
    detail: str | None = None
    image_tokens: int | None = None
    max_size: int | None = None
    """Pixels of the longer side of an image; larger ones are shown smaller."""
    shrink: Callable[[ItemFile, int], bytes] = field(default=_as_it_is, repr=False, compare=False)
    """Makes an image smaller; raises UnshrinkableImage."""

    def size_of(self, image: ItemFile) -> tuple[int, int]:
        """Return width and height as an image is shown."""
        scale = self._scale(image)
        return (max(1, round(image.width * scale)), max(1, round(image.height * scale)))

    def shown(self, image: ItemFile) -> bytes:
        """Return the bytes of an image as it is shown."""
        return image.data if self._scale(image) == 1 else self.shrink(image, self.max_size or 0)

    def _scale(self, image: ItemFile) -> float:
        longer = max(image.width, image.height)
        return 1.0 if self.max_size is None or longer <= self.max_size else self.max_size / longer


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """One question about one or two images."""

    settings: ChatSettings
    text: str
    images: tuple[ItemFile, ...]
    answers: int = 1
    """How many questions are answered."""

    @property
    def most_output(self) -> int:
        """The limit of the answer's tokens."""
        return self.settings.most_output or _FEW_TOKENS + _TOKENS_OF_AN_ANSWER * self.answers

    @property
    def id(self) -> str:
        """64 hex digits that stand for the question: equal for equal requests to one service."""
        shown: list[Json] = [f"sha256:{image.sha256}" for image in self.images]
        whole = {
            "request": self._request(shown),
            "service": self.settings.service,
            "max_size": self.settings.max_size,
        }
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def estimate(self) -> TokenEstimate:
        """The tokens that it should take."""
        return estimate_tokens(
            self.text,
            [self.settings.size_of(image) for image in self.images],
            most_output=self.most_output,
            answers=self.answers,
            image_tokens=self.settings.image_tokens,
        )

    def body(self) -> bytes:
        """Return the request as it is sent; it takes time for large images. Raises UnshrinkableImage."""
        return encoded(self._request([data_uri(self.settings.shown(image)) for image in self.images]))

    def _request(self, urls: Sequence[Json]) -> dict[str, Json]:
        detail: Mapping[str, Json] = {} if self.settings.detail is None else {"detail": self.settings.detail}
        content: list[Json] = [{"type": "text", "text": self.text}]
        content.extend({"type": "image_url", "image_url": {"url": url, **detail}} for url in urls)
        messages: list[Json] = [{"role": "user", "content": content}]
        limit: Mapping[str, Json] = {} if self.settings.most_output else {"max_tokens": self.most_output}
        return {"model": self.settings.model, "messages": messages, **limit, **self.settings.fields}


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
        newest = await asyncio.to_thread(self.journal.newest, call_id)
        attempt = 1 if newest is None else newest.attempt
        if newest is not None and newest.reply is not None:
            if is_usable is None or is_usable(newest.reply):
                return Replied(newest.reply, newest.cost_nusd)
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
            self.pacing.record(answer, sent_at=sent_at, now=self.clock.monotonic())
            cost_nusd = 0
            if isinstance(answer, ChatReply):
                cost_nusd = self._cost(answer, most_nusd)
                await asyncio.to_thread(self.journal.answer, call_id, attempt, answer, cost_nusd)
                self.budget.pay(most_nusd, cost_nusd)
                is_held = False
                self._note_reply(answer, sending.estimate)
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
