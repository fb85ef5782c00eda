"""The progress of a live run for observers in other processes: one small file, replaced about once a second."""

import json
from contextlib import suppress
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX
from qwave_batch.files.tree import PRIVATE_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import LIVE, PRIVATE
from qwave_batch.model.codec import LENIENT
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.progress import Progress, Waiting
from qwave_batch.output.times import iso_from_unix

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """The recent progress of a run, as reported by itself."""

    told_at: float
    """Unix seconds."""
    progress: Progress

    def as_json(self) -> dict[str, Json]:
        """Return the ``progress`` object of ``status --json``."""
        progress = self.progress
        return {
            "jobs": progress.jobs,
            "done": progress.done,
            "failed": progress.failed,
            "cancelled": progress.cancelled,
            "unknown": progress.unknown,
            "in_flight": progress.in_flight,
            "allowed": progress.allowed,
            "images": progress.images,
            "spent_usd": usd_from_nusd(progress.spent_nusd),
            "elapsed_s": round(progress.elapsed_s, 1),
            "images_per_minute": round(progress.images_per_minute, 1),
            "remaining_s": None if progress.remaining_s is None else round(progress.remaining_s, 1),
            "waiting": progress.note or None,
            "wait": _wait_as_json(progress.waiting),
            "throttle": LENIENT.encode(progress.throttle),
        }


def _wait_as_json(waiting: Waiting | None) -> Json:
    """Return a wait in the form of the event ``run_waiting``."""
    if waiting is None:
        return None
    until = None if waiting.until is None else iso_from_unix(waiting.until)
    return {"kind": waiting.kind.value, "model": waiting.model, "until": until}


@dataclass(frozen=True, slots=True)
class _LiveHeader:
    """The fields of the file beside the progress."""

    told_at: float


def write_live(layout: RunLayout, live: LiveRun) -> None:
    """Write the progress. It is worthless after a power cut, so it is not synced, and a failure is ignored."""
    text = json.dumps({"told_at": live.told_at, **LENIENT.encode(live.progress)}).encode()
    temporary = f"{PRIVATE}/{TEMPORARY_PREFIX}live"
    with suppress(OSError, UsageError), layout.tree.create(temporary, mode=PRIVATE_MODE) as file:
        file.write(text)
        layout.tree.move(temporary, LIVE, is_durable=False)


def remove_live(layout: RunLayout) -> None:
    """Remove the file at the end of a run."""
    with suppress(OSError, UsageError):
        layout.tree.remove(LIVE)


def read_live(layout: RunLayout) -> LiveRun | None:
    """Return the last progress of a run, or None if there is none that can be read.

    A killed run leaves its last progress behind: it is only valid for a folder that is in use.
    """
    with suppress(OSError, UsageError, ValueError, RecursionError):
        facts = json.loads(layout.tree.read(LIVE, most_bytes=_MOST_BYTES))
        told_at = LENIENT.decode(facts, _LiveHeader).told_at
        return LiveRun(told_at=told_at, progress=LENIENT.decode(facts, Progress))
    return None
