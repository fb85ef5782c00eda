"""The status of a run folder, live or ended, for the command ``status``."""

from dataclasses import dataclass

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import LockHolder, holder_of
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import InUsdIfKnown, usd_from_nusd
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.ledger_ports import LedgerReading
from qwave_batch.output.line_counts import LineCounter
from qwave_batch.output.live import LiveRun, read_live
from qwave_batch.output.manifest import Freshness, refresh_manifest
from qwave_batch.output.summary import read_summary
from qwave_batch.output.times import iso_from_unix
from qwave_batch.output.unrecorded_submits import loss_message


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """The status of a run folder at one moment."""

    folder: str
    name: str | None
    """The spec's name."""
    backend: str | None
    """The API's host, or ``simulator``."""
    holder: LockHolder | None
    """The process that is at work, or None."""
    counts: LineCounts
    unplanned: int
    """Jobs that exist and are no longer in the spec."""
    spent_nusd: int | None
    """The cost of the folder over all runs; None without its ledger."""
    held_nusd: int | None
    """The most that open tasks may still cost."""
    books: CostReport | None
    """The amounts held, charged and refunded, next to catalog prices; None without the ledger."""
    live: LiveRun | None
    """The latest progress of the active run; None if there is none, or none yet."""
    manifest: Freshness | None
    """None without the ledger, when the manifest is all there is."""
    store: str | None = None
    """The address of the object store that has its images; None when the folder has them itself."""
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
    def lost_message(self) -> str:
        """The losses of its ledger, in words; empty without any."""
        return "" if self.lost_since is None else loss_message(self.lost_since)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``status --json`` prints."""
        return {
            "folder": self.folder,
            "store": self.store,
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
    """Return the status of the folder, after rewriting a manifest that a crash left outdated.

    Args:
        layout: The folder (``RunLayout.existing``).
        ledger: Its ledger, open for reading; None for a copy that came without one.

    Raises:
        FolderError: without a ledger, the manifest is missing or torn.
        StorageError: the disk or the ledger fails.
    """
    if ledger is None:
        return _without_ledger(FolderReader(layout, None))
    freshness = refresh_manifest(layout, ledger)
    identity, holder, books = ledger.identity(), holder_of(layout), ledger.cost_report()
    return FolderStatus(
        folder=layout.address,
        name=identity.spec_name if identity else None,
        backend=identity.backend if identity else None,
        holder=holder,
        counts=ledger.line_counts(),
        unplanned=ledger.unplanned_count(),
        spent_nusd=ledger.spent_nusd(),
        held_nusd=books.open_nusd,
        books=books,
        live=read_live(layout) if holder is not None else None,
        manifest=freshness,
        store=layout.store_address,
        lost_since=None if identity is None else identity.lost_since,
        summary=read_summary(layout),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The facts about a folder that are available without reading its plan: cheap enough to be polled."""

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
    """Return the facts about a folder that are available at once; nothing is written."""
    identity, holder = ledger.identity() if ledger else None, holder_of(layout)
    return Glance(
        folder=layout.address,
        name=identity.spec_name if identity else None,
        backend=identity.backend if identity else None,
        holder=holder,
        spent_nusd=ledger.spent_nusd() if ledger else None,
        held_nusd=ledger.held_nusd() if ledger else None,
        live=read_live(layout) if holder is not None else None,
    )


def _without_ledger(reader: FolderReader) -> FolderStatus:
    counters = LineCounter()
    for line in reader.lines():
        counters.add_manifest_line(line)
    header = reader.header()
    return FolderStatus(
        folder=reader.layout.address,
        name=header.name,
        backend=header.backend,
        holder=header.holder,
        counts=counters.counts(),
        unplanned=0,
        spent_nusd=None,
        held_nusd=None,
        books=None,
        live=None,
        manifest=None,
        store=reader.layout.store_address,
        lost_since=None,
        summary=header.summary or None,
    )
