"""``identity: {addresses: stable}``: signatures of addresses are sent, and do not count."""

from pathlib import Path

import pytest

from qwave_batch.model.job import Job
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan, make_plan
from qwave_batch.spec.loading import load_spec

SPEC = """\
version: 1
name: shoes
catalog: "2026-05"
IDENTITY
request: {model: gpt-image-2, action: edit, seed: 1}
prompts: [{text: Snow, request: {image_urls: ["https://pictures.example.com/shoe.jpg?w=2&X-Amz-Signature=SIGNED"]}}]
"""
STABLE = "identity: {addresses: stable}"


def planned(folder: Path, signed: str, identity: str = STABLE) -> Plan:
    (folder / "spec.yaml").write_text(SPEC.replace("IDENTITY", identity).replace("SIGNED", signed), encoding="utf-8")
    return make_plan(load_spec(folder / "spec.yaml"))


def job(plan: Plan) -> Job:
    (found,) = (item for item in plan.items() if isinstance(item, Job))
    return found


def test_an_address_signed_anew_is_the_same_job_and_is_sent_as_it_is_now(tmp_path: Path) -> None:
    first, second = job(planned(tmp_path, "1a")), job(planned(tmp_path, "2b"))
    assert first.job_id == second.job_id
    assert first.request == second.request
    assert first.request["image_urls"] == ["https://pictures.example.com/shoe.jpg?w=2"]
    assert second.body()["image_urls"] == ["https://pictures.example.com/shoe.jpg?w=2&X-Amz-Signature=2b"]


@pytest.mark.parametrize("identity", ["", "identity: {addresses: whole}", "identity: {}"])
def test_by_default_it_is_another_job(tmp_path: Path, identity: str) -> None:
    first, second = job(planned(tmp_path, "1a", identity)), job(planned(tmp_path, "2b", identity))
    assert first.job_id != second.job_id
    assert "Signature=1a" in str(first.request["image_urls"])
    assert not first.callback


def test_there_is_no_warning_where_signatures_do_not_count(tmp_path: Path) -> None:
    assert [each.message for each in planned(tmp_path, "1a").warnings] == []
    (warning,) = planned(tmp_path, "1a", "").warnings
    assert "is another job" in warning.message
    assert "identity: {addresses: stable}" in str(warning.suggestion)


def test_a_plan_file_holds_what_is_sent_beside_what_counts(tmp_path: Path) -> None:
    plan = planned(tmp_path, "1a")
    text = "".join(plan_lines(plan, beside=tmp_path))
    (tmp_path / "plan.jsonl").write_text(text, encoding="utf-8")
    assert list(read_plan(tmp_path / "plan.jsonl").items()) == list(plan.items())
