"""Counts lines as they stream by: the numbers of summary.json and ``verify``, and of a folder without its ledger."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.manifest_line import ManifestLine


class LineCounter:
    """Counts lines as they stream by."""

    def __init__(self) -> None:
        self._whole = _Counts()
        self._stages: dict[str, _Counts] = {}

    def add_plan_line(self, line: PlanLine) -> None:
        """Count a line of the ledger."""
        self._add(line.job.stage, line.record, line.job.max_images, line.record.cost_nusd)

    def add_manifest_line(self, line: ManifestLine) -> None:
        """Count a line of a manifest, whose number of requested images is only in its request (``n``)."""
        asked = line.request.get("n")
        self._add(line.stage, line, asked if isinstance(asked, int) else 1, nusd_from_usd(line.cost_usd))

    def counts(self) -> LineCounts:
        """Return the counts so far."""
        return self._whole.counts({name: stage.counts({}) for name, stage in self._stages.items()})

    def _add(self, stage: str, told: JobRecord | ManifestLine, wanted: int, cost_nusd: int) -> None:
        self._whole.add(told, wanted, cost_nusd)
        if stage:
            self._stages.setdefault(stage, _Counts()).add(told, wanted, cost_nusd)


@dataclass(slots=True)
class _Counts:
    statuses: Counter[JobStatus] = field(default_factory=Counter)
    short: int = 0
    reused: int = 0
    images: int = 0
    cost_nusd: int = 0
    in_flight: int = 0
    image_bytes: int = 0

    def add(self, told: JobRecord | ManifestLine, wanted: int, cost_nusd: int) -> None:
        is_complete = told.status is JobStatus.COMPLETED
        is_open = told.task_id is not None and told.completed_at is None
        self.statuses[told.status] += 1
        self.short += is_complete and len(told.images) < wanted
        self.reused += is_complete and told.reused_from is not None
        self.images += len(told.images)
        self.cost_nusd += cost_nusd
        # an ended task belongs to an earlier try, or waits for its images to be fetched
        self.in_flight += told.status is JobStatus.PENDING and is_open
        self.image_bytes += sum(image.size_bytes for image in told.images)

    def counts(self, stages: Mapping[str, LineCounts]) -> LineCounts:
        return LineCounts(
            jobs=self.statuses.total(),
            **{status.value: self.statuses[status] for status in JobStatus},
            short=self.short,
            reused=self.reused,
            images=self.images,
            cost_nusd=self.cost_nusd,
            in_flight=self.in_flight,
            image_bytes=self.image_bytes,
            stages=stages,
        )
