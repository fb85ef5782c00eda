"""Keeps a report current while runs go on: the folders are looked at often, and read when something has changed."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from qwave_batch.api.report_folders import write_report
from qwave_batch.errors import FolderBusy, QwaveError
from qwave_batch.folder.artifacts import MANIFEST, PICKS, SCORES, SUMMARY, VOTES
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import holder_of
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.model.clock import Clock
from qwave_batch.model.work_progress import WorkProgress
from qwave_batch.report.report_request import ReportRequest, ReportWritten

_LEDGER_FILES = (LEDGER, f"{LEDGER}-wal")
_ARTIFACTS = (MANIFEST, SUMMARY, VOTES, PICKS, SCORES)

OnUpdate: TypeAlias = Callable[[ReportWritten | QwaveError], None]
"""Told of every update, and of the error when one was not possible; the report is then as it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepPace:
    """How often a report is brought up to date."""

    look_s: float = 1.0
    """Between two looks at folders on this machine; each is a few calls of the system."""
    store_look_s: float = 10.0
    """Between two looks at a store, where each is a request that may cost money."""
    least_pause_s: float = 2.0
    """Between two updates."""
    work_share: float = 0.25
    """The part of the time that updates may take: a large report is written less often, for the sake of the run."""
    alive_s: float = 30.0
    """After so long a report of a run at work is written anew, though nothing changed, so that its date tells that."""

    def pause_after(self, took_s: float) -> float:
        """Return how long to wait after an update that took so long."""
        return max(self.least_pause_s, took_s * (1 / self.work_share - 1))


DEFAULT_PACE = UpkeepPace()


class _Stopped(Exception):
    """The update is not wanted any more."""


@dataclass(frozen=True, slots=True)
class FolderMark:
    """The state of a folder as a look shows it; two that are equal mean that nothing changed in between."""

    versions: tuple[object, ...]
    is_live: bool


@dataclass(slots=True)
class ReportUpkeep:
    """Brings one report up to date until it is cancelled."""

    request: ReportRequest
    clock: Clock
    on_update: OnUpdate
    pace: UpkeepPace = DEFAULT_PACE
    _seen: list[FolderMark] | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)

    async def go_on(self) -> None:
        """Look and update until the surrounding task is cancelled; an update at work then ends soon."""
        is_remote = await asyncio.to_thread(self._has_store)
        look_s = self.pace.store_look_s if is_remote else self.pace.look_s
        updated_at = self.clock.monotonic()
        try:
            while True:
                await self.clock.sleep(look_s)
                now = self.clock.monotonic()
                marks = await asyncio.to_thread(self._marks)
                is_stale = any(mark.is_live for mark in marks) and now - updated_at >= self.pace.alive_s
                if marks == self._seen and not is_stale:
                    continue
                is_written = await self._update()
                self._seen = marks if is_written else None  # what changes while it is written is seen by the next look
                updated_at = self.clock.monotonic()
                await self.clock.sleep(self.pace.pause_after(updated_at - now))
        finally:
            self._stopped.set()

    async def _update(self) -> bool:
        """Write the report; tells whether it could be written."""
        try:
            written = await asyncio.to_thread(write_report, self.request, self._check_goes_on, clock=self.clock)
        except FolderBusy:  # a run writes the same report by itself
            return False
        except QwaveError as error:
            self.on_update(error)
            return False
        self.on_update(written)
        return True

    def _check_goes_on(self, _: WorkProgress) -> None:
        if self._stopped.is_set():
            raise _Stopped

    def _has_store(self) -> bool:
        with suppress(QwaveError):
            return any(RunLayout.at(folder).store is not None for folder in self.request.folders)
        return False

    def _marks(self) -> list[FolderMark]:
        """Look at all folders. Nothing is seen when one can't be looked at; the update that follows says why."""
        try:
            return marks_of(self.request.folders)
        except QwaveError:
            return []


def marks_of(folders: Sequence[str | Path]) -> list[FolderMark]:
    """Look at run folders without reading them; raises as ``open_folder`` does."""
    return [_mark_of(RunLayout.at(folder)) for folder in folders]


def _mark_of(layout: RunLayout) -> FolderMark:
    ledger = [
        # an empty write-ahead log comes and goes with those who only read
        None if status is None or status.st_size == 0 else (status.st_ino, status.st_size, status.st_mtime_ns)
        for status in layout.tree.look_all(_LEDGER_FILES)
    ]
    artifacts = [
        None if found is None else (found.size_bytes, found.modified_ns)
        for found in layout.artifacts.look_all(_ARTIFACTS)
    ]
    return FolderMark((*ledger, *artifacts), is_live=not layout.is_view and holder_of(layout) is not None)
