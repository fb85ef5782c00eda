import asyncio
import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import rfc8785
from PIL import Image

from qwave_batch.errors import FolderError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.folder.placing import ImageName, Placing
from qwave_batch.folder.traces import has_traces
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.ledger.attempt import Acceptance, Charge, StoredFile
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.ledger.snapshots import JobSnapshot, PlanLine
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ImageFile, JobRecord
from qwave_batch.model.task import ResultImage
from qwave_batch.output.folder_status import folder_status
from qwave_batch.output.manifest import Freshness, keep_manifest, read_manifest, write_manifest
from qwave_batch.output.pruning import find_prunable, prune
from qwave_batch.output.verification import verify


def job(index: int, skip: JobError | None = None) -> Job:
    request = {"model": "m", "action": "generate", "prompt": f"茶 {index}"}
    job_id = hashlib.sha256(rfc8785.dumps({"repeat": 0, "request": request})).hexdigest()[:16]
    return Job(
        job_id=job_id, index=index, prompt_id=f"p{index}", prompt=f"茶 {index}", model="m", action="generate",
        request=request, path=f"m/p{index}", skip=skip,
    )  # fmt: skip


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


@pytest.fixture
def ledger(layout: RunLayout) -> Iterator[Ledger]:
    with Ledger.open(layout.workspace.ledger) as ledger:
        ledger.claim(FolderClaim(spec_name="tea", backend="simulator", path=str(layout.root), host="h", key="k"))
        yield ledger


async def make(layout: RunLayout, ledger: Ledger, made: Job) -> None:
    """Take a job the whole way: sent, accepted, completed, its image in place and on record."""
    journal = ledger.journal()
    attempt = await journal.intend(made.job_id, held_nusd=10, sent_at=1.0)
    attempt = await journal.accept(attempt, Acceptance(task_id=f"task-{made.index}", submitted_at=1.0, held_nusd=10))
    url = "https://files.example/x.png"
    charge = Charge(cost_nusd=7, cost_from="api")
    attempt = await journal.complete(
        attempt, ended_at=3.5, submitted_at=1.0, charge=charge, results=[ResultImage(url=url)]
    )
    out = BytesIO()
    Image.new("RGB", (9, 9), (made.index, 0, 0)).save(out, "png")
    partial = layout.workspace.partial_of(made.job_id, 1)
    partial.write_bytes(out.getvalue())
    info = inspect_bytes(partial.read_bytes())
    name = ImageName(job_path=made.path, job_id=made.job_id)
    path = Placing(layout).place(layout.relative(partial), info, name, ledger.owner_of).path
    image = ImageFile(
        path=path, sha256=info.sha256, size_bytes=info.size_bytes, width=info.width, height=info.height,
        format=info.format, source_url=url,
    )  # fmt: skip
    modified_ns = (layout.root / path).stat().st_mtime_ns
    await journal.store(attempt, [StoredFile(image=image, modified_ns=modified_ns)])


@pytest.fixture
def run(layout: RunLayout, ledger: Ledger) -> RunLayout:
    """Two jobs made, one skipped, one not reached, a duplicate; the manifest is yet to be written."""

    async def both() -> None:
        await make(layout, ledger, job(0))
        await make(layout, ledger, job(1))

    skip = job(2, JobError(code="unsupported", message="m can't", field="prompt"))
    ledger.replace_plan([job(0), job(1), skip, job(3), Duplicate(job_id=job(1).job_id, index=4, prompt_id="p4")])
    asyncio.run(both())
    return layout


def test_a_crash_before_any_manifest_is_made_up_for_by_looking(run: RunLayout, ledger: Ledger) -> None:
    status = folder_status(run, ledger)
    assert status.manifest is Freshness.REBUILT
    counts = status.counts
    assert (counts.jobs, counts.completed, counts.skipped, counts.pending, counts.images) == (4, 2, 1, 1, 2)
    assert status.spent_nusd == 14
    lines = list(read_manifest(run))
    assert [line.index for line in lines] == [0, 1, 2, 3]
    assert [duplicate.index for duplicate in lines[1].also] == [4]
    assert verify(run, ledger).is_sound


def test_what_left_the_plan_is_unplanned_then_pruned_and_its_cost_stays(run: RunLayout, ledger: Ledger) -> None:
    ledger.replace_plan([job(1), job(3)])
    report = verify(run, ledger)
    assert report.is_sound
    assert (report.counts.unplanned, report.counts.strangers) == (1, 0)
    found = find_prunable(run, ledger)
    assert [file.path for file in found.files] == ["images/m/p0.png"]
    assert prune(run, ledger, found) == ()
    assert not (run.images / "m" / "p0.png").exists()
    assert verify(run, ledger).counts.unplanned == 0
    assert ledger.spent_nusd() == 14


