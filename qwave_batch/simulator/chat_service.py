"""Chat completions of the embedded API: limits, faults, money and idempotency keys, as for tasks.

Completions are known for as long as the process lives; tasks survive it, since they are looked for later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.simulator.account_balances import Accounts
from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.chat_completions import CHAT_SHAPES, Completion, as_stream, completion_of, cost_usd
from qwave_batch.simulator.chat_orders import ChatOrder, read_chat_order
from qwave_batch.simulator.corruption import balance_used_up
from qwave_batch.simulator.fault_language import Fault
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.inline_images import InlineImages
from qwave_batch.simulator.latency import fraction
from qwave_batch.simulator.replies import Reply, json_reply, refusal
from qwave_batch.simulator.validation import hash_of

SHARE_OF_LATENCY = 0.1
"""A chat takes this share of the time of a task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCharge:
    """One completion and its price."""

    account: str
    body_hash: str
    idempotency_key: str | None
    cost_quota: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chatted:
    """The outcome of a chat."""

    reply: Reply
    body_hash: str = ""
    """Names the chat for faults of its answer; empty where nothing was completed."""
    completion: Completion | None = None
    is_streamed: bool = False
    wait_s: float = 0.0
    """How long the answer takes."""


class ChatService:
    """Completes chats, and charges each once."""

    def __init__(
        self, *, catalog: Catalog, behaviour: Behaviour, accounts: Accounts, clock: Clock, keeps_keys: bool
    ) -> None:
        self._quota = catalog.quota
        self._behaviour = behaviour
        self._accounts = accounts
        self._clock = clock
        self._keeps_keys = keeps_keys
        self._images = InlineImages()
        self._by_key: dict[tuple[str, str], tuple[str, Completion]] = {}
        self.charges: list[ChatCharge] = []
        """All completions in their order."""

    def complete(self, account: str, body: JsonObject, idempotency_key: str | None) -> Chatted:
        """Reject a chat, complete it, or find the completion of its Idempotency-Key."""
        order = read_chat_order(body, self._images)
        if isinstance(order, Reply):
            return Chatted(reply=order)
        key = (account, idempotency_key) if self._keeps_keys and idempotency_key else None
        if key is not None and key in self._by_key:
            body_hash, known = self._by_key[key]
            if body_hash != order.body_hash:
                return Chatted(
                    reply=refusal(409, "idempotency_conflict", "this Idempotency-Key was used with another request")
                )
            return self._answered(order, known, wait_s=0.0)
        completion = completion_of(order, self._behaviour.seed, self._clock.now())
        cost_quota = self._quota.from_nusd(nusd_from_usd(cost_usd(completion)))
        if cost_quota > self._accounts.available(account, self._clock.now()):
            return Chatted(reply=balance_used_up())
        self._accounts.charge(account, cost_quota)
        self.charges.append(
            ChatCharge(
                account=account, body_hash=order.body_hash, idempotency_key=idempotency_key, cost_quota=cost_quota
            )
        )
        if key is not None:
            self._by_key[key] = (order.body_hash, completion)
        latency_s = self._behaviour.latency.draw(fraction(self._behaviour.seed, "chat", order.body_hash))
        return self._answered(order, completion, wait_s=latency_s * SHARE_OF_LATENCY)

    @staticmethod
    def _answered(order: ChatOrder, completion: Completion, *, wait_s: float) -> Chatted:
        return Chatted(
            reply=Reply(),
            body_hash=order.body_hash,
            completion=completion,
            is_streamed=order.is_streamed,
            wait_s=wait_s,
        )


def chat_key(raw: bytes, body: Mapping[str, object] | Reply) -> str:
    """Return what names a chat for faults: its body's hash."""
    return blake2b(raw, digest_size=12).hexdigest() if isinstance(body, Reply) else hash_of(dict(body))  # type: ignore[arg-type]  # JSON


def chat_reply(chatted: Chatted, faults: tuple[Fault, ...]) -> Reply:
    """Return the answer to a chat, with the faults that change its shape."""
    if chatted.completion is None:
        return chatted.reply
    names = {fault.name for fault in faults}
    completion = chatted.completion
    for name, reshape in CHAT_SHAPES.items():
        if name in names:
            completion = reshape(completion)
    if chatted.is_streamed or FaultName.STREAMED in names:
        return Reply(body=as_stream(completion), content_type="text/event-stream; charset=utf-8")
    return json_reply(completion)
