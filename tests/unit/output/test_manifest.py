import base64
import json
import tracemalloc
from typing import Any, TypeAlias

import pytest
from jsonschema import Draft202012Validator

from qwave_batch.errors import FolderError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.job import Job
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output.manifest import Freshness, read_manifest, refresh_manifest, write_manifest
from qwave_batch.output.manifest_line import line_as_json, manifest_line
from qwave_batch.output.manifest_schema import manifest_schema, schema_faults

KEYS = [
    "job_id", "index", "status", "prompt_id", "prompt", "model", "action", "request", "dropped", "axes", "tags", "meta",
    "repeat", "also", "path", "task_id", "attempts", "submitted_at", "completed_at", "seconds", "cost_usd", "cost_from",
    "images", "error", "reused_from",
]  # fmt: skip

Folder: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable


def lines_of(layout: RunLayout) -> list[dict[str, Any]]:
    return [json.loads(line) for line in layout.manifest.read_bytes().split(b"\n")[:-1]]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(manifest_schema())


def test_a_line_of_every_status_is_by_the_schema_with_keys_in_order(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    lines = lines_of(folder.layout)
    assert {line["status"] for line in lines} == set(JobStatus)
    for line in lines:
        assert list(line) == KEYS
        assert list(schema_faults(line)) == []


def test_a_line_says_what_the_design_says(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    first, *_, last = lines_of(folder.layout)
    assert first["submitted_at"] == "2026-11-22T08:00:00.123Z"
    assert first["completed_at"] == "2026-11-22T08:00:04.323Z"
    assert (first["seconds"], first["cost_usd"], first["cost_from"]) == (4.2, 0.006375, "api")
    assert list(first["images"][0]) == ["path", "sha256", "bytes", "width", "height", "format", "source_url"]
    assert (last["cost_usd"], last["cost_from"], last["submitted_at"], last["error"]) == (0, None, None, None)
    assert last["also"] == [{"index": 8, "prompt_id": "p8", "axes": {"model": "m"}, "tags": ["t"]}]


def test_what_was_written_is_read_again(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    assert list(read_manifest(folder.layout)) == [manifest_line(line) for line in folder.ledger.planned]


def test_no_text_is_taken_for_the_end_of_a_line(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    assert len(folder.layout.manifest.read_text(encoding="utf-8").splitlines()) == len(folder.ledger.planned)


def test_an_inline_input_stands_as_its_hash_with_the_bytes_in_inputs(folder: Folder) -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"bytes").decode()
    job = Job(
        job_id="0" * 16, index=0, prompt_id="p", prompt="x", model="m", action="edit", path="p",
        request={"image_urls": [uri]}, axes={"image_urls": uri},
    )  # fmt: skip
    folder.line(0, JobStatus.PENDING, job=job)
    folder.write()
    (line,) = lines_of(folder.layout)
    (reference,) = line["request"]["image_urls"]
    assert line["axes"]["image_urls"] == reference
    assert (folder.layout.inputs / f"{reference.replace(':', '-')}.bin").read_bytes() == b"bytes"
    assert uri not in folder.layout.manifest.read_text(encoding="utf-8")


def test_a_skipped_job_gives_its_reason_even_when_the_record_has_none() -> None:
    skip = Job(job_id="0" * 16, index=0, prompt_id="p", prompt="", model="m", action="", request={})
    line = PlanLine(job=skip, record=JobRecord(job_id="0" * 16, status=JobStatus.PENDING))
    assert line_as_json(manifest_line(line))["error"] is None


def test_a_torn_line_is_named_with_its_number(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    folder.layout.manifest.write_bytes(folder.layout.manifest.read_bytes()[:-40])
    with pytest.raises(FolderError, match=r"manifest\.jsonl:7: not a line of a manifest"):
        list(read_manifest(folder.layout))


@pytest.mark.parametrize("content", [b"[]\n", b"{}\n", b"null\n", b"\xff\n", b'{"job_id": 1}\n'])
def test_what_is_no_line_is_a_folder_error(folder: Folder, content: bytes) -> None:
    folder.layout.manifest.write_bytes(content)
    with pytest.raises(FolderError, match="not a line of a manifest"):
        list(read_manifest(folder.layout))


def test_a_missing_manifest_says_what_to_do(folder: Folder) -> None:
    with pytest.raises(FolderError, match="no run has come that far"):
        list(read_manifest(folder.layout))
    folder.layout.workspace.ledger.touch()
    with pytest.raises(FolderError, match=r"has no manifest\.jsonl") as caught:
        list(read_manifest(folder.layout))
    assert caught.value.next_steps == (Advice(NextStep.WRITE_MANIFEST, str(folder.layout.root)),)


def test_a_manifest_that_a_crash_left_behind_is_written_anew(folder: Folder) -> None:
    folder.completed(0)
    folder.write()
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.CURRENT
    folder.completed(1)
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.REBUILT
    assert len(lines_of(folder.layout)) == 2
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.CURRENT


def test_a_crash_before_the_first_manifest_is_made_up_for(folder: Folder) -> None:
    folder.completed(0)
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.REBUILT
    assert len(lines_of(folder.layout)) == 1


def test_the_manifest_of_a_live_run_is_left_to_it(folder: Folder) -> None:
    folder.completed(0)
    with FolderLock(folder.layout):
        assert refresh_manifest(folder.layout, folder.ledger) is Freshness.LIVE
    assert not folder.layout.manifest.exists()


def test_a_manifest_that_someone_edited_is_left_alone(folder: Folder) -> None:
    folder.completed(0)
    folder.write()
    edited = folder.layout.manifest.read_bytes().replace(b"street", b"avenue")
    folder.layout.manifest.write_bytes(edited)
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.EDITED
    assert folder.layout.manifest.read_bytes() == edited


def test_a_crash_between_remembering_and_renaming_is_no_edit(folder: Folder) -> None:
    folder.completed(0)
    folder.write()
    old = folder.layout.manifest.read_bytes()
    folder.completed(1)
    write_manifest(folder.layout, folder.ledger.lines())
    folder.layout.manifest.write_bytes(old)
    assert refresh_manifest(folder.layout, folder.ledger) is Freshness.REBUILT


def test_a_long_manifest_is_streamed(folder: Folder) -> None:
    line = folder.completed(0)
    tracemalloc.start()
    try:
        written = write_manifest(folder.layout, (line for _ in range(4_000)))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert written.counts.jobs == 4_000
    assert folder.layout.manifest.stat().st_size > 2_000_000
    assert peak_bytes < 500_000
