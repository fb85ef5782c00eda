import json
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import UsageError
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan
from tests.unit.plan.sealing import sealed

PlanOf = Callable[[str], Plan]

BODY = r"""
unsupported: drop
limits: {concurrency: 3, models: {gpt-image-2: {requests_per_minute: 60}}}
retry: {attempts: 2}
timeout: 30
completion: wait
budget: {max_usd: 1.5}
prompts: [{id: a, text: "x\u2028é", tags: [t], meta: {k: [1, 2.5]}}, {id: b, text: "x\u2028é"}]
request: {callback_url: "https://example.org/hook"}
matrix: {model: [gpt-image-2, imagen-4.0], resolution: [1K, 0.5K]}
"""


@pytest.fixture
def plan(plan_of: PlanOf) -> Plan:
    return plan_of(BODY)


@pytest.fixture
def file(plan: Plan, tmp_path: Path) -> Path:
    file = tmp_path / "plan.jsonl"
    file.write_text("".join(plan_lines(plan)), encoding="utf-8", newline="")
    return file


def test_plan_read_back_is_the_plan_that_was_written(plan: Plan, file: Path) -> None:
    saved = read_plan(file)
    key = lambda item: item.index  # noqa: E731
    assert [item for item in saved.items() if isinstance(item, Job)] == [
        item for item in plan.items() if isinstance(item, Job)
    ]
    duplicates = sorted((item for item in plan.items() if isinstance(item, Duplicate)), key=key)
    assert [
        (duplicate.job_id, duplicate.index)
        for duplicate in sorted((i for i in saved.items() if isinstance(i, Duplicate)), key=key)
    ] == [(duplicate.job_id, duplicate.index) for duplicate in duplicates]
    assert (saved.name, saved.catalog, saved.spec_sha256, saved.terms) == (
        plan.name, plan.catalog, plan.spec_sha256, plan.terms,
    )  # fmt: skip
    assert saved.figures == plan.figures


def test_the_store_of_a_spec_goes_with_its_plan_and_changes_no_job(plan_of: PlanOf, tmp_path: Path) -> None:
    plan, stored = plan_of(BODY), plan_of(BODY + "output: {store: 's3://bucket/runs/one'}\n")
    file = tmp_path / "stored.jsonl"
    file.write_text("".join(plan_lines(stored)), encoding="utf-8", newline="")
    saved = read_plan(file)
    assert (saved.output_store, plan.output_store) == (stored.output_store, None)
    assert str(saved.output_store) == "s3://bucket/runs/one"
    assert [item for item in saved.items() if isinstance(item, Job)] == [
        item for item in plan.items() if isinstance(item, Job)
    ]


def test_header_has_the_terms_under_the_specs_own_keys(file: Path) -> None:
    header = json.loads(file.read_text(encoding="utf-8").split("\n")[0])
    first = ["plan", "name", "catalog", "catalog_sha256", "spec_sha256", "jobs"]
    assert list(header) == [*first, "limits", "retry", "timeout", "completion", "budget", "sha256", "seal"]
    assert header["budget"] == {"max_usd": 1.5}


def test_skipped_job_has_status_and_error(file: Path) -> None:
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n")[1:-1]]
    skipped = [line for line in lines if line.get("status") == "skipped"]
    assert skipped
    assert all(line["error"]["field"] == "resolution" for line in skipped)


def test_edited_request_is_refused(file: Path) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace('"1k"', '"2k"'), encoding="utf-8", newline="")
    with pytest.raises(UsageError, match="was it edited"):
        read_plan(file)


@pytest.mark.parametrize("text", ["", "{}\n", "[1]\n", "no json\n", '{"plan": 2}\n', '{"plan": 1}\n'])
def test_what_is_no_plan_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.jsonl"):
        read_plan(file)


def test_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: no such file"):
        read_plan(tmp_path / "none.jsonl")


def test_a_plan_made_with_another_version_of_its_catalog_is_refused(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.split("\n")[:-1]]
    lines[0]["catalog_sha256"] = "0" * 64
    file.write_text(sealed(lines), encoding="utf-8")
    with pytest.raises(UsageError, match=r"another version of catalog 2026-05.*plan the spec again"):
        read_plan(file)
