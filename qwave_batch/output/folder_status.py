"""Where a run folder stands, live or ended: what ``status`` shows."""

from dataclasses import dataclass

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import LockHolder, holder_of
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import InUsdIfKnown, usd_from_nusd
from qwave_batch.output.ledger_ports import LedgerReading
from qwave_batch.output.line_counts import LineCounter, LineCounts
from qwave_batch.output.live import LiveRun, read_live
from qwave_batch.output.manifest import Freshness, read_manifest, refresh_manifest
from qwave_batch.output.summary import read_summary
from qwave_batch.output.times import iso_from_unix
from qwave_batch.output.unrecorded_submits import words_of_loss


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """How a run folder stands at one moment."""

    folder: str
    name: str | None
    """The spec's name."""
    backend: str | None
    """The API's host, or ``simulator``."""
    holder: LockHolder | None
    """The process that is at work, or None."""
    counts: LineCounts
    unplanned: int
    """Jobs that were made once and that the spec no longer asks for."""
    spent_nusd: int | None
    """What the folder cost over all runs; None without its ledger."""
    held_nusd: int | None
    """The most that may still come from what was sent."""
    books: CostReport | None
    """What was set aside, charged and given back, beside what the catalog says; None without the ledger."""
    live: LiveRun | None
    """What the run at work told last; None when none is, or it has not come that far."""
    manifest: Freshness | None
    """None without the ledger, when the manifest is all there is."""
    lost_since: float | None
    """Unix seconds from which on the ledger lacks records; None when it lacks none, or there is no ledger."""
    summary: JsonObject | None
    """summary.json as it stands: of the newest run; None when the first has not come far enough to write it."""
    spent_usd = InUsdIfKnown()
    held_usd = InUsdIfKnown()

    def __repr__(self) -> str:
        """Return a summary on one line."""
        at_work = "no run is at work" if self.holder is None else "a run is at work"
        return (
            f"FolderStatus({self.folder}: {self.counts.completed:,} of {self.counts.jobs:,} jobs completed, {at_work})"
        )

    @property
    def lost_words(self) -> str:
        """What its ledger lacks, in words; empty when it lacks nothing."""
        return "" if self.lost_since is None else words_of_loss(self.lost_since)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``status --json`` prints."""
        return {
            "folder": self.folder,
            "name": self.name,
            "backend": self.backend,
            "live": self.holder is not None,
            "holder": None if self.holder is None else self.holder.as_json(),
            **self.counts.as_json(),
            "in_flight": self.counts.in_flight,
            "reused": self.counts.reused,
            "image_bytes": self.counts.image_bytes,
            "unplanned": self.unplanned,
            "spent_usd": None if self.spent_nusd is None else usd_from_nusd(self.spent_nusd),
            "held_usd": None if self.held_nusd is None else usd_from_nusd(self.held_nusd),
            "money": None if self.books is None else self.books.as_json(),
            "progress": None if self.live is None else self.live.as_json(),
            "manifest": None if self.manifest is None else self.manifest.value,
            "lost_since": None if self.lost_since is None else iso_from_unix(self.lost_since),
            "summary": self.summary,
        }


def folder_status(layout: RunLayout, ledger: LedgerReading | None) -> FolderStatus:
    """Return how the folder stands, and write its manifest anew first when a crash left it behind.

    Args:
        layout: The folder (``RunLayout.existing``).
        ledger: Its ledger, open for reading; None for a copy that came without one.

    Raises:
        FolderError: without a ledger, the manifest is missing or torn.
        StorageError: the disk or the ledger fails.
    """
    if ledger is None:
        return _from_manifest(layout)
    freshness = refresh_manifest(layout, ledger)
    counters = LineCounter()
    for line in ledger.lines():
        counters.add_plan_line(line)
    identity, holder = ledger.identity(), holder_of(layout)
    return FolderStatus(
        folder=str(layout.root),
        name=identity.spec_name if identity else None,
        backend=identity.backend if identity else None,
        holder=holder,
        counts=counters.counts(),
        unplanned=sum(1 for _ in ledger.unplanned()),
        spent_nusd=ledger.spent_nusd(),
        held_nusd=ledger.held_nusd(),
        books=ledger.books(),
        live=read_live(layout) if holder is not None else None,
        manifest=freshness,
        lost_since=None if identity is None else identity.lost_since,
        summary=read_summary(layout),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """As much of a folder as can be seen without reading its plan: cheap enough to be asked for again and again."""

    folder: str
    name: str | None
    backend: str | None
    holder: LockHolder | None
    spent_nusd: int | None
    held_nusd: int | None
    live: LiveRun | None
    spent_usd = InUsdIfKnown()
    held_usd = InUsdIfKnown()

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``status --watch --json`` prints: some of the keys of ``status --json``."""
        return {
            "folder": self.folder,
            "name": self.name,
            "backend": self.backend,
            "live": self.holder is not None,
            "holder": None if self.holder is None else self.holder.as_json(),
            "spent_usd": None if self.spent_nusd is None else usd_from_nusd(self.spent_nusd),
            "held_usd": None if self.held_nusd is None else usd_from_nusd(self.held_nusd),
            "progress": None if self.live is None else self.live.as_json(),
        }


def glance_at(layout: RunLayout, ledger: LedgerReading | None) -> Glance:
    """Return what can be seen of a folder at once; nothing is written."""
    identity, holder = ledger.identity() if ledger else None, holder_of(layout)
    return Glance(
        folder=str(layout.root),
        name=identity.spec_name if identity else None,
        backend=identity.backend if identity else None,
        holder=holder,
        spent_nusd=ledger.spent_nusd() if ledger else None,
        held_nusd=ledger.held_nusd() if ledger else None,
        live=read_live(layout) if holder is not None else None,
    )


def _from_manifest(layout: RunLayout) -> FolderStatus:
    counters = LineCounter()
    for line in read_manifest(layout):
        counters.add_manifest_line(line)
    summary = read_summary(layout) or {}
    name, backend = summary.get("name"), summary.get("backend")
    return FolderStatus(
        folder=str(layout.root),
        name=name if isinstance(name, str) else None,
        backend=backend if isinstance(backend, str) else None,
        holder=holder_of(layout),
        counts=counters.counts(),
        unplanned=0,
        spent_nusd=None,
        held_nusd=None,
        books=None,
        live=None,
        manifest=None,
        lost_since=None,
        summary=summary or None,
    )
