import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.folder.lock import FolderLock
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import JobRecord, JobStatus
from qwave_batch.output import verification
from qwave_batch.output.manifest import Freshness
from qwave_batch.output.verification import VerifyReport, verify

Folder: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable

BEFORE = {"index": 0, "prompt_id": "p", "axes": {}, "tags": []}


FAILED = {"code": "boom", "message": "it failed", "http_status": None, "retryable": False, "field": None}


def errors(report: VerifyReport) -> list[str]:
    return [str(problem) for problem in report.problems if problem.severity == "error"]


def edit(folder: Folder, number: int, change: Callable[[dict[str, Any]], object]) -> VerifyReport:
    """Change line ``number`` (from 1) of the manifest, as someone with an editor would, and verify a copy alone."""
    lines = folder.layout.manifest.read_text(encoding="utf-8").split("\n")
    line = json.loads(lines[number - 1])
    change(line)
    lines[number - 1] = json.dumps(line)
    folder.layout.manifest.write_text("\n".join(lines), encoding="utf-8")
    return verify(folder.layout, None)


@pytest.fixture
def sound(folder: Folder) -> Folder:
    folder.one_of_each()
    folder.write()
    return folder


def test_a_sound_folder_has_nothing_to_say(sound: Folder) -> None:
    report = verify(sound.layout, sound.ledger)
    assert report.problems == ()
    assert report.is_sound
    assert report.manifest is Freshness.CURRENT
    assert (report.counts.lines.jobs, report.counts.files, report.counts.missing) == (7, 1, 0)
    assert report.counts.size_bytes == sound.ledger.planned[0].record.images[0].size_bytes


