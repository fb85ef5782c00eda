"""The embedded task API without a socket: every call is a function that answers at once."""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.model.task import TaskState
from qwave_batch.simulator import dialect
from qwave_batch.simulator.account_balances import Accounts
from qwave_batch.simulator.api_calls import Call, Caller, Seen, Submission
from qwave_batch.simulator.behaviour import Behaviour, FaultInjector
from qwave_batch.simulator.chained_tasks import chain_refusal, inherited_version
from qwave_batch.simulator.chat_completions import CHAT_SHAPES
from qwave_batch.simulator.chat_orders import CHAT_MODEL, CHAT_RATES
from qwave_batch.simulator.chat_service import ChatService, Chatted, chat_key, chat_reply
from qwave_batch.simulator.corruption import SHAPES, Circumstances, balance_used_up, spoil, too_many, window_exceeded
from qwave_batch.simulator.dialect import Settings
from qwave_batch.simulator.fault_language import Fault
from qwave_batch.simulator.faults import FaultName, FaultPlace
from qwave_batch.simulator.image_drawing import ImageDesign
from qwave_batch.simulator.inline_images import InlineImages
from qwave_batch.simulator.input_viewing import InputViewer
from qwave_batch.simulator.replies import (
    Reply,
    json_reply,
    model_not_found,
    refusal,
    task_not_found,
)
from qwave_batch.simulator.result_files import NOT_FOUND, ResultFiles
from qwave_batch.simulator.simulated_limits import SimulatedLimits
from qwave_batch.simulator.simulated_task import SimulatedCharge, SimulatedTask, charge_of
from qwave_batch.simulator.task_factory import TaskMaker
from qwave_batch.simulator.task_store import TaskStore
from qwave_batch.simulator.validation import ImageOrder, hash_of, read_order, read_request_object

_HOUR_S = 3600.0
_SHAPE_NAMES = {FaultName.BARE_URL, FaultName.UNKNOWN_FIELDS, FaultName.STREAMED, *SHAPES, *CHAT_SHAPES}
_LONGEST_IDEMPOTENCY_KEY = 255


