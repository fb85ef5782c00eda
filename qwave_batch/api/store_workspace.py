"""Takes a folder in an object store for a run: its lock, and the newest ledger.

The order of steps, and what each guards against, is in docs/stores.md, "One run at a time".
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace

from qwave_batch.api.store_hold import LEDGER_COPY, StoreHold
from qwave_batch.errors import FolderBusy, FolderError, RunStopped
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.stores.ledger_choice import (
    LedgerRefusal,
    LocalLedger,
    TakeSnapshot,
    choose_ledger,
)
from qwave_batch.folder.stores.ledger_snapshots import SnapshotWriter, fetch_snapshot, find_snapshots
from qwave_batch.folder.stores.lock_record import (
    FoundLock,
    IsHeld,
    LockOwner,
    MayTake,
    MustWait,
    Sighting,
    Taking,
    judge_lock,
)
from qwave_batch.folder.stores.run_store import RunStore
from qwave_batch.folder.stores.store_lock import LockPace, StoreLock, first_sighting, read_lock
from qwave_batch.folder.stores.workspace_claim import WorkspaceClaim, read_claim, write_claim
from qwave_batch.folder.workspace import EVIDENCE, LEDGER
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.ledger_copies import (
    LostTail,
    prepare_copy,
    put_copy_in_place,
    remove_copy,
    set_ledger_aside,
)
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.next_step import Advice, NextStep, RunWarning
from qwave_batch.run.state.stop_reasons import StopSignal
from qwave_batch.run.wakeup import wait_until_either

PACE = LockPace()
"""How fast a lock lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """How a process wants to hold a folder."""

    may_replace: bool = False
    """Whether an older local ledger may be set aside (``--adopt``)."""
    is_retry: bool = False
    """Whether failed jobs are to be tried again."""
    stop: StopSignal
    clock: Clock = field(default_factory=SystemClock)
    pace: LockPace = field(default_factory=lambda: PACE)
    accept: Callable[[FolderIdentity], None] = lambda _: None
    """Called with whose ledger the store has, before it is taken; it raises FolderError for one that is not wanted."""
    on_wait: Callable[[str], None] | None = None
    """Told once, in words, whose lock is waited for."""


@asynccontextmanager
async def held_store(layout: RunLayout, store: RunStore, request: HoldRequest) -> AsyncIterator[StoreHold]:
    """Yield the hold on a folder in a store, with its newest ledger in the workspace; at the end it is released.

    The caller holds the lock of the workspace (``FolderLock``).

    Raises:
        FolderBusy: another run is at work.
        FolderError: the folder can't be gone on with from here; nothing was changed.
        StorageError: the store or the disk refuses.
        RunStopped: told to stop while it waited.
    """
    hold = await _take(layout, store, request)
    store.artifacts.require_right = hold.require
    try:
        yield hold
    finally:
        await asyncio.shield(asyncio.ensure_future(asyncio.to_thread(hold.close)))


@contextmanager
def held_ledger(layout: RunLayout) -> Iterator[Ledger]:
    """Yield the ledger of a folder that is locked, in its store too if it has one, to be changed without submits.

    It blocks, and may be called while an event loop is at work in its thread.

    Raises:
        FolderBusy: a run is at work.
        FolderError, StorageError: as for ``held_store``.
    """
    with ExitStack() as stack:
        stack.enter_context(FolderLock(layout))
        if layout.store is None:
            yield stack.enter_context(Ledger.open(layout.workspace.ledger))
            return
        request = HoldRequest(stop=StopSignal())
        with ThreadPoolExecutor(1, "store-lock") as pool:
            hold = pool.submit(asyncio.run, _take(layout, layout.store, request)).result()
        stack.callback(hold.close)
        layout.store.artifacts.require_right = hold.require
        ledger = stack.enter_context(Ledger.open(layout.workspace.ledger))
        hold.begin(ledger)
        with hold.ended_well(ledger):
            yield ledger