def test_a_copy_elsewhere_without_its_ledger_is_sound_too(sound: Folder, tmp_path: Path) -> None:
    shutil.copytree(sound.layout.root, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave"))
    report = verify(type(sound.layout)(tmp_path / "copy"), None)
    assert report.problems == ()
    assert report.manifest is None


def test_a_missing_file_is_named_with_its_line(sound: Folder) -> None:
    (sound.layout.images / "m" / "p0.png").unlink()
    report = verify(sound.layout, sound.ledger)
    assert errors(report) == [f"{sound.layout.manifest}:1:1: images/m/p0.png: the file is not there"]
    assert report.counts.missing == 1
    assert not report.is_sound


def test_a_cut_file_is_damaged(sound: Folder) -> None:
    file = sound.layout.images / "m" / "p0.png"
    file.write_bytes(file.read_bytes()[:-5])
    report = verify(sound.layout, sound.ledger)
    assert "PNG is cut short" in errors(report)[0]
    assert report.counts.damaged == 1
    assert report.counts.size_bytes == 0


def test_another_sound_image_in_its_place_is_damaged(sound: Folder) -> None:
    sound.image("images/m/p0.png", "red", "jpeg")
    assert "its SHA-256 is" in errors(verify(sound.layout, sound.ledger))[0]


def test_strangers_and_the_unplanned_are_told_apart(sound: Folder) -> None:
    old = sound.image("images/old/q.png")
    sound.image("images/stranger.png", "red")
    (sound.layout.images / ".DS_Store").touch()
    sound.ledger.left.append(JobRecord(job_id="f" * 16, status=JobStatus.COMPLETED, images=(old,)))
    report = verify(sound.layout, sound.ledger)
    assert errors(report) == ["images/stranger.png: no line names this file"]
    assert (report.counts.unplanned, report.counts.strangers) == (1, 1)
    assert report.counts.unplanned_bytes == old.size_bytes


@pytest.mark.parametrize("name", ["m/p5.png", "m/p5_2.jpg"])
def test_what_was_fetched_for_a_job_that_is_not_complete_is_no_stranger(sound: Folder, name: str) -> None:
    sound.image(f"images/{name}")
    report = verify(sound.layout, sound.ledger)
    assert report.is_sound
    assert report.counts.strangers == 0
    assert "the next run takes it over" in report.problems[0].message


def test_a_manifest_that_a_crash_left_behind_is_written_anew_first(sound: Folder) -> None:
    sound.completed(20)
    report = verify(sound.layout, sound.ledger)
    assert report.manifest is Freshness.REBUILT
    assert errors(report) == []
    assert report.counts.files == 2
    assert [problem.message for problem in report.problems] == ["summary.json is of an earlier state of the manifest"]


def test_an_edited_manifest_is_held_to_the_ledger(sound: Folder) -> None:
    edit(sound, 2, lambda line: line.update(tags=["other"], cost_usd=0))
    lines = sound.layout.manifest.read_text(encoding="utf-8").split("\n")
    sound.layout.manifest.write_text("\n".join([*lines[:6], ""]), encoding="utf-8")
    report = verify(sound.layout, sound.ledger)
    assert report.manifest is Freshness.EDITED
    missing = sound.ledger.planned[6].job.job_id
    assert errors(report)[:3] == [
        "the manifest is not as it was written; the next run writes the manifest anew from the ledger",
        f"{sound.layout.manifest}:2:1: differs from the ledger in tags, cost_usd",
        f"job {missing} of the ledger has no sound line",
    ]


def test_a_manifest_of_garbage_is_told_in_a_few_words(sound: Folder) -> None:
    """Not once for each job, and none of its images is called a stranger: the ledger knows them."""
    sound.layout.manifest.write_text('garbage\n{"a": 1}\n[]\n', encoding="utf-8")
    manifest, ids = sound.layout.manifest, [each.job.job_id for each in sound.ledger.planned]
    assert errors(verify(sound.layout, sound.ledger)) == [
        f"{manifest}:1:1: the line is not JSON",
        f"{manifest}:2:1: job_id, index, status and 21 more are missing",
        f"{manifest}:2:1: Additional properties are not allowed ('a' was unexpected)",
        f"{manifest}:3:1: the line is no JSON object",
        "the manifest is not as it was written; the next run writes the manifest anew from the ledger",
        f"{len(ids)} jobs of the ledger have no sound line: {', '.join(ids[:3])}, ...",
    ]


def test_a_torn_last_line_is_said_to_be_torn(sound: Folder) -> None:
    sound.layout.manifest.write_bytes(sound.layout.manifest.read_bytes()[:-40])
    report = verify(sound.layout, None)
    assert any(":7:1: the line is torn" in error for error in errors(report))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda line: line.pop("seconds"), "seconds is missing"),
        (lambda line: line.update(extra=1), "'extra' was unexpected"),
        (lambda line: line.update(status="done"), "status: 'done' is not one of"),
        (lambda line: line.update(images=[]), "images: []"),
        (lambda line: line.update(submitted_at="yesterday"), "submitted_at: 'yesterday' does not match"),
        (lambda line: line.update(submitted_at="2026-13-41T00:00:00.000Z"), "submitted_at: month must be in 1..12"),
        (lambda line: line["images"][0].update(path="images/../../x.png"), "images[0].path"),
        (lambda line: line["images"][0].update(path="/etc/passwd"), "images[0].path"),
        (lambda line: line["images"][0].update(width=13), "it is a png of 12 x 8"),
        (lambda line: line["images"][0].update(format="gif"), "it is a png of 12 x 8"),
        (lambda line: line["images"][0].update(bytes=1), "bytes, and the manifest says png"),
        (lambda line: line["images"][0].update(sha256="0" * 64), "not 000000000000..."),
        (lambda line: line["images"].append(line["images"][0]), "images: a path stands there twice"),
        (lambda line: line.update(repeat=1), "job_id is not that of its request and repeat"),
        (lambda line: line["request"].update(n=2), "job_id is not that of its request and repeat"),
        (lambda line: line.update(prompt="other"), "prompt is not that of the request"),
        (lambda line: line.update(error={"code": "x"}), "error"),
        (lambda line: line.update(index=3), "index 3 stands on line 1 already"),
        (lambda line: line.update(index=2), "the lines are not in plan order"),
        (lambda line: line.update(path="M/P1"), 'path "m/p1" stands on line 1 already'),
        (lambda line: line.update(also=[BEFORE]), "also: index 0 is not after the job's own 0"),
    ],
)
def test_a_wrong_line_is_told(sound: Folder, change: Callable[[dict[str, Any]], object], said: str) -> None:
    report = edit(sound, 1, change)
    assert said in "\n".join(errors(report))


def test_a_sound_chain_has_nothing_to_say(folder: Folder) -> None:
    folder.chain()
    folder.write()
    assert verify(folder.layout, folder.ledger).problems == ()
    assert verify(folder.layout, None).problems == ()
    assert json.loads(folder.layout.summary.read_bytes())["stages"]["draft"]["cost_usd"] == 0.002


