"""Counts lines as they stream by: the numbers of summary.json and ``verify``, and of a folder without its ledger."""

from collections import Counter
from dataclasses import dataclass, field

from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.manifest_line import ManifestLine


@dataclass(slots=True)
class LineCounter:
    """Counts lines as they stream by."""

    _statuses: Counter[JobStatus] = field(default_factory=Counter)
    _short: int = 0
    _reused: int = 0
    _images: int = 0
    _cost_nusd: int = 0
    _in_flight: int = 0
    _image_bytes: int = 0

    def add_plan_line(self, line: PlanLine) -> None:
        """Count a line of the ledger."""
        self._add(line.record, line.job.max_images, line.record.cost_nusd)

    def add_manifest_line(self, line: ManifestLine) -> None:
        """Count a line of a manifest, whose number of requested images is only in its request (``n``)."""
        asked = line.request.get("n")
        self._add(line, asked if isinstance(asked, int) else 1, nusd_from_usd(line.cost_usd))

    def counts(self) -> LineCounts:
        """Return the counts so far."""
        return LineCounts(
            jobs=self._statuses.total(),
            **{status.value: self._statuses[status] for status in JobStatus},
            short=self._short,
            reused=self._reused,
            images=self._images,
            cost_nusd=self._cost_nusd,
            in_flight=self._in_flight,
            image_bytes=self._image_bytes,
        )

    def _add(self, told: JobRecord | ManifestLine, wanted: int, cost_nusd: int) -> None:
        is_complete = told.status is JobStatus.COMPLETED
        is_open = told.task_id is not None and told.completed_at is None
        self._statuses[told.status] += 1
        self._short += is_complete and len(told.images) < wanted
        self._reused += is_complete and told.reused_from is not None
        self._images += len(told.images)
        self._cost_nusd += cost_nusd
        # an ended task belongs to an earlier try, or waits for its images to be fetched
        self._in_flight += told.status is JobStatus.PENDING and is_open
        self._image_bytes += sum(image.size_bytes for image in told.images)
