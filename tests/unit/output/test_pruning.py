import base64
import json
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.folder.inputs import store_input
from qwave_batch.model.job import Job
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.pruning import find_prunable, prune
from qwave_batch.output.verification import verify

Folder: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable


def left(folder: Folder, number: int, **facts: Any) -> JobRecord:
    image = folder.image(f"images/old/{number}.png")
    record = JobRecord(job_id=f"{number:016x}", status=JobStatus.COMPLETED, images=(image,))
    record = replace(record, **facts)
    folder.ledger.left.append(record)
    return record


def test_what_the_spec_no_longer_asks_for_is_shown_and_then_gone(folder: Folder) -> None:
    folder.one_of_each()
    record = left(folder, 1)
    folder.write()
    plan = find_prunable(folder.layout, folder.ledger)
    assert [(file.path, file.size_bytes) for file in plan.files] == [("images/old/1.png", record.images[0].size_bytes)]
    assert plan.size_bytes == record.images[0].size_bytes
    assert (folder.layout.root / "images/old/1.png").exists()
    prune(folder.layout, folder.ledger, plan)
    assert not (folder.layout.images / "old").exists()
    assert (folder.layout.images / "m" / "p0.png").exists()
    assert folder.ledger.forgotten == [record.job_id]
    assert find_prunable(folder.layout, folder.ledger).files == ()
    assert verify(folder.layout, folder.ledger).problems == ()


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"status": JobStatus.UNKNOWN}, "perhaps paid"),
        ({"status": JobStatus.PENDING, "task_id": "task-9"}, "task task-9 is open"),
    ],
)
def test_what_may_still_be_paid_for_stays(folder: Folder, facts: dict[str, Any], reason: str) -> None:
    left(folder, 1, **facts)
    plan = find_prunable(folder.layout, folder.ledger)
    assert (plan.files, plan.job_ids) == ((), ())
    assert reason in plan.kept[0].reason
    prune(folder.layout, folder.ledger, plan)
    assert folder.ledger.forgotten == []
    assert (folder.layout.root / "images/old/1.png").exists()


def test_failed_and_never_begun_jobs_are_forgotten(folder: Folder) -> None:
    left(folder, 1, status=JobStatus.FAILED)
    left(folder, 2, status=JobStatus.PENDING, images=())
    assert len(find_prunable(folder.layout, folder.ledger).job_ids) == 2


def test_a_file_that_a_planned_job_has_too_stays(folder: Folder) -> None:
    line = folder.completed(0)
    left(folder, 1, images=line.record.images)
    assert find_prunable(folder.layout, folder.ledger).files == ()


def test_strangers_are_not_ours_to_remove(folder: Folder) -> None:
    folder.image("images/mine.png")
    assert find_prunable(folder.layout, folder.ledger).files == ()


@pytest.mark.parametrize(
    "path", ["../victim.png", "{parent}/victim.png", "spec.yaml", ".qwave/ledger.sqlite", "images"]
)
def test_a_record_that_names_what_no_run_has_written_is_refused(folder: Folder, path: str) -> None:
    victim = folder.layout.root.parent / "victim.png"
    victim.touch()
    record = left(folder, 1)
    path = path.format(parent=victim.parent)
    folder.ledger.left = [replace(record, images=(replace(record.images[0], path=path),))]
    with pytest.raises(FolderError, match="which no run has written"):
        find_prunable(folder.layout, folder.ledger)
    assert victim.exists()


def test_leftovers_of_killed_runs_go_too(folder: Folder) -> None:
    folder.layout.workspace.partial_of("0" * 16, 1).write_bytes(b"half")
    (folder.layout.root / ".tmp-x-manifest.jsonl").write_bytes(b"half")
    plan = find_prunable(folder.layout, folder.ledger)
    assert len(plan.files) == 2
    prune(folder.layout, folder.ledger, plan)
    assert find_prunable(folder.layout, folder.ledger).files == ()


def test_inline_inputs_of_jobs_that_are_gone_go_with_them(folder: Folder) -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"used").decode()
    job = Job(
        job_id="0" * 16, index=0, prompt_id="p", prompt="x", model="m", action="edit", path="p",
        request={"image_urls": [uri]},
    )  # fmt: skip
    folder.line(0, JobStatus.PENDING, job=job)
    folder.write()
    store_input(folder.layout, b"not used any more")
    plan = find_prunable(folder.layout, folder.ledger)
    assert [file.size_bytes for file in plan.files] == [len(b"not used any more")]


def test_parents_of_jobs_that_are_to_be_made_stay_though_the_plan_lost_them(folder: Folder) -> None:
    """So do those that the parents were made from, and those of jobs whose tasks are open."""
    grandparent, parent, of_open, of_settled, free = (left(folder, number) for number in range(1, 6))
    unknown = left(folder, 6, status=JobStatus.UNKNOWN, images=())
    settled = left(folder, 7)
    folder.ledger.left_parents = {
        parent.job_id: [grandparent.job_id],
        unknown.job_id: [of_open.job_id],
        settled.job_id: [of_settled.job_id],
    }
    wanted, made = (
        Job(
            job_id=letter * 16, index=index, prompt_id="p", prompt="x", model="m", action="edit", path=letter,
            request={"prompt": letter}, stage="night", parents=(ParentLink(needed.job_id, 1),),
        )
        for index, (letter, needed) in enumerate([("a", parent), ("b", free)])
    )  # fmt: skip
    folder.line(0, JobStatus.PENDING, job=wanted)
    folder.line(1, JobStatus.COMPLETED, job=made)
    plan = find_prunable(folder.layout, folder.ledger)
    assert {kept.job_id: kept.reason for kept in plan.kept} == {
        grandparent.job_id: f"job {parent.job_id} is made from it",
        parent.job_id: f"job {wanted.job_id} is made from it",
        of_open.job_id: f"job {unknown.job_id} is made from it",
        unknown.job_id: "it was sent and is perhaps paid",
    }
    assert set(plan.job_ids) == {of_settled.job_id, free.job_id, settled.job_id}
    assert [file.path for file in plan.files] == [record.images[0].path for record in (of_settled, free, settled)]


def test_a_plan_is_json(folder: Folder) -> None:
    left(folder, 1)
    left(folder, 2, status=JobStatus.UNKNOWN)
    shown = json.loads(json.dumps(find_prunable(folder.layout, folder.ledger).as_json()))
    assert shown["jobs"] == 1
    assert shown["files"][0]["path"] == "images/old/1.png"
    assert shown["kept"] == [{"job_id": f"{2:016x}", "reason": "it was sent and is perhaps paid"}]