@pytest.mark.parametrize(
    ("number", "change", "said"),
    [
        (3, {"parents": [{"job_id": "{night}", "image": 2}]}, "line 3: its parent {night} has no image 2, only 1"),
        (
            1,
            {"status": "failed", "images": [], "error": FAILED},
            "warning: line 2: its parent {draft} is failed now: what it was made",
        ),
        (1, {"status": "pending", "attempts": 0}, "line 2: it is completed, and its parent {draft} was never made"),
        (1, {"stage": "night"}, "line 2: its parent {draft} is of the same stage, night"),
        (1, {"index": 7}, "index 1 comes after 7"),
        (2, {"parents": [{"job_id": "{draft}", "image": 1}]}, "line 2: its request refers to job:{draft}#2, which par"),
        (2, {"parents": [{"job_id": "{draft}", "image": 1}]}, "line 2: parents lists image 1 of job {draft}, and its"),
        (2, {"parents": [{"job_id": "{draft}", "image": None}]}, "line 2: parents lists the task of job {draft}, and"),
        (2, {"parents": [{"job_id": "{night}", "image": 2}]}, "line 2: parents: the job is its own parent"),
        (2, {"parents": [{"job_id": "9" * 16, "image": 2}]}, "line 2: its parent 9999999999999999 has no sound line"),
        (2, {"parents": []}, "line 2: parents: [] should be non-empty"),
        (2, {"parents": [{"job_id": "{draft}", "image": 0}]}, "line 2: parents[0].image: 0 is less than the minimum"),
        (2, {"parents": [{"job_id": "{draft}"}]}, "line 2: parents[0]: image is missing"),
        (2, {"stage": ""}, "line 2: stage: '' should be non-empty"),
    ],
)
def test_a_wrong_link_is_told(folder: Folder, number: int, change: dict[str, Any], said: str) -> None:
    draft, night, _ = folder.chain()
    folder.write()

    def named(text: str) -> str:
        return text.replace("{draft}", draft.job.job_id).replace("{night}", night.job.job_id)

    report = edit(folder, number, lambda line: line.update(json.loads(named(json.dumps(change)))))
    assert named(said) in "\n".join(
        f"{problem.severity}: line {problem.place.line}: {problem.message}"
        for problem in report.problems
        if problem.place
    )


def test_a_parent_after_its_child_is_told(folder: Folder) -> None:
    folder.chain()
    folder.write()
    lines = folder.layout.manifest.read_bytes().splitlines(keepends=True)
    folder.layout.manifest.write_bytes(b"".join((lines[1], lines[0], lines[2])))
    assert any("its child on line 1 stands before it" in error for error in errors(verify(folder.layout, None)))


def test_a_text_that_only_looks_like_a_reference_is_no_link(folder: Folder) -> None:
    folder.chain()
    request = {"model": "m", "action": "generate", "prompt": f"job:{'5' * 16}#1"}
    told = Job(
        job_id=job_id(request, 0), index=3, prompt_id="q", prompt=request["prompt"], model="m", action="generate",
        request=request, stage="draft", path="m/q",
    )  # fmt: skip
    folder.line(3, JobStatus.PENDING, job=told)
    folder.write()
    assert verify(folder.layout, None).is_sound


def test_a_request_may_refer_to_the_grandparent_alone(folder: Folder) -> None:
    draft, night, _ = folder.chain()
    request = {"model": "m", "action": "edit", "prompt": "p", "image_urls": [f"job:{draft.job.job_id}#1"]}
    told = Job(
        job_id=job_id(request, 0), index=3, prompt_id="q", prompt="p", model="m", action="edit", request=request,
        stage="last", path="m/q", parents=(ParentLink(night.job.job_id), ParentLink(draft.job.job_id, 1)),
    )  # fmt: skip
    folder.line(3, JobStatus.PENDING, job=told)
    folder.write()
    assert verify(folder.layout, None).problems == ()


def test_a_summary_that_counts_a_stage_otherwise_is_told(folder: Folder) -> None:
    folder.chain()
    folder.write()
    told = json.loads(folder.layout.summary.read_text(encoding="utf-8"))
    told["stages"]["night"]["completed"] = 5
    folder.layout.summary.write_text(json.dumps(told))
    said = "summary.json says completed of stage night 5, the lines say 1"
    assert said in errors(verify(folder.layout, folder.ledger))


