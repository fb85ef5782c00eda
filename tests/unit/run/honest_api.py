"""A task API in memory: honest about tasks and money, with a line to it that may fail in every way."""
# ruff: noqa: ARG002, ASYNC240, PLR0911 - it takes what the real one takes, and writes small files at once

import asyncio
import hashlib
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Balance,
    DownloadAnswer,
    Downloaded,
    DownloadFailed,
    Expired,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import ResultImage, Task, TaskError, TaskState
from tests.unit.run.virtual_time import VirtualClock

IMAGE_NUSD = 1_000_000
URL_LIFE_S = 86_400.0


@dataclass
class MadeTask:
    """A task as the API has it."""

    task_id: str
    request: JsonObject
    created_at: float
    ends_at: float
    ending: str
    """``completed``, ``cancelled``, ``empty`` or the code of a failure."""
    images: int = 1
    polls: int = 0

    @property
    def is_paid(self) -> bool:
        return self.ending == "completed"


@dataclass
class HonestApi:
    """The API; the hooks decide what goes wrong, None is nothing."""

    clock: VirtualClock
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    latency: Callable[[JsonObject, random.Random], float] = lambda _, rng: rng.uniform(0.5, 3.0)
    ending: Callable[[JsonObject, int], str] = lambda _, __: "completed"
    """How the how-many-eth task (from 0) of a request ends."""
    fault: Callable[[str, int], str | None] = lambda _, __: None
    """Faults by stage (submit, status, download, balance) and number of the call (from 1)."""
    keeps_keys_s: float | None = 86_400.0
    rpm: int | None = None
    per_minute_of: dict[str, int] = field(default_factory=dict)
    wait_s: float | None = 5.0
    """The body of a 429."""
    holds_s: float = 0.0
    """For how long it holds the answer to a submit that asks for it; 0 is a server that ignores that."""
    hold_nusd: int | None = None
    says_cost: bool = True
    delay_s: float = 0.01
    hidden: Collection[str] = ()
    """Tasks that it never tells of."""
    instead: dict[int, bytes] = field(default_factory=dict)
    """Bytes sent in place of images, by image number from 1."""
    masked_url: str | None = None
    """The part of every image's address that may be recorded; None means all of it."""
    signs_anew: bool = False
    """Whether only a signature tells the addresses apart under which it lists an image at different times."""
    file_host: str = "cdn"
    """Host of the images; the previous host no longer answers."""
    other_host: str | None = None
    """Host of every other task's images."""
    busy_until: dict[str, float] = field(default_factory=dict)
    """Hosts that answer with 429, and when they stop that."""
    tasks: dict[str, MadeTask] = field(default_factory=dict)
    keys: dict[str, tuple[str, float]] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    """How many tasks it made of each request."""
    log: list[tuple[float, str, str]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    alive_most: int = 0
    on_call: Callable[[int], None] = lambda _: None
    on_made: Callable[[], None] = lambda: None

    # Observations for the tests.

    def paid(self) -> Counter[str]:
        """Count paid tasks by request."""
        return Counter(_name(task.request) for task in self.tasks.values() if task.is_paid)

    def sends(self, kind: str) -> list[float]:
        return [at for at, what, _ in self.log if what == kind]

    # The calls that the engine makes.

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        fault = await self._leave("submit", str(request["model"]))
        if fault == "unreached":
            return NoAnswer(reason="connection refused", sent=False)
        if fault in {"drop_before", "http500"}:
            return self._silence(fault)
        if fault in {"429", "quota"} or self._is_throttled(str(request["model"])):
            return self._throttled(fault)
        if fault == "refused":
            return Refused(
                status=400, code="capability_violation", message="no", param="prompt", served_at=self._date()
            )
        if fault == "price_not_configured":
            return Refused(status=500, code=fault, message="no price", keeps_attempt=True, served_at=self._date())
        if fault in {"401", "402"}:
            return self._stopped(fault)
        task = self._known(idempotency_key) or self._make(request, idempotency_key)
        await self.clock.sleep(self.delay_s)
        if prefer_wait_s and self.holds_s:
            await self.clock.sleep(min(prefer_wait_s, self.holds_s, max(0.0, task.ends_at - self.clock.passed)))
        if fault in {"drop_after", "html_after"}:
            return self._silence(fault)
        return self._told(task)

    async def status(self, task_id: str) -> Answer:
        fault = await self._leave("status", task_id)
        fault = "http500" if task_id in self.hidden else fault
        if fault in {"drop_before", "http500"}:
            return self._silence(fault)
        if fault == "429":
            return self._throttled(fault)
        if fault in {"401", "402"}:
            return self._stopped(fault)
        task = self.tasks.get(task_id)
        if task is None or fault == "404":
            return TaskNotFound(status=404, code="task_not_found", message="no such task", served_at=self._date())
        task.polls += 1
        return self._told(task, is_stale=fault == "stale")

    async def balance(self) -> Balance | Trouble:
        fault = await self._leave("balance", "")
        if fault in {"401", "402"}:
            return self._stopped(fault)
        if fault is not None:
            return self._silence(fault)
        return Balance(available_usd=10.0, served_at=self._date())

    async def download(
        self, url: str, into: Path, *, max_bytes: int = 1 << 28, timeout_s: float = 120.0
    ) -> DownloadAnswer:
        fault = await self._leave("download", url)
        if fault == "drop_before":
            return DownloadFailed(reason="the connection was cut", retryable=True)
        if fault == "forbidden":
            return DownloadFailed(reason="a private address", retryable=False)
        host, task_id, number, signed_at = url.removeprefix("https://").split("/")
        if self.busy_until.get(host, 0.0) > self.clock.passed:
            wait_s = self.busy_until[host] - self.clock.passed
            return DownloadFailed(reason="HTTP 429", retryable=True, status=429, retry_after_s=wait_s)
        if host not in {self.file_host, self.other_host}:
            return DownloadFailed(reason="connection refused", retryable=True)
        if fault == "expired" or self._api_now() - float(signed_at.partition("?")[0]) > URL_LIFE_S:
            return Expired(status=403, reason="HTTP 403")
        data = self.instead.get(int(number) + 1) or image_of(self.tasks[task_id].request, int(number))
        if fault == "truncated":
            data = data[: len(data) // 2]
        is_small = self.calls["download"] % 2 == 0  # every other one counts as a large one
        if not is_small:
            into.write_bytes(data)
        return Downloaded(size_bytes=len(data), content=data if is_small else None)

    async def _leave(self, place: str, what: str) -> str | None:
        self.calls[place] += 1
        self.log.append((self.clock.passed, place, what))
        self.on_call(self.calls.total())
        fault = self.fault(place, self.calls[place])
        await self.clock.sleep(self.delay_s * self.rng.uniform(0.2, 1.0))
        if fault == "hang":
            await self.clock.sleep(30.0)
            return "drop_before"
        return fault

    def _api_now(self) -> float:
        return self.clock.passed + 1_795_300_700.0  # the API's clock is not ours

    def _date(self) -> float:
        return float(int(self._api_now()))

    def _is_throttled(self, model: str) -> bool:
        return self._over(self.rpm, "taken") or self._over(self.per_minute_of.get(model), f"taken {model}")

    def _over(self, limit: int | None, what: str) -> bool:
        if limit is None:
            return False
        return sum(kind == what and at > self.clock.passed - 60.0 for at, kind, _ in self.log) >= limit

    def _known(self, key: str | None) -> MadeTask | None:
        if key is None or self.keeps_keys_s is None or key not in self.keys:
            return None
        task_id, at = self.keys[key]
        return self.tasks[task_id] if self._api_now() - at <= self.keeps_keys_s else None

    def _make(self, request: JsonObject, key: str | None) -> MadeTask:
        earlier = self.made[_name(request)]
        self.made[_name(request)] += 1
        now = self.clock.passed
        task = MadeTask(
            task_id=f"task-{len(self.tasks) + 1}",
            request=request,
            created_at=now,
            ends_at=now + self.latency(request, self.rng),
            ending=self.ending(request, earlier),
            images=int(str(request.get("n", 1))),
        )
        self.tasks[task.task_id] = task
        if key is not None:
            self.keys[key] = (task.task_id, self._api_now())
        self.log += [(now, "taken", ""), (now, f"taken {request['model']}", "")]
        self.on_made()
        self.alive_most = max(self.alive_most, sum(other.ends_at > now for other in self.tasks.values()))
        return task

    def _told(self, task: MadeTask, *, is_stale: bool = False) -> TaskAnswer:
        ended = self.clock.passed >= task.ends_at and not is_stale
        state = TaskState.PROCESSING
        images: tuple[ResultImage, ...] = ()
        error = None
        if ended:
            state = {
                "completed": TaskState.COMPLETED, "empty": TaskState.COMPLETED, "cancelled": TaskState.CANCELLED
            }.get(task.ending, TaskState.FAILED)  # fmt: skip
            if task.ending == "completed":
                images = tuple(
                    ResultImage(
                        url=f"https://{self._host_of(task)}/{task.task_id}/{number}/{self._signed()}",
                        masked_url=self.masked_url,
                    )
                    for number in range(task.images)
                )
            elif state is TaskState.FAILED:
                error = TaskError(code=task.ending, message="it failed")
        cost = IMAGE_NUSD * task.images if task.is_paid else 0
        return TaskAnswer(
            task=Task(
                task_id=task.task_id,
                state=state,
                hold_nusd=self.hold_nusd,
                cost_nusd=cost if ended and self.says_cost else None,
                images=images,
                error=error,
            ),
            served_at=self._date(),
        )

    def _signed(self) -> str:
        return f"1795300700.0?X-Amz-Signature={self._api_now()}" if self.signs_anew else str(self._api_now())

    def _host_of(self, task: MadeTask) -> str:
        is_other = self.other_host is not None and task.task_id[-1] in "13579"
        return self.other_host if is_other and self.other_host else self.file_host

    def _silence(self, fault: str) -> NoAnswer:
        status = 500 if fault == "http500" else None
        return NoAnswer(reason=fault, sent=True, status=status, served_at=self._date() if status else None)

    def _throttled(self, fault: str | None) -> Throttled:
        code = "quota_window_exceeded" if fault == "quota" else "rate_limited"
        return Throttled(code=code, message="slow down", wait_s=self.wait_s, served_at=self._date())

    def _stopped(self, fault: str) -> AccountBlocked:
        kind = "key" if fault == "401" else "balance"
        return AccountBlocked(
            kind=kind,  # type: ignore[arg-type]
            status=int(fault),
            code="",
            message="",
            keeps_attempt=False,
            served_at=self._date(),
        )


def _name(request: JsonObject) -> str:
    return json.dumps(request, sort_keys=True, default=str)


def image_of(request: JsonObject, number: int) -> bytes:
    """Return the image that a request always brings."""
    digest = hashlib.sha256(f"{_name(request)}/{number}".encode()).digest()
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (digest[0], digest[1], digest[2])).save(file, "png")
    return file.getvalue()


async def never() -> None:
    """Wait for ever."""
    await asyncio.Event().wait()
