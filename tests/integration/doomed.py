"""The command line in a process of its own that kills itself at a named point, or lives with a clock that jumps.

Each process is forked from one that has everything loaded, so that a death costs tenths of a second.
"""

import asyncio
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, TypeVar

from qwave_batch.api import store_workspace
from qwave_batch.cli.main import main
from qwave_batch.folder.stores.store_lock import LockPace
from qwave_batch.ledger import group_writer
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.portable_paths import KEPT_IMAGES
from qwave_batch.run.images import fetch_policy, image_breaker, image_fetching
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.passed_images import NotPassed
from qwave_batch.run.tasks import ended_tasks
from qwave_batch.run.tasks.request_inputs import RequestInputs
from tests.fork_server import context

JOURNAL = (
    *("intend", "intend_again", "park", "accept", "find_again", "refuse", "doubt", "lose", "complete", "fail"),
    *("cancelled", "store", "spoil", "renew", "remark", "touch"),
)
LEDGER = ("claim", "replace_plan")
ASIDE = ("take", "forget")
"""Steps that only ``--reuse`` and ``prune`` take."""
FILES = ("image", "manifest.jsonl", "summary.json")
"""Files that are renamed into place."""
INPUTS = "inputs"
"""The moment at which the images of a job's parents were found, and nothing is on record of its submit."""
DAY_S = 86_400.0
T = TypeVar("T")

_doing: ContextVar[str] = ContextVar("_doing", default="")


class Moment(StrEnum):
    """When, about a change of the ledger, the process dies."""

    INSIDE = "inside"
    """The change is made, and its transaction is not committed."""
    AFTER = "after"
    """It is committed, and nobody was told yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doom:
    """The point where a process dies: at the how-many-eth change of a kind, or before that rename of a file."""

    at: str
    count: int = 1
    moment: Moment = Moment.INSIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plight:
    """Settings of a process, including the point at which it dies."""

    doom: Doom | None = None
    dies_after_s: float | None = None
    clock_jumps: bool = False
    """Whether the machine's date is two days late or early every few looks at it."""
    file_limit: int | None = None
    """The size in bytes beyond which no file can grow."""
    environ: tuple[tuple[str, str], ...] = ()
    """Further variables of its environment, such as those of an object store."""
    lock_ttl_s: float | None = None
    """How long the lock of its folder in an object store lasts; None is as long as ever."""
    is_hurried: bool = False
    """Whether it waits for images that do not come a twentieth of the usual time."""


_END_UNSEEN = 255
_LOOK_S = 5.0


async def run(argv: Sequence[str], *, base_url: str, log: Path, plight: Plight | None = None) -> int:
    """Run the command line in a process of its own and return its exit status; minus the signal that killed it."""
    process = context().Process(target=live, args=(tuple(argv), base_url, log, plight or Plight()))
    process.start()
    pid = process.pid
    assert pid is not None
    try:
        while process.is_alive() and not is_gone(pid):
            await asyncio.to_thread(process.join, _LOOK_S)
        await asyncio.to_thread(process.join, _LOOK_S)  # the fork server may be about to tell
    finally:
        if process.is_alive() and not is_gone(pid):
            process.kill()
            process.join()
        status = process.exitcode
        if status is not None:
            process.close()
    # the program itself never ends with 255: that, or nothing, is what the fork server says of an end it did not see
    return -signal.SIGKILL if status in {None, _END_UNSEEN} else status