async def _take(layout: RunLayout, store: RunStore, request: HoldRequest) -> StoreHold:
    """Wait until it is clear whether the folder's lock may be taken, and take it."""
    first: Sighting | None = None
    is_noted = False
    claim = await asyncio.to_thread(read_claim, layout, str(store.url))
    while True:
        found = await asyncio.to_thread(read_lock, store.lock_objects)
        verdict = judge_lock(found, own_tokens=claim.tokens, first=first, monotonic=request.clock.monotonic())
        match verdict:
            case IsHeld(owner):
                raise FolderBusy(str(store.url), str(owner))
            case MustWait() if first is None and found is not None:
                first = await asyncio.to_thread(first_sighting, store.lock_objects, found, request.clock)
            case MustWait(owner, left_s):
                seen_at = request.clock.monotonic() if first is None else first.seen_at
                if not is_noted and request.clock.monotonic() - seen_at > 2 * request.pace.renews_every_s:
                    is_noted = True  # not before: an owner that lives renews it meanwhile
                    _say(request, store, owner, left_s)
                await _wait(left_s, request)
            case MayTake(why):
                hold = await asyncio.to_thread(_try_to_take, layout, store, request, claim, found, why)
                if hold is not None:
                    return hold


def _say(request: HoldRequest, store: RunStore, owner: LockOwner, left_s: float) -> None:
    if request.on_wait is not None:
        request.on_wait(
            f"{store.url} is locked by {owner}; if that run is dead, its lock runs out in {left_s:.0f} s, and this "
            "one goes on then"
        )


async def _wait(left_s: float, request: HoldRequest) -> None:
    pause = request.clock.sleep(min(max(left_s, 0.0), request.pace.looks_every_s))
    await wait_until_either(pause, request.stop.wait_stopping())
    if request.stop.is_stopping:
        raise RunStopped("stopped before anything was sent")


def _try_to_take(
    layout: RunLayout,
    store: RunStore,
    request: HoldRequest,
    claim: WorkspaceClaim,
    found: FoundLock | None,
    why: Taking,
) -> StoreHold | None:
    """Take the lock as it was found, with the ledger to go on from; None when another process was faster. It blocks."""
    local = LocalLedger(folder_id=_folder_id(layout), generation=claim.generation, token=claim.token)
    snapshots = find_snapshots(store.objects)
    newest = snapshots[0] if snapshots else None
    choice = choose_ledger(local, None if found is None else found.record, newest, may_replace=request.may_replace)
    if isinstance(choice, LedgerRefusal):
        raise _refused(choice, layout, store, found)
    generation = max(claim.generation, newest.snapshot.generation if newest is not None else 0) + 1
    token = secrets.token_hex(16)
    write_claim(layout, replace(claim, next_token=token))
    owner = LockOwner(pid=os.getpid(), host=socket.gethostname(), path=claim.path, since=time.time())
    lock = StoreLock.take(
        store.lock_objects,
        request.clock,
        found,
        owner=owner,
        token=token,
        least_generation=generation,
        pace=request.pace,
    )
    if lock is None:
        return None
    writer = SnapshotWriter(store.objects, lock.record.generation)
    hold = StoreHold(layout, lock, writer, request.clock, is_retry=request.is_retry)
    hold.is_owner_dead = why is Taking.RUN_OUT and isinstance(choice, TakeSnapshot)
    held = replace(claim, generation=lock.record.generation, token=token, next_token="")
    try:
        if isinstance(choice, TakeSnapshot):
            hold.warnings = _take_snapshot(layout, store, request, choice, held, local.folder_id)
        else:
            write_claim(layout, held)
    except BaseException:
        hold.close()
        raise
    return hold


def _folder_id(layout: RunLayout) -> str | None:
    """Return the id of the local ledger; None without one that anybody has claimed."""
    status = layout.tree.look(LEDGER)
    if status is None or status.st_size == 0:
        return None
    with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
        identity = ledger.identity()
    return None if identity is None else identity.folder_id


