"""A run folder made of plain data, with real images in it."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from PIL import Image

from qwave_batch.folder.inputs import keep_spec
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.ledger.folder_identity import FolderIdentity
from qwave_batch.ledger.image_makers import JobOfImage
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobRecord, JobStatus
from qwave_batch.model.run_ends import EndKind
from qwave_batch.output.line_counts import LineCounter
from qwave_batch.output.manifest import WrittenManifest, write_manifest
from qwave_batch.output.summary import RunFacts, write_summary

NOW = 1_795_334_400.1234


@dataclass
class PlainLedger:
    """The answers of a ledger, as data."""

    planned: list[PlanLine] = field(default_factory=list)
    left: list[JobRecord] = field(default_factory=list)
    left_parents: dict[str, list[str]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[PlanLine]:
        return iter(self.planned)

    def line_of(self, job_id: str) -> PlanLine | None:
        return next((line for line in self.planned if line.job.job_id == job_id), None)

    def lines_id(self) -> str | None:
        return None

    def line_counts(self) -> LineCounts:
        counter = LineCounter()
        for line in self.planned:
            counter.add_plan_line(line)
        return counter.counts()

    def unplanned(self) -> Iterator[JobRecord]:
        return iter(self.left)

    def unplanned_parents(self) -> dict[str, list[str]]:
        return self.left_parents

    def makers(self, sha256s: Collection[str], job_id: str | None) -> list[JobOfImage]:
        return [
            JobOfImage(number, line)
            for number, line in enumerate(self.planned, start=1)
            if line.job.job_id == job_id or any(image.sha256 in sha256s for image in line.record.images)
        ]

    def unplanned_count(self) -> int:
        return len(self.left)

    def identity(self) -> FolderIdentity | None:
        return FolderIdentity(
            folder_id="f", spec_name="teahouse", backend="simulator", path="/", host="h", key_fingerprint="k",
            created_at=NOW,
        )  # fmt: skip

    def spent_nusd(self) -> int:
        return sum(record.cost_nusd for record in (*(line.record for line in self.planned), *self.left))

    def held_nusd(self) -> int:
        return 0

    def cost_report(self) -> CostReport:
        return CostReport(paid_nusd=self.spent_nusd(), catalog_nusd=self.spent_nusd())

    def forget(self, job_id: str) -> None:
        self.forgotten.append(job_id)
        self.left = [record for record in self.left if record.job_id != job_id]


def job_id_of(request: JsonObject, repeat: int = 0) -> str:
    return hashlib.sha256(rfc8785.dumps({"repeat": repeat, "request": dict(request)})).hexdigest()[:16]


@dataclass
class Folder:
    """A run folder with a ledger of plain data."""

    layout: RunLayout
    ledger: PlainLedger = field(default_factory=PlainLedger)

    def line(self, index: int, status: JobStatus, *, job: Job | None = None, **facts: object) -> PlanLine:
        request: JsonObject = {"model": "m", "action": "generate", "prompt": f"Tee № {index} 🍵\n\u2028", "n": 1}
        job = job or Job(
            job_id=job_id_of(request), index=index, prompt_id=f"p{index}", prompt=f"Tee № {index} 🍵\n\u2028",
            model="m", action="generate", request=request, axes={"model": "m"}, tags=("street",), meta={"a": [1]},
            path=f"m/p{index}",
        )  # fmt: skip
        line = PlanLine(job=job, record=replace(JobRecord(job_id=job.job_id, status=status), **facts))  # type: ignore[arg-type]
        self.ledger.planned.append(line)
        return line

    def image(self, path: str, colour: str = "navy", image_format: str = "png") -> ImageFile:
        out = BytesIO()
        Image.new("RGB", (12, 8), colour).save(out, image_format)
        file = self.layout.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(out.getvalue())
        return ImageFile(
            path=path, sha256=hashlib.sha256(out.getvalue()).hexdigest(), size_bytes=len(out.getvalue()), width=12,
            height=8, format=image_format, source_url="https://files.example/x.png?sig=a%2Fb",
        )  # fmt: skip

    def completed(self, index: int) -> PlanLine:
        image = self.image(f"images/m/p{index}.png", f"rgb({index % 256}, {index // 256}, 7)")
        return self.line(
            index, JobStatus.COMPLETED, task_id=f"task-{index}", attempts=1, submitted_at=NOW, completed_at=NOW + 4.2,
            seconds=4.2, cost_nusd=6_375_000, cost_from="api", images=(image,),
        )  # fmt: skip

    def one_of_each(self) -> None:
        self.completed(0)
        error = JobError(code="bad_image", message="does not decode", http_status=None)
        self.line(1, JobStatus.FAILED, task_id="t1", attempts=2, error=error, cost_nusd=5, cost_from="catalog")
        self.line(2, JobStatus.CANCELLED, task_id="t2", attempts=1)
        unsupported = JobError(code="unsupported", message="m takes no n", field="n")
        skipped = Job(
            job_id=job_id_of({"model": "m", "n": 3}), index=3, prompt_id="p3", prompt="x", model="m", action="generate",
            request={"model": "m", "n": 3}, skip=unsupported,
        )  # fmt: skip
        self.line(3, JobStatus.SKIPPED, job=skipped)
        gone = JobError(code="connection_lost", message="no answer", retryable=False)
        self.line(4, JobStatus.UNKNOWN, attempts=1, submitted_at=NOW, error=gone)
        self.line(5, JobStatus.PENDING, task_id="t5", attempts=1, submitted_at=NOW)
        duplicate = Duplicate(job_id="-", index=8, prompt_id="p8", axes={"model": "m"}, tags=("t",), meta={"b": None})
        line = self.line(6, JobStatus.PENDING)
        duplicates = (replace(duplicate, job_id=line.job.job_id),)
        self.ledger.planned[-1] = replace(line, also=duplicates)

    def chain(self) -> tuple[PlanLine, PlanLine, PlanLine]:
        """Add a draft with two images, an edit of its second one, and a poster of the edit that is still to be made."""
        requests: list[dict[str, Any]] = [{"model": "m", "action": "generate", "prompt": "A stall"}]
        for image in (2, 1):
            parent = f"job:{job_id_of(requests[-1])}#{image}"
            requests.append({"model": "m", "action": "edit", "prompt": "At night", "image_urls": [parent]})
        links = [(), (ParentLink(job_id_of(requests[0]), 2),), (ParentLink(job_id_of(requests[1]), 1),)]
        jobs = [
            Job(
                job_id=job_id_of(request), index=index, prompt_id="p", prompt=request["prompt"], model="m",
                action=request["action"], request=request, stage=stage, parents=parents, path=f"m/{stage}",
                max_images=2 if stage == "draft" else 1,
            )
            for index, (request, stage, parents) in enumerate(
                zip(requests, ("draft", "night", "poster"), links, strict=True)
            )
        ]  # fmt: skip
        drafts = tuple(self.image(f"images/m/draft_{number}.png", f"rgb(9, {number}, 0)") for number in (1, 2))
        made = {"attempts": 1, "cost_nusd": 2_000_000, "cost_from": "api", "submitted_at": NOW}
        return (
            self.line(0, JobStatus.COMPLETED, job=jobs[0], task_id="t0", images=drafts, **made),
            self.line(
                1, JobStatus.COMPLETED, job=jobs[1], task_id="t1", images=(self.image("images/m/night.png"),), **made
            ),
            self.line(2, JobStatus.PENDING, job=jobs[2]),
        )

    def facts(self, **others: Any) -> RunFacts:
        facts = RunFacts(
            name="teahouse", catalog="2026-05", backend="simulator", spec_sha256="0" * 64, started_at=NOW,
            ended_at=NOW + 9, seconds=9.00049, requests={"submit": 1, "poll": 2, "download": 3, "retried": 0},
            kind=EndKind.COMPLETE,
        )  # fmt: skip
        return replace(facts, **others)

    def write(self) -> WrittenManifest:
        self.layout.workspace.ledger.touch()
        keep_spec(self.layout, b"version: 1\n")
        written = write_manifest(self.layout, self.ledger.lines())
        write_summary(self.layout, self.facts(), written, self.ledger.cost_report())
        return written


@pytest.fixture
def new_folder(tmp_path: Path) -> Callable[[str], Folder]:
    def make(name: str) -> Folder:
        layout = RunLayout(tmp_path / name)
        layout.create()
        return Folder(layout)

    return make


@pytest.fixture
def folder(new_folder: Callable[[str], Folder]) -> Folder:
    return new_folder("run")