def is_gone(pid: int) -> bool:
    """Whether a process has ended, as the system knows it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:  # reaped, or a system without /proc
        return Path("/proc/self").exists()


def live(argv: Sequence[str], base_url: str, log: Path, plight: Plight) -> None:
    """Runs in that process."""
    with log.open("a", encoding="utf-8") as said:
        if plight.doom is not None:
            install(plight.doom)
        if plight.dies_after_s is not None:
            timer = threading.Timer(plight.dies_after_s, die)
            timer.daemon = True
            timer.start()
        if plight.clock_jumps:
            let_the_clock_jump()
        if plight.file_limit is not None:
            limit_files(plight.file_limit)
        if plight.is_hurried:
            hurry()
        if plight.lock_ttl_s is not None:
            store_workspace.PACE = LockPace(
                ttl_s=plight.lock_ttl_s, renews_every_s=plight.lock_ttl_s / 16, looks_every_s=0.1, tries_again_s=0.1
            )
        os.environ.update(plight.environ)
        environ = {"QWAVE_API_KEY": "k", "QWAVE_BASE_URL": base_url, "PATH": os.environ.get("PATH", "")}
        status = main(argv, said, said, environ=environ)
    sys.exit(status)


def install(doom: Doom) -> None:
    """Make this process die where it is told to."""
    if doom.at in {*FILES, KEPT_IMAGES}:
        _die_before_renaming(doom)
        return
    if doom.at == INPUTS:
        _die_with_inputs(doom)
        return
    for kind, names in ((Journal, (*JOURNAL, "take")), (Ledger, (*LEDGER, "forget"))):
        for name in names:
            setattr(kind, name, _named(name, getattr(kind, name)))
    _die_at_write(doom)


def let_the_clock_jump() -> None:
    """Make the date jump to and fro."""
    looks = itertools.count()
    offsets = (0.0, 2 * DAY_S, -2 * DAY_S)
    SystemClock.now = lambda _: time.time() + offsets[next(looks) // 7 % 3]  # type: ignore[method-assign,assignment]


def hurry(put: Callable[[object, str, object], None] = setattr) -> None:
    """Wait shorter for images that do not come; ``put`` may be one that is undone."""
    for module, names in (
        (image_breaker, ("FIRST_PAUSE_S", "LONGEST_PAUSE_S", "GIVES_UP_S", "TAIL_S", "LONE_S")),
        (fetch_policy, ("PATIENCE_S", "LIST_S")),
        (image_fetching, ("SLICE_S",)),
        (ended_tasks, ("LIST_S", "SLICE_S")),
    ):
        for name in names:
            put(module, name, getattr(module, name) / 20)


def limit_files(size_bytes: int) -> None:
    """Let no file grow beyond a size, as a full disk would."""
    import resource  # noqa: PLC0415 - only where a process is to have this limit

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, size_bytes))


def die() -> None:
    """Go as by ``kill -9``: nothing is flushed, nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def _named(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    async def later(*args: Any, **named: Any) -> Any:
        token = _doing.set(name)
        try:
            return await call(*args, **named)
        finally:
            _doing.reset(token)

    @wraps(call)
    def now(*args: Any, **named: Any) -> Any:
        token = _doing.set(name)
        try:
            return call(*args, **named)
        finally:
            _doing.reset(token)

    return later if iscoroutinefunction(call) else now


def _die_at_write(doom: Doom) -> None:
    seen = itertools.count(1)
    is_struck = False
    put, answer_all = group_writer.GroupWriter._put, group_writer._answer_all

    def put_doomed(self: group_writer.GroupWriter, item: group_writer._Item) -> None:
        if _doing.get() == doom.at and next(seen) == doom.count:
            change = item.change

            def last(connection: Any) -> Any:
                nonlocal is_struck
                made = change(connection)
                is_struck = True
                if doom.moment is Moment.INSIDE:
                    die()
                return made

            item.change = last
        put(self, item)

    def answer_or_die(items: list[group_writer._Item], outcomes: list[group_writer._Outcome]) -> None:
        if is_struck:
            die()
        answer_all(items, outcomes)

    group_writer.GroupWriter._put = put_doomed  # type: ignore[method-assign]
    group_writer._answer_all = answer_or_die


def _die_with_inputs(doom: Doom) -> None:
    seen = itertools.count(1)
    find = RequestInputs.texts_for

    async def find_and_die(self: RequestInputs, job_run: JobRun) -> Mapping[str, str] | NotPassed:
        found = await find(self, job_run)
        if job_run.job.parents and next(seen) == doom.count:
            die()
        return found

    RequestInputs.texts_for = find_and_die  # type: ignore[method-assign]


def _die_before_renaming(doom: Doom) -> None:
    seen = itertools.count(1)

    def hear(event: str, facts: tuple[object, ...]) -> None:
        if event == "os.rename":
            _, name, _, folder = facts
            path = Path(f"/proc/self/fd/{folder}").resolve() / os.fsdecode(name)  # type: ignore[arg-type]
            kind = "image" if "images" in path.parts and path.suffix != ".probe" else path.name
            if kind == doom.at and next(seen) == doom.count:
                die()

    sys.addaudithook(hear)


async def each_at_once(
    points: Sequence[Doom | None], make: Callable[[Doom | None, Path], Awaitable[T]], home: Path, *, most: int
) -> dict[Doom | None, T]:
    """Make what comes of each point in a folder of its own below ``home``, at most so many at a time."""
    side_by_side = asyncio.Semaphore(most)

    async def one(number: int, doom: Doom | None) -> T:
        async with side_by_side:
            return await make(doom, home / str(number))

    found = await asyncio.gather(*(one(number, doom) for number, doom in enumerate(points)))
    return dict(zip(points, found, strict=True))
