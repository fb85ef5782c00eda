"""A plan file that a slip, a merge, a full disk or an editor has changed: told with the line, before all else."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.cli.main import main
from qwave_batch.errors import UsageError
from qwave_batch.model.job import Job
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan
from qwave_batch.plans import read_plan as public_read_plan

PlanOf = Callable[[str], Plan]

BODY = r"""
unsupported: skip
budget: {max_usd: 2}
request: {resolution: 1k}
prompts:
  - {id: oak, text: "An oak", tags: [tree], meta: {k: 1}}
  - {id: elm, text: "An elm\u2028in the\u0085wind\u2029at dusk\vand dawn"}
  - {id: too, text: "An oak"}
matrix: {model: [gpt-image-2, imagen-4.0, qwen-image-2.0], seed: [1, 2]}
"""


@pytest.fixture
def lines(plan_of: PlanOf) -> list[str]:
    """A good plan's lines, each with its end: the header, then jobs."""
    return list(plan_lines(plan_of(BODY)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "plan.jsonl"


def refusal(file: Path, text: str | bytes) -> str:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as caught:
        read_plan(file)
    return str(caught.value).replace(str(file), "plan.jsonl")


def edited(line: str, change: dict[str, Any]) -> str:
    """Return a line with some of its values changed and all else as it was, its hash too."""
    value = json.loads(line)
    assert change.keys() <= value.keys()
    return json.dumps({**value, **change}, ensure_ascii=False, separators=(",", ":")) + "\n"


EDITS: dict[str, Any] = {
    "job_id": "0123456789abcdef", "index": 77, "prompt_id": "castle", "prompt": "A castle", "model": "imagen-4.0",
    "action": "edit", "request": {"model": "gpt-image-2", "prompt": "A castle"}, "dropped": ["seed"],
    "axes": {"seed": 9}, "tags": [], "meta": {"k": 2}, "repeat": 1, "also": [], "path": "another/place",
    "estimated_usd": 0.0, "seal": "0123456789abcdef",
}  # fmt: skip


def test_edits_name_every_field_of_a_line(lines: list[str]) -> None:
    assert EDITS.keys() == json.loads(lines[1]).keys()


@pytest.mark.parametrize("field", EDITS)
def test_an_edit_of_any_field_is_told_with_its_line(lines: list[str], file: Path, field: str) -> None:
    text = "".join([*lines[:1], edited(lines[1], {field: EDITS[field]}), *lines[2:]])
    assert refusal(file, text).startswith("plan.jsonl:2: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "other"), ("budget", {"max_usd": 900}), ("budget", {"max_usd": None}), ("retry", {"attempts": 9}),
        ("timeout", 5), ("limits", {"concurrency": 99}), ("spec_sha256", "0" * 64), ("sha256", "0" * 64), ("jobs", 5),
        ("jobs", 0), ("jobs", "6"), ("seal", "0" * 16), ("seal", None),
    ],
)  # fmt: skip
def test_an_edit_of_the_header_is_told_with_its_line(lines: list[str], file: Path, name: str, value: object) -> None:
    said = refusal(file, "".join([edited(lines[0], {name: value}), *lines[1:]]))
    assert said.startswith("plan.jsonl:1")
    assert "plan the spec again" in said or "attempts" in said


@pytest.mark.parametrize("gone", ["jobs", "sha256", "seal"])
def test_a_header_without_number_and_hashes_asks_for_a_new_plan(lines: list[str], file: Path, gone: str) -> None:
    header = {name: value for name, value in json.loads(lines[0]).items() if name != gone}
    said = refusal(file, json.dumps(header) + "\n" + "".join(lines[1:]))
    assert said.startswith(f"plan.jsonl:1: the header lacks {gone}, ")
    assert said.endswith("older plans have none of them: plan the spec again")


def test_lines_in_another_order_taken_out_or_put_in_are_told_with_the_first_of_them(
    lines: list[str], file: Path, plan_of: PlanOf
) -> None:
    other = list(plan_lines(plan_of(BODY.replace("An oak", "A yew"))))
    changed = {
        3: [lines[0], lines[1], lines[3], lines[2], *lines[4:]],
        4: [*lines[:3], *lines[4:]],
        5: [*lines[:4], other[4], *lines[5:]],
        2: [lines[0], *lines[2:]],
        6: [*lines[:5], *reversed(lines[5:])],
    }
    for number, text in changed.items():
        assert refusal(file, "".join(text)).startswith(f"plan.jsonl:{number}: from this line on"), number
    more = edited(other[1], {"index": 99, "also": []})
    assert refusal(file, "".join([*lines, more])).startswith(
        f"plan.jsonl:{len(lines) + 1}: the plan has {len(lines) - 1} jobs, and this is one more"
    )
    assert refusal(file, "".join([other[0], *lines[1:]])).startswith("plan.jsonl:2: ")


def test_spaces_that_a_formatter_puts_in_are_an_edit(lines: list[str], file: Path) -> None:
    spaced = json.dumps(json.loads(lines[2]), ensure_ascii=False) + "\n"
    assert refusal(file, "".join([*lines[:2], spaced, *lines[3:]])).startswith("plan.jsonl:3: ")
    assert refusal(file, "".join([json.dumps(json.loads(lines[0])) + "\n", *lines[1:]])).startswith("plan.jsonl:1: ")


def test_line_ends_a_mark_and_blank_lines_are_no_edit(lines: list[str], file: Path) -> None:
    text = "".join(lines)
    whole = [
        text.replace("\n", "\r\n"), "\ufeff" + text, "\ufeff" + text.replace("\n", "\r\n"), text + "\n",
        text + "\r\n  \n\n", "\n" + text, text.replace("\n", "\n\n"), text.removesuffix("\n"),
    ]  # fmt: skip
    for same in whole:
        file.write_bytes(same.encode())
        saved = read_plan(file)
        assert saved.figures.jobs + saved.figures.skipped == len(lines) - 1
        assert sum(isinstance(item, Job) for item in saved.items()) == len(lines) - 1


def test_lines_are_counted_as_the_file_has_them(lines: list[str], file: Path) -> None:
    blank = [lines[0], "\n", lines[1], "\n", "\n", edited(lines[2], {"tags": ["x"]}), *lines[3:]]
    assert refusal(file, "".join(blank)).startswith("plan.jsonl:6: ")


def test_every_program_finds_as_many_lines_as_there_are(lines: list[str]) -> None:
    text = "".join(lines)
    assert len(text.splitlines()) == len(lines)
    assert "\\u2028" in text
    prompts = {json.loads(line).get("prompt") for line in lines}
    assert "An elm\u2028in the\u0085wind\u2029at dusk\x0band dawn" in prompts


@pytest.mark.parametrize("jobs", [0, 1, 3])
def test_a_plan_that_was_cut_off_says_how_much_of_it_is_there(lines: list[str], file: Path, jobs: int) -> None:
    file.write_text("".join(lines[: jobs + 1]), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        list(read_plan(file).items())
    assert str(caught.value).startswith(
        f"{file} is cut off: {jobs} of its {len(lines) - 1} jobs are there (line {jobs + 1} is the last); "
    )
    assert caught.value.next_steps == (Advice(NextStep.LIMIT_RUN),)


def test_a_line_cut_in_its_middle_is_named_with_its_column(lines: list[str], file: Path) -> None:
    for number in (2, 4, len(lines)):
        half = lines[number - 1][: len(lines[number - 1]) // 2]
        said = refusal(file, "".join(lines[: number - 1]) + half)
        assert said.startswith(f"plan.jsonl:{number}:{len(half) + 1}: the line is cut off in its middle")
        assert f"{number - 2} of the plan's {len(lines) - 1} jobs" in said
    assert refusal(file, lines[0][:40]).startswith("plan.jsonl:1:41: the line is cut off in its middle")


def test_a_plan_cut_at_its_front_or_empty_is_no_plan(lines: list[str], file: Path) -> None:
    assert "its header is cut off" in refusal(file, "".join(lines[1:]))
    for text in ("", "\n", "\ufeff", " \r\n\n"):
        assert refusal(file, text).startswith("plan.jsonl is empty")


def test_two_plans_in_one_file_are_told_at_the_second_header(lines: list[str], file: Path, plan_of: PlanOf) -> None:
    other = list(plan_lines(plan_of(BODY.replace("An oak", "A yew"))))
    for second in (lines, other):
        said = refusal(file, "".join([*lines, *second]))
        assert said.startswith(f"plan.jsonl:{len(lines) + 1}: a second header: two plans were put into one file")


def test_a_line_that_is_there_twice_is_told_with_both_lines(lines: list[str], file: Path) -> None:
    job = json.loads(lines[2])["job_id"]
    twice = {4: [*lines[:3], lines[2], *lines[3:]], len(lines) + 1: [*lines, lines[2]]}
    for number, text in twice.items():
        said = refusal(file, "".join(text))
        assert said.startswith(f"plan.jsonl:{number}: the job {job} stands on line 3 already; a merge or a copy")


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("<<<<<<< HEAD", "plan.jsonl:3: the mark of a merge that was not finished"),
        ("no json", "plan.jsonl:3:1: not JSON"),
        ('{"job_id": x}', "plan.jsonl:3:12: not JSON"),
        ('["job"]', "plan.jsonl:3: not a JSON object"),
        ("7", "plan.jsonl:3: not a JSON object"),
        ('{"job_id": 1},', "plan.jsonl:3:14: not JSON"),
    ],
)
def test_what_is_no_json_object_is_told_in_own_words(lines: list[str], file: Path, odd: str, said: str) -> None:
    found = refusal(file, "".join([*lines[:2], odd + "\n", *lines[2:]]))
    assert found.startswith(said)
    assert not any(word in found for word in ("Expecting", "utf-8-sig", "delimiter", "Unterminated", "line 1 column"))


def test_a_plan_saved_as_utf_16_says_so(lines: list[str], file: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        for mark in ("\ufeff", ""):
            assert "UTF-16" in refusal(file, (mark + "".join(lines)).encode(encoding))


def test_a_plan_that_changes_after_it_was_read_is_told_when_its_jobs_are_taken(lines: list[str], file: Path) -> None:
    file.write_text("".join(lines), encoding="utf-8", newline="")
    plan = read_plan(file)
    for text in (lines[:-1], [lines[0], *lines[2:]], [edited(lines[0], {"name": "other"}), *lines[1:]]):
        file.write_text("".join(text), encoding="utf-8", newline="")
        with pytest.raises(UsageError, match=r"plan\.jsonl"):
            list(plan.items())


@pytest.mark.parametrize("damage", ["cut", "edited", "twice", "renamed"])
def test_nothing_is_sent_or_made_for_a_damaged_plan(
    lines: list[str], file: Path, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = {
        "cut": lines[:2],
        "edited": [*lines[:-1], edited(lines[-1], {"path": "another"})],
        "twice": [*lines, lines[-1]],
        "renamed": [lines[0].replace('"name":"trial"', '"name":"../trial"'), *lines[1:]],
    }[damage]
    monkeypatch.chdir(tmp_path)
    file.write_text("".join(lines), encoding="utf-8", newline="")
    assert main(["run", "plan.jsonl", "--simulate", "--limit", "1", "-o", "old"], StringIO(), StringIO()) == 0
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.glob("old/**/*"))
    (tmp_path / "bad.jsonl").write_text("".join(damaged), encoding="utf-8", newline="")
    commands = [
        ["run", "bad.jsonl", "--simulate"], ["run", "bad.jsonl", "--simulate", "-o", "old"],
        ["run", "bad.jsonl", "--dry-run"], ["plan", "bad.jsonl"], ["plan", "plan.jsonl", "--against", "bad.jsonl"],
    ]  # fmt: skip
    for command in commands:
        err = StringIO()
        assert main(command, StringIO(), err) == 2, command
        assert "bad.jsonl" in err.getvalue()
        assert "this is a bug" not in err.getvalue()
    assert not (tmp_path / "runs").exists()
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.glob("old/**/*")) == before
    with pytest.raises(UsageError):
        public_read_plan(tmp_path / "bad.jsonl")