def _refused(refusal: LedgerRefusal, layout: RunLayout, store: RunStore, found: FoundLock | None) -> FolderError:
    match refusal:
        case LedgerRefusal.OTHER_FOLDER:
            return FolderError(
                f"{store.url} holds the run of another folder than {layout.root}; nothing was sent",
                next_steps=(NextStep.NAME_FOLDER,),
            )
        case LedgerRefusal.TAKEN_OVER:
            by = "" if found is None else f", by {found.record.owner}"
            return FolderError(
                f"the ledger of {layout.root} is older than that of {store.url}, where a run has gone on "
                f"meanwhile{by}; nothing was sent. Adopted, this folder goes on from the newer one, and its own ledger "
                f"is kept in {EVIDENCE}",
                next_steps=(NextStep.ADOPT,),
            )
        case LedgerRefusal.SNAPSHOT_GONE:
            return FolderError(
                f"{store.url} holds the work of earlier runs, but no snapshot of its ledger as new as its "
                "lock tells of; nothing was sent. The folder that was run last has the ledger",
                next_steps=(NextStep.RESTORE_LEDGER, NextStep.NAME_NEW_FOLDER),
            )


def _take_snapshot(
    layout: RunLayout,
    store: RunStore,
    request: HoldRequest,
    choice: TakeSnapshot,
    held: WorkspaceClaim,
    folder_id: str | None,
) -> tuple[RunWarning, ...]:
    """Make a snapshot the ledger of the workspace; return what that means. It blocks.

    A process that dies on the way leaves no ledger, or one that the workspace does not claim to be as new as its lock,
    or the whole of it.
    """
    copy = layout.root / LEDGER_COPY
    remove_copy(copy)
    fetch_snapshot(store.objects, choice.found.snapshot, layout.tree, LEDGER_COPY)
    lost = None
    if not choice.is_whole:
        lost = LostTail(since=min(choice.found.written_at, request.clock.now()), is_retry=choice.is_retry)
    facts = prepare_copy(copy, lost)
    try:
        _check_folder(folder_id, facts.identity, layout, store)
        request.accept(facts.identity)
    except BaseException:
        remove_copy(copy)
        raise
    if layout.tree.is_file(LEDGER):
        layout.tree.make_folder(EVIDENCE, mode=PRIVATE_FOLDER_MODE)
        aside = f"ledger-{choice.found.snapshot.generation:08}-{secrets.token_hex(4)}.sqlite"
        set_ledger_aside(layout.workspace.ledger, layout.root / EVIDENCE / aside)
    write_claim(layout, held)
    put_copy_in_place(copy, layout.workspace.ledger)
    return _told(choice, facts.doubted, store)


def _check_folder(folder_id: str | None, found: FolderIdentity, layout: RunLayout, store: RunStore) -> None:
    """Raise FolderError for a snapshot of another folder: the lock, which says so first, may have been removed."""
    if folder_id not in {None, found.folder_id}:
        raise _refused(LedgerRefusal.OTHER_FOLDER, layout, store, None)


def _told(choice: TakeSnapshot, doubted: int, store: RunStore) -> tuple[RunWarning, ...]:
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(choice.found.written_at))
    taken = f"went on from the ledger of {store.url} as of {at}"
    if choice.is_whole:
        return (RunWarning(taken),)
    jobs = "1 job" if doubted == 1 else f"{doubted:,} jobs"
    told = (
        f"{taken}; the run before may have submitted more: {jobs} that may be paid are sent again with the same key "
        "while the API surely keeps it, which buys nothing twice, and are `unknown` after that"
    )
    warnings = [RunWarning(told, (Advice(NextStep.RESUBMIT_UNKNOWN),) if doubted else ())]
    if choice.is_retry:
        warnings.append(
            RunWarning(
                "that run was told to try failed jobs again: to find what it submitted for them, say so again",
                (Advice(NextStep.RETRY_FAILED),),
            )
        )
    return tuple(warnings)