def test_a_job_that_was_perhaps_sent_before_a_crash_is_not_forgotten(run: RunLayout, ledger: Ledger) -> None:
    async def send() -> None:
        await ledger.journal().intend(job(3).job_id, held_nusd=10, sent_at=1.0)

    asyncio.run(send())
    ledger.replace_plan([job(0), job(1)])
    (kept,) = prune(run, ledger, find_prunable(run, ledger))
    assert kept.job_id == job(3).job_id
    assert ledger.held_nusd() == 10


def test_asked_for_again_what_was_unplanned_is_there(run: RunLayout, ledger: Ledger) -> None:
    ledger.replace_plan([job(1)])
    write_manifest(run, ledger.lines())
    ledger.replace_plan([job(0), job(1)])
    report = verify(run, ledger)
    assert (report.manifest, report.counts.files, report.counts.unplanned) == (Freshness.REBUILT, 2, 0)


def test_a_folder_that_was_moved_is_sound(run: RunLayout, ledger: Ledger, tmp_path: Path) -> None:
    write_manifest(run, ledger.lines())
    ledger.close()
    shutil.move(run.root, tmp_path / "elsewhere")
    moved = RunLayout(tmp_path / "elsewhere")
    with Ledger.open(moved.workspace.ledger, read_only=True) as opened:
        report = verify(moved, opened)
    assert report.is_sound
    assert report.manifest is Freshness.CURRENT


def test_a_folder_whose_first_manifest_is_not_written_yet_says_that_a_run_is_at_work(
    layout: RunLayout, ledger: Ledger
) -> None:
    with FolderLock(layout), pytest.raises(FolderError, match="a run is at work there"):
        verify(layout, ledger)


class WatchedLedger(Ledger):
    """Counts how often all lines or records are asked for."""

    reads = 0

    def lines(self) -> Iterator[PlanLine]:
        self.reads += 1
        return super().lines()

    def snapshots(self, *, stored: Sequence[int] | None = None) -> Iterator[JobSnapshot]:
        self.reads += 1
        return super().snapshots(stored=stored)

    def unplanned(self) -> Iterator[JobRecord]:
        self.reads += 1
        return super().unplanned()


def test_no_line_is_read_for_the_status_of_a_folder_that_a_run_has_left(run: RunLayout, ledger: Ledger) -> None:
    keep_manifest(run, ledger)
    ledger.close()
    with WatchedLedger.open(run.workspace.ledger, read_only=True) as opened:
        status = folder_status(run, opened)
        assert (status.manifest, status.counts.completed) == (Freshness.CURRENT, 2)
        assert opened.reads == 0


def test_a_manifest_is_not_written_twice_from_the_same_lines(run: RunLayout, ledger: Ledger) -> None:
    first = keep_manifest(run, ledger)
    ledger.close()
    with WatchedLedger.open(run.workspace.ledger) as again:
        lines = list(Ledger.lines(again))
        again.replace_plan([*(line.job for line in lines), *(each for line in lines for each in line.also)])
        assert (keep_manifest(run, again), again.reads) == (first, 0)
        again.replace_plan([job(0)])
        assert (keep_manifest(run, again).counts.jobs, again.reads) == (1, 1)


@pytest.mark.parametrize("what", ["edited", "cut", "gone", "older"])
def test_a_manifest_that_is_another_than_the_known_one_is_noticed(run: RunLayout, ledger: Ledger, what: str) -> None:
    ledger.replace_plan([job(0)])
    keep_manifest(run, ledger)
    older = run.manifest.read_bytes()
    ledger.replace_plan([job(0), job(1)])
    keep_manifest(run, ledger)
    newest = run.manifest.read_bytes()
    ledger.close()
    match what:
        case "edited":
            run.manifest.write_bytes(newest.replace(b"completed", b"cancelled"))
        case "cut":
            run.manifest.write_bytes(newest[:-10])
        case "gone":
            run.manifest.unlink()
        case "older":
            run.manifest.write_bytes(older)
    with Ledger.open(run.workspace.ledger, read_only=True) as opened:
        found = folder_status(run, opened).manifest
    assert found is {"gone": Freshness.REBUILT, "older": Freshness.REBUILT}.get(what, Freshness.EDITED)
    if found is Freshness.EDITED:
        with Ledger.open(run.workspace.ledger) as again:
            keep_manifest(run, again)
    assert run.manifest.read_bytes() == newest


def test_an_input_that_went_missing_comes_back_with_the_manifest(run: RunLayout, ledger: Ledger) -> None:
    request = {"model": "m", "image": "data:image/png;base64,aGVsbG8="}
    ledger.replace_plan([job(0), replace(job(1), request=request)])
    keep_manifest(run, ledger)
    (kept,) = run.inputs.iterdir()
    kept.unlink()
    keep_manifest(run, ledger)
    assert kept.read_bytes() == b"hello"


def test_a_folder_whose_run_died_before_its_claim_is_looked_at_and_stays_as_new(layout: RunLayout) -> None:
    """With a manifest beside it the ledger would be one that has lost what it knew, and no run could begin."""
    with Ledger.open(layout.workspace.ledger) as ledger:
        assert folder_status(layout, ledger).manifest is Freshness.CURRENT
        assert not has_traces(layout)
