"""What a live run tells those who watch it from another process: one small file, replaced about once a second."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields

from qwave_batch.folder.atomic import TEMPORARY_PREFIX
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.progress import Progress

_NAME = "live.json"
"""Below ``.qwave/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRun:
    """How a run stood a moment ago, in its own words."""

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
        }


def write_live(layout: RunLayout, live: LiveRun) -> None:
    """Tell how the run stands. It is worth nothing after a power cut, so nothing is synced, and failing is no loss."""
    path = layout.private / _NAME
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{_NAME}")
    with suppress(OSError):
        temporary.write_text(json.dumps({"told_at": live.told_at, **asdict(live.progress)}), encoding="utf-8")
        temporary.replace(path)


def remove_live(layout: RunLayout) -> None:
    """Take the file away at the end of a run."""
    with suppress(OSError):
        (layout.private / _NAME).unlink()


def read_live(layout: RunLayout) -> LiveRun | None:
    """Return what the run told last, or None when it has told nothing that can be read.

    A killed run leaves its last words behind: only those of a folder that somebody works on are of any worth.
    """
    with suppress(OSError, ValueError, TypeError, KeyError):
        facts = json.loads((layout.private / _NAME).read_bytes())
        known = {field.name for field in fields(Progress)}
        progress = Progress(**{name: value for name, value in facts.items() if name in known})
        return LiveRun(told_at=float(facts["told_at"]), progress=progress)
    return None
