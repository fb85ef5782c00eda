"""How much CPU does each part of a run's coordinator take when the work on images is elsewhere? coordinator.py runs it.

It runs the command line in this process, with an image store that does nothing here but wait, as for the answer of a
worker on another machine, and prints seconds as JSON, at the end of stderr. With ``parts`` each step of a job's
coroutines is clocked, and counts for its part: submit, poll, settle, hand-off of the image. Clocking takes time itself,
some 2 us a step, so the sum is right only without it. With ``usual`` images are fetched as ever, as for executors.py.

    python benchmarks/metered_run.py usual|whole|parts COMMAND ARGUMENT...
"""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qwave_batch.__main__ import entry
from qwave_batch.api.run_recorder import Recorder
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.ledger.group_writer import GroupWriter
from qwave_batch.model.record import ImageFile
from qwave_batch.run import run_parts
from qwave_batch.run.images.image_fetching import ImageFetcher
from qwave_batch.run.images.image_store import ImageRequest
from qwave_batch.run.images.stored_files import FileCheck
from qwave_batch.run.jobs.slot_lease import SlotLease
from qwave_batch.run.schedule.scheduler import Scheduler
from qwave_batch.run.tasks.settling import Settler
from qwave_batch.run.tasks.submitting import Submitter
from qwave_batch.run.tasks.task_polling import TaskPoller

ANSWER_S = 0.05
"""After so long a worker elsewhere answers that an image is in place."""
BEGAN = time.monotonic()
spent_s: dict[str, float] = defaultdict(float)
spend = SlotLease.spend


class Metered:
    """A coroutine whose steps are clocked: it is awaited in the place of its own."""

    def __init__(self, part: str, inner: Coroutine[Any, Any, Any]) -> None:
        self._part, self._inner = part, inner

    def __await__(self) -> Generator[Any, Any, Any]:
        """Yield what the coroutine waits for, and clock what it does in between."""
        sent: Any = None
        raised: BaseException | None = None
        while True:
            began = time.thread_time()
            try:
                waits_for = self._inner.send(sent) if raised is None else self._inner.throw(raised)
            except StopIteration as ended:
                return ended.value
            finally:
                spent_s[self._part] += time.thread_time() - began
            raised = None
            try:
                sent = yield waits_for
            except BaseException as error:  # noqa: BLE001 - it is the coroutine's
                raised = error


def metered(part: str, method: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Return a coroutine method with its steps clocked."""

    async def clocked(*args: Any, **more: Any) -> Any:
        return await Metered(part, method(*args, **more))

    return clocked


def clocked_call(part: str, method: Callable[..., Any], *, waits: bool = False) -> Callable[..., Any]:
    """Return a method that is clocked, in CPU of its thread."""

    def clocked(*args: Any, **more: Any) -> Any:
        began, began_wall = time.thread_time(), time.monotonic()
        try:
            return method(*args, **more)
        finally:
            spent_s[part] += time.thread_time() - began
            if waits:
                spent_s[f"{part}, wall"] += time.monotonic() - began_wall

    return clocked


class ElsewhereStore:
    """An ``ImageStore`` that does nothing here but wait."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take what the store of this machine takes."""

    async def fetch(self, request: ImageRequest) -> StoredFile:
        """Wait for the answer of a worker."""
        await asyncio.sleep(ANSWER_S)
        image = ImageFile(
            path=f"images/{request.name.job_path}.png",
            sha256="0" * 64,
            size_bytes=200,
            width=16,
            height=16,
            format="png",
            source_url=request.source_url,
        )
        return StoredFile(image=image, modified_ns=1)

    async def check(self, _: Sequence[StoredFile]) -> FileCheck:
        """Find all as they were."""
        return FileCheck()

    async def quarantine(self, job_id: str, attempt_number: int, damaged: Mapping[int, StoredFile]) -> None:
        """Leave them."""


def note_first(self: SlotLease, sent_at: float) -> None:
    """Note when the first submit leaves: up to then it is the start-up."""
    if "first submit, wall" not in spent_s:
        spent_s["first submit, wall"] = time.monotonic() - BEGAN
        spent_s["first submit, CPU"] = time.process_time()
    spend(self, sent_at)


def memory_mib(name: str) -> float:
    """Return a figure of this process's memory."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def meter() -> None:
    """Clock the parts of a run from here on."""
    for kind, name, part in (
        (Submitter, "submit", "submit"),
        (TaskPoller, "poll_until_ended", "poll"),
        (Settler, "settle", "settle"),
        (ImageFetcher, "fetch", "image hand-off"),
        (Scheduler, "run", "scheduler"),
    ):
        setattr(kind, name, metered(part, getattr(kind, name)))


def main(how: str, arguments: list[str]) -> int:
    """Run the command and print what it took."""
    sys.argv = ["qwave-batch", *arguments]
    if how != "usual":
        setattr(run_parts, "ThreadImageStore", ElsewhereStore)  # noqa: B010
    if how == "parts":
        meter()
    for kind, name, call in (
        (Recorder, "_write", clocked_call("manifest", Recorder._write, waits=True)),  # noqa: SLF001
        (GroupWriter, "_work", clocked_call("ledger's thread", GroupWriter._work)),  # noqa: SLF001
        (SlotLease, "spend", note_first),
    ):
        setattr(kind, name, call)
    status = entry()
    usage = {
        "wall": time.monotonic() - BEGAN,
        "main thread": time.thread_time(),
        "process": time.process_time(),
        "peak MiB": memory_mib("VmHWM"),
    }
    sys.stderr.write(f"\n{json.dumps({**spent_s, **usage})}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