class Simulator:
    """The embedded task API: catalog rules, tasks, money and faults. Close it, or use it as a context."""

    def __init__(
        self,
        *,
        catalog: Catalog,
        behaviour: Behaviour | None = None,
        state_path: Path | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
    ) -> None:
        """Load the tasks of an earlier process, if ``state_path`` names a file that has some.

        Args:
            catalog: The catalog with the rules and prices.
            behaviour: Latency and faults.
            state_path: File that stores the tasks; None stores them in memory.
            settings: Dialect, account and limits.
            clock: The clock of the tasks.
            rng: Source of task ids; nothing else depends on it.
        """
        self.catalog = catalog
        self.behaviour = behaviour or Behaviour()
        self.settings = settings or Settings()
        self.clock: Clock = clock or SystemClock()
        self.seen = Seen(Counter())
        self._store = TaskStore(state_path)
        granted_quota = catalog.quota.from_nusd(nusd_from_usd(self.settings.granted_usd))
        self._accounts = Accounts(granted_quota, self._store, self.clock.now())
        self.chats = ChatService(
            catalog=catalog,
            behaviour=self.behaviour,
            accounts=self._accounts,
            clock=self.clock,
            keeps_keys=self.settings.idempotency_hours is not None,
        )
        self._gates = SimulatedLimits(self.settings.limits)
        self._fault_injector = FaultInjector(self.behaviour)
        self._maker = TaskMaker(self.behaviour, rng or random.SystemRandom(), catalog.quota)
        self._files = ResultFiles(self._store, self.behaviour, self.settings.dialect)
        self._images = InlineImages()
        self._viewer = InputViewer(self._files, self._images, catalog.image_fields)
        self._windows: dict[str, float] = {}  # account -> when its exceeded quota window ends

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the state; no calls are possible afterwards."""
        self._store.close()

    def tasks(self) -> tuple[SimulatedTask, ...]:
        """Return all tasks in order of creation."""
        return tuple(self._store)

    def charges(self) -> tuple[SimulatedCharge, ...]:
        """Return the current cost of each task, in order of creation."""
        now = self.clock.now()
        return tuple(charge_of(task, now) for task in self._store)

    def available_quota(self, key: str) -> int:
        """Return the amount that the account of a key can still spend."""
        return self._accounts.available(account_of_key(key), self.clock.now())

    def account(self, authorization: str | None) -> str | None:
        """Return the account that an Authorization header names, or None for an invalid key."""
        scheme, _, key = (authorization or "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            return None
        valid = self.settings.keys
        return account_of_key(key) if valid is None or key in valid else None

    def submit(self, caller: Caller, raw: bytes, idempotency_key: str | None) -> Submission:
        """Process a submit: reject it, create a task, or find the task of its Idempotency-Key."""
        now = self.clock.now()
        body = read_request_object(raw)
        named = body.get("model") if isinstance(body, dict) else None
        model = named if isinstance(named, str) else ""
        if wait_s := self._gates.of(caller.account).enter_submit(model, self.clock.monotonic()):
            return Submission(reply=self._throttle(caller.account, wait_s))
        key = hash_of(body) if isinstance(body, dict) else blake2b(raw, digest_size=12).hexdigest()
        for fault in self._fault_injector.striking(FaultPlace.SUBMIT, key, model):
            return Submission(reply=self._strike_submit(caller, fault, now))
        if now < self._windows.get(caller.account, 0.0):
            return Submission(reply=window_exceeded(self._windows[caller.account]))
        if isinstance(body, Reply):
            return Submission(reply=body)
        order = read_order(body, self.catalog, self._images)
        if isinstance(order, Reply):
            return Submission(reply=order)
        order = self._viewer.seen(order, body, origin=caller.origin, now=now)
        return self._take(caller.account, order, idempotency_key, now)

    def chat(self, caller: Caller, raw: bytes, idempotency_key: str | None) -> Chatted:
        """Process a chat: reject it, complete it, or find the completion of its Idempotency-Key."""
        body = read_request_object(raw)
        named = None if isinstance(body, Reply) else body.get("model")
        model = named if isinstance(named, str) else ""
        if wait_s := self._gates.of(caller.account).enter_submit(model, self.clock.monotonic()):
            return Chatted(reply=self._throttle(caller.account, wait_s))
        now = self.clock.now()
        for fault in self._fault_injector.striking(FaultPlace.CHAT, chat_key(raw, body), model):
            return Chatted(reply=self._strike_submit(caller, fault, now))
        if now < self._windows.get(caller.account, 0.0):
            return Chatted(reply=window_exceeded(self._windows[caller.account]))
        if isinstance(body, Reply):
            return Chatted(reply=body)
        return self.chats.complete(caller.account, body, idempotency_key)

    def answer_chat(self, caller: Caller, chatted: Chatted) -> Reply:
        """Return the answer to a chat, with the faults of that place."""
        if chatted.completion is None:
            return chatted.reply
        faults = self._fault_injector.striking(FaultPlace.CHATTED, chatted.body_hash)
        return self._spoilt(caller, chat_reply(chatted, tuple(faults)), faults)

    def answer_submit(self, caller: Caller, task: SimulatedTask, *, waited: bool) -> Reply:
        """Return the answer to a submit that has a task, with the faults of that place."""
        now = self.clock.now()
        task = self._store.get(task.task_id) or task
        is_over = task.state(now).is_terminal
        body = self._status_body(caller, task, now) if waited or is_over else self._submitted_body(task, now)
        return self._answered(caller, FaultPlace.ACCEPTED, task.sent_hash, body)

    def seconds_left(self, task: SimulatedTask) -> float | None:
        """Return the remaining time of a task; None when it never ends."""
        return max(0.0, task.ends_at - self.clock.now()) if task.ends_at is not None else None

    def status(self, caller: Caller, task_id: str) -> Reply:
        """Answer a poll."""
        if wait_s := self._gates.of(caller.account).enter_poll(self.clock.monotonic()):
            return self._throttle(caller.account, wait_s)
        task = self._own(caller.account, task_id)
        if task is None:
            return self._answered(caller, FaultPlace.POLL, task_id, task_not_found(task_id))
        return self._answered(
            caller, FaultPlace.POLL, task.sent_hash, self._status_body(caller, task, self.clock.now())
        )

    def cancel(self, caller: Caller, task_id: str) -> Reply:
        """Cancel a task that is still queued."""
        task = self._own(caller.account, task_id)
        if task is None:
            return self._answered(caller, FaultPlace.CANCEL, task_id, task_not_found(task_id))
        faults = self._fault_injector.striking(FaultPlace.CANCEL, task.sent_hash)
        now = self.clock.now()
        state = task.state(now)
        if state is not TaskState.QUEUED:
            message = f"a task that is {state.value} cannot be cancelled"
            return self._spoilt(caller, refusal(400, "task_not_cancellable", message), faults)
        self._store.cancel(task_id, now)
        self._accounts.release(task)
        body = self._status_body(caller, replace(task, cancelled_at=now), now)
        return self._spoilt(caller, json_reply(self._reshaped(body, faults)), faults)

    def balance(self, caller: Caller) -> Reply:
        """Answer with the account's balance."""
        now, granted = self.clock.now(), self._accounts.granted_quota
        used = self._accounts.used(caller.account, now)
        body = dialect.balance_body(granted, used, self.catalog.quota, now)
        return self._answered(caller, FaultPlace.INFO, "balance", body)

    def models(self, caller: Caller) -> Reply:
        """Answer with the list of models and their prices."""
        bodies = [self._model_body(name, prices) for name, prices in self._offered().items()]
        body = {"object": "list", "data": bodies}
        return self._answered(caller, FaultPlace.INFO, "models", body)

    def model(self, caller: Caller, name: str) -> Reply:
        """Answer with one model and its price."""
        prices = {"usage_rates": dict(CHAT_RATES)} if name == CHAT_MODEL else self._offered().get(name)
        if prices is None:
            return self._answered(caller, FaultPlace.INFO, name, model_not_found(name))
        return self._answered(caller, FaultPlace.INFO, name, self._model_body(name, prices))

    def file(self, path: str, query: str) -> ImageDesign | Reply:
        """Return the design of an image file, or why there is none; files need no key."""
        now = self.clock.now()
        file = self._files.find(path, query, now)
        return NOT_FOUND if file is None else file.refusal_at(now) or file.design

    def answer_file(self, caller: Caller, task_id: str, number: int, reply: Reply) -> Reply:
        """Return the answer to a download, with the faults of that place."""
        task = self._store.get(task_id)
        key = f"{task.sent_hash}/{number}" if task else task_id
        return self._answered(caller, FaultPlace.DOWNLOAD, key, reply)

    def called(self, caller: Caller, task: SimulatedTask) -> tuple[bytes, Sequence[Fault]]:
        """Return the body of the callback that reports a task's end, and the faults that apply to it."""
        now = self.clock.now()
        task = self._store.get(task.task_id) or task
        body = json_reply(self._status_body(caller, task, now)).body
        return body, self._fault_injector.striking(FaultPlace.CALLBACK, task.sent_hash)

    def state(self, task: SimulatedTask) -> TaskState:
        """Return the current state of a task."""
        return (self._store.get(task.task_id) or task).state(self.clock.now())

    def rate_headers(self, account: str | None) -> dict[str, str]:
        """Return the rate limit headers of the account, if the settings enable them."""
        return self._gates.of(account).headers(self.clock.monotonic()) if account else {}

    def _offered(self) -> dict[str, JsonObject]:
        """Return the stated price of each model: the catalog's, unless the settings replace it."""
        stated = {name: dialect.price_config(model) for name, model in self.catalog.models.items()}
        return {name: prices for name, prices in {**stated, **self.settings.offers}.items() if prices is not None}

    def _model_body(self, name: str, prices: JsonObject) -> dict[str, Any]:
        return dialect.model_body(name, prices, self.settings.unavailable.get(name))

    def _take(self, account: str, order: ImageOrder, idempotency_key: str | None, now: float) -> Submission:
        hours = self.settings.idempotency_hours
        if hours is None or not idempotency_key:
            idempotency_key = None
        elif len(idempotency_key) > _LONGEST_IDEMPOTENCY_KEY:
            return Submission(reply=refusal(400, "invalid_request", "the Idempotency-Key has more than 255 characters"))
        elif known := self._store.by_idempotency_key(account, idempotency_key, now - hours * _HOUR_S):
            if known.sent_hash != order.sent_hash:
                message = "this Idempotency-Key was used with another request"
                return Submission(reply=refusal(409, "idempotency_conflict", message))
            return Submission(reply=json_reply({}), task=known)
        find = partial(self._own, account)
        if refused := chain_refusal(order, find, now):
            return Submission(reply=refused)
        estimate = self.catalog.quota.from_nusd(order.model.estimate_nusd(order.request))
        if estimate > self._accounts.available(account, now):
            return Submission(reply=balance_used_up())
        made_before = self._store.count_of_body(account, order.body_hash)
        task = self._maker.make(
            account, order, idempotency_key, now=now, made_before=made_before, version=inherited_version(order, find)
        )
        self._store.add(task)
        self._accounts.hold(task)
        call = Call(url=order.callback_url, events=order.callback_events) if order.callback_url else None
        return Submission(reply=json_reply({}), task=task, call=call)

    def _own(self, account: str, task_id: str) -> SimulatedTask | None:
        task = self._store.get(task_id)
        return task if task and task.account == account else None

    def _throttle(self, account: str, wait_s: float) -> Reply:
        self.seen.throttled += 1
        return too_many(wait_s, headers=self.rate_headers(account))

    def _strike_submit(self, caller: Caller, fault: Fault, now: float) -> Reply:
        reset_at = 0.0
        if fault.name is FaultName.QUOTA_WINDOW:
            reset_at = float(math.ceil(now + fault.seconds))
            self._windows[caller.account] = reset_at
        return spoil(Reply(), fault, Circumstances(now=now, elsewhere=caller.elsewhere, reset_at=reset_at))

    def _submitted_body(self, task: SimulatedTask, now: float) -> dict[str, Any]:
        return dialect.submitted(task, now, self.settings.dialect)

    def _status_body(self, caller: Caller, task: SimulatedTask, now: float) -> dict[str, Any]:
        images = self._files.listed(task, now, caller.origin)
        return dialect.status(task, now, self.settings.dialect, origin=caller.origin, images=images)

    def _answered(self, caller: Caller, place: FaultPlace, key: str, right: dict[str, Any] | Reply) -> Reply:
        faults = self._fault_injector.striking(place, key)
        reply = right if isinstance(right, Reply) else json_reply(self._reshaped(right, faults))
        return self._spoilt(caller, reply, faults)

    @staticmethod
    def _reshaped(body: dict[str, Any], faults: Sequence[Fault]) -> dict[str, Any]:
        names = {fault.name for fault in faults}
        if FaultName.BARE_URL in names:
            body = dialect.with_bare_urls(body)
        for name, reshape in SHAPES.items():
            if name in names:
                body = reshape(body)
        return dialect.with_unknown_fields(body) if FaultName.UNKNOWN_FIELDS in names else body

    def _spoilt(self, caller: Caller, reply: Reply, faults: Sequence[Fault]) -> Reply:
        circumstances = Circumstances(now=self.clock.now(), elsewhere=caller.elsewhere)
        for fault in faults:
            if fault.name not in _SHAPE_NAMES:
                reply = spoil(reply, fault, circumstances)
        return reply


def account_of_key(key: str) -> str:
    """Return the account of a key: a hash, so that no key is ever stored."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12, person=b"qwave-simulator").hexdigest()