def test_two_lines_of_one_job_are_told(sound: Folder) -> None:
    data = sound.layout.manifest.read_bytes()
    sound.layout.manifest.write_bytes(data + data.split(b"\n")[0] + b"\n")
    text = "\n".join(errors(verify(sound.layout, None)))
    for what in ("job_id", "index 0", 'path "m/p0"', 'image path "images/m/p0.png"'):
        assert f"{what}" in text
    assert "stands on line 1 already" in text


def test_a_summary_that_counts_otherwise_is_told(sound: Folder) -> None:
    summary = json.loads(sound.layout.summary.read_text(encoding="utf-8"))
    sound.layout.summary.write_text(json.dumps({**summary, "completed": 99}), encoding="utf-8")
    assert errors(verify(sound.layout, sound.ledger)) == ["summary.json says completed 99, the lines say 1"]


def test_another_spec_than_the_summarys_is_told(sound: Folder) -> None:
    sound.layout.spec.write_bytes(b"version: 2\n")
    assert errors(verify(sound.layout, sound.ledger)) == ["spec.yaml is not the one that summary.json speaks of"]


def test_a_missing_summary_is_only_a_warning(sound: Folder) -> None:
    sound.layout.summary.unlink()
    report = verify(sound.layout, sound.ledger)
    assert report.is_sound
    assert [problem.severity for problem in report.problems] == ["warning"]


def test_a_lost_or_damaged_input_is_told(folder: Folder) -> None:
    uri = "data:image/png;base64," + base64.b64encode(b"bytes").decode()
    job = Job(
        job_id="0" * 16, index=0, prompt_id="p", prompt="x", model="m", action="edit", path="p",
        request={"image_urls": [uri]},
    )  # fmt: skip
    folder.line(0, JobStatus.PENDING, job=job)
    folder.write()
    assert errors(verify(folder.layout, folder.ledger)) == []
    (kept,) = folder.layout.inputs.iterdir()
    kept.write_bytes(b"BYTES")
    assert "is damaged: its bytes have another hash" in errors(verify(folder.layout, folder.ledger))[0]
    kept.unlink()
    assert "is not in inputs/" in errors(verify(folder.layout, folder.ledger))[0]


def test_the_folder_of_a_live_run_is_checked_as_far_as_its_manifest_goes(sound: Folder) -> None:
    sound.completed(20)
    with FolderLock(sound.layout):
        report = verify(sound.layout, sound.ledger)
    assert report.manifest is Freshness.LIVE
    assert report.problems == ()


def test_no_manifest_and_no_ledger_is_a_folder_error(folder: Folder) -> None:
    with pytest.raises(FolderError, match=r"has no manifest\.jsonl"):
        verify(folder.layout, None)


def test_a_report_is_json(sound: Folder) -> None:
    (sound.layout.images / "m" / "p0.png").unlink()
    report = json.loads(json.dumps(verify(sound.layout, sound.ledger).as_json()))
    assert (report["sound"], report["lines"], report["missing"]) == (False, 7, 1)
    assert report["problems"][0]["line"] == 1


def test_many_images_are_checked_by_processes_with_the_same_report(
    sound: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(7, 30):
        sound.completed(index)
    sound.write()
    (sound.layout.images / "m" / "p8.png").unlink()
    (sound.layout.images / "m" / "p9.png").write_bytes(b"<html>")
    (sound.layout.images / "m" / "p10.png").write_bytes((sound.layout.images / "m" / "p11.png").read_bytes())
    by_threads = verify(sound.layout, sound.ledger)
    monkeypatch.setattr(verification, "_MANY_BYTES", 0)
    assert verify(sound.layout, sound.ledger) == by_threads
    assert (by_threads.counts.missing, by_threads.counts.damaged, by_threads.counts.files) == (1, 2, 24)


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.update(dropped=["a", "a"]),
        lambda line: line.update(dropped=["a", 1]),
        lambda line: line.update(dropped=[1, 1]),
    ],
)
def test_a_list_that_holds_something_twice_is_a_fault(
    sound: Folder, change: Callable[[dict[str, Any]], object]
) -> None:
    assert errors(edit(sound, 1, change))
