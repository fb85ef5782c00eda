"""Where a run folder stands, live or ended: what ``status`` shows."""

from dataclasses import dataclass

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import LockHolder, holder_of
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.output.counts import LineCounts, Tally
from qwave_batch.output.manifest import Freshness, read_manifest, refresh_manifest
from qwave_batch.output.ports import LedgerReading
from qwave_batch.output.summary import read_summary


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
    manifest: Freshness | None
    """None without the ledger, when the manifest is all there is."""
    summary: JsonObject | None
    """summary.json as it stands: of the newest run that could write it."""

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
            "image_bytes": self.counts.image_bytes,
            "unplanned": self.unplanned,
            "spent_usd": None if self.spent_nusd is None else usd_from_nusd(self.spent_nusd),
            "held_usd": None if self.held_nusd is None else usd_from_nusd(self.held_nusd),
            "manifest": None if self.manifest is None else self.manifest.value,
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
    tally = Tally()
    for line in ledger.lines():
        tally.add_plan_line(line)
    identity = ledger.identity()
    return FolderStatus(
        folder=str(layout.root),
        name=identity.spec_name if identity else None,
        backend=identity.backend if identity else None,
        holder=holder_of(layout),
        counts=tally.counts(),
        unplanned=sum(1 for _ in ledger.unplanned()),
        spent_nusd=ledger.spent_nusd(),
        held_nusd=ledger.held_nusd(),
        manifest=freshness,
        summary=read_summary(layout),
    )


def _from_manifest(layout: RunLayout) -> FolderStatus:
    tally = Tally()
    for line in read_manifest(layout):
        tally.add_manifest_line(line)
    summary = read_summary(layout) or {}
    name, backend = summary.get("name"), summary.get("backend")
    return FolderStatus(
        folder=str(layout.root),
        name=name if isinstance(name, str) else None,
        backend=backend if isinstance(backend, str) else None,
        holder=holder_of(layout),
        counts=tally.counts(),
        unplanned=0,
        spent_nusd=None,
        held_nusd=None,
        manifest=None,
        summary=summary or None,
    )
