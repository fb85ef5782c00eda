"""The folders that reports are tested with hold what the tests take for granted."""

from collections import Counter
from pathlib import Path

from tests.integration.exports.trap_runs import lines_of
from tests.integration.report.nasty_prompts import NASTY


def test_a_job_has_ended_in_every_way(run_folder: Path) -> None:
    lines = lines_of(run_folder)
    ends = Counter(line["status"] for line in lines)
    assert ends == {"completed": 48, "skipped": 13, "failed": 2, "pending": 2, "unknown": 1}
    assert {(line["error"] or {}).get("code") for line in lines if line["status"] == "failed"} == {
        "upstream_bad_request",
        "content_policy_violation",
    }
    assert sum(bool(line["also"]) for line in lines) == 11
    assert {len(line["images"]) for line in lines} == {0, 1, 3}
    assert {line["action"] for line in lines} == {"generate", "edit"}


def test_the_changed_folder_differs_as_it_says(run_folder: Path, changed_run_folder: Path) -> None:
    before, after = ({line["job_id"] for line in lines_of(folder)} for folder in (run_folder, changed_run_folder))
    assert before & after
    assert before - after
    assert after - before


def test_every_nasty_prompt_was_made_by_two_models(nasty_folder: Path) -> None:
    lines = lines_of(nasty_folder)
    assert len(lines) == 100
    assert {line["prompt"] for line in lines} == set(NASTY)
    assert {line["status"] for line in lines} == {"completed"}
