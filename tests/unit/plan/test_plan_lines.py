"""A plan file that somebody else wrote: held to the rules of specs, and believed in nothing that costs money."""

import hashlib
import json
import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.api.run_place import run_place
from qwave_batch.cli.main import main
from qwave_batch.client.connection import Connection
from qwave_batch.errors import UsageError
from qwave_batch.model.job import Job
from qwave_batch.model.job_identity import canonical, job_id
from qwave_batch.plan.file.plan_file import plan_lines, read_plan
from qwave_batch.plan.planner import Plan
from tests.unit.plan.sealing import sealed

PlanOf = Callable[[str], Plan]
Edit = Callable[..., Path]

BODY = """
budget: {max_usd: 0.001}
prompts: [{id: a, text: one, tags: [t]}, {id: b, text: one}, {id: c, text: two}]
matrix: {model: [gpt-image-2, imagen-4.0], resolution: [1K, 0.5K]}
unsupported: skip
"""


@pytest.fixture
def lines(plan_of: PlanOf) -> list[dict[str, Any]]:
    """A good plan's lines: the header, then jobs, the first of which is made and has a duplicate."""
    lines = [json.loads(line) for line in plan_lines(plan_of(BODY))]
    assert "status" not in lines[1]
    assert lines[1]["also"]
    return lines


@pytest.fixture
def edit(lines: list[dict[str, Any]], tmp_path: Path) -> Edit:
    """Writes the plan with one field of one line set to something else."""

    def edit(number: int, value: object, *way: str | int) -> Path:
        spot: Any = lines[number]
        for step in way[:-1]:
            spot = spot[step]
        spot[way[-1]] = value
        return write(tmp_path, lines)

    return edit


def write(folder: Path, lines: list[dict[str, Any]]) -> Path:
    file = folder / "plan.jsonl"
    file.write_text(sealed(lines), encoding="utf-8")
    return file


def refusal(file: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_plan(file)
    return str(caught.value).replace(str(file), "plan.jsonl")


def test_a_plan_that_is_left_alone_is_read(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    plan = read_plan(write(tmp_path, lines))
    assert plan.figures.estimated_nusd > 0
    assert [item for item in plan.items() if isinstance(item, Job) and item.estimated_nusd]


@pytest.mark.parametrize("usd", [0, 0.0, 1e-9, 0.0063, 1e6, 2**52])
def test_an_estimate_that_is_not_the_catalogs_is_refused_with_its_line(edit: Edit, usd: float) -> None:
    said = refusal(edit(1, usd, "estimated_usd"))
    assert said.startswith(f"plan.jsonl:2: estimated_usd: it says {usd}, and by the catalog the request costs 0.0")


@pytest.mark.parametrize("command", ["plan", "run"])
def test_a_plan_that_says_it_costs_nothing_passes_no_budget(
    edit: Edit, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = edit(1, 0, "estimated_usd")
    monkeypatch.chdir(tmp_path)
    err = StringIO()
    more = ["--simulate", "--yes"] if command == "run" else []
    assert main([command, str(file), *more], StringIO(), err) == 2
    assert "plan.jsonl:2: estimated_usd" in " ".join(err.getvalue().split())
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("place", ["", "a\0b", "x" * 5000, 7, None, ["a"]])
def test_a_place_of_the_spec_that_is_no_path_is_refused(edit: Edit, place: object) -> None:
    assert "spec: expected the path of the spec's file" in refusal(edit(0, place, "spec"))


@pytest.mark.parametrize("place", ["x" * 4000, "../" * 1300 + "x", "/dev/null/x", "/proc/self/fd/0/x"])
def test_a_place_of_the_spec_that_is_nowhere_says_nothing(
    edit: Edit, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = read_plan(edit(0, place, "spec"))
    monkeypatch.chdir(tmp_path)
    assert run_place(plan, Connection(key="k", base_url="http://127.0.0.1:1/v1")).beside_spec is None


def test_a_name_is_held_to_the_rule_of_specs(edit: Edit) -> None:
    names = [
        "../../victim",
        "/tmp/victim",
        "a/b",
        "..",
        ".",
        "",
        "a\\b",
        "A",
        "a\n",
        "a\x1b[2J",
        "x" * 101,
        7,
        None,
        True,
    ]
    for name in names:
        assert refusal(edit(0, name, "name")).startswith("plan.jsonl:1:1  name: ")


def test_a_path_is_held_to_the_rule_of_output_path(edit: Edit) -> None:
    paths = [
        "../a", "/etc/a", "a/../../b", "a//b", "", "a/", ".", "a/.git/hooks/x", "git~1", "con", "a/NUL.b", "a\\b",
        "a:b", "a\0b", "a\nb", "a\u202eb", "\ud800", "a b", "a*b", "x" * 151, "x/" * 3000 + "x", 7, None, ["a"],
    ]  # fmt: skip
    for path in paths:
        said = refusal(edit(1, path, "path"))
        assert said.startswith("plan.jsonl:2: ")
        assert len(said) < 200


ODD: tuple[Any, ...] = (None, True, -1, 1.5, 2**53, [1], [[]], {"a": {}}, "x\0", float("nan"), float("inf"))
JOB = (
    "job_id", "index", "prompt_id", "prompt", "model", "action", "request", "dropped", "axes", "tags", "meta", "repeat",
    "also", "path", "estimated_usd", "callback", "status", "error",
)  # fmt: skip
RIGHT = {"axes": dict, "meta": dict, "prompt_id": str}
"""Fields that may hold any value of a kind."""


@pytest.mark.parametrize("field", JOB)
def test_a_field_of_a_wrong_kind_is_a_sentence_with_its_line(
    lines: list[dict[str, Any]], tmp_path: Path, field: str
) -> None:
    for value in ODD:
        if not isinstance(value, RIGHT.get(field, ())):
            changed = [lines[0], {**lines[1], field: value}]
            assert refusal(write(tmp_path, changed)).startswith("plan.jsonl:2: "), value


@pytest.mark.parametrize("field", ["index", "prompt_id", "axes", "tags"])
def test_a_field_of_a_duplicate_of_a_wrong_kind_is_a_sentence_with_its_line(edit: Edit, field: str) -> None:
    for value in (None, -1, [1], True):
        assert refusal(edit(1, value, "also", 0, field)).startswith("plan.jsonl:2: also[0].")


HEADER: tuple[tuple[str, ...], ...] = (
    ("plan",), ("catalog",), ("spec_sha256",), ("limits",), ("limits", "concurrency"), ("limits", "models"),
    ("limits", "count_polls"), ("retry",), ("retry", "attempts"), ("timeout",), ("completion",), ("budget",),
    ("budget", "max_usd"), ("catalog_sha256",),
)  # fmt: skip


@pytest.mark.parametrize("way", HEADER)
def test_a_header_of_a_wrong_kind_is_a_sentence(
    lines: list[dict[str, Any]], tmp_path: Path, way: tuple[str, ...]
) -> None:
    for value in (True, -1, "x", [1], float("inf"), float("nan"), 10**400, "../../etc"):
        if value is True and way == ("limits", "count_polls"):
            continue
        header = json.loads(json.dumps(lines[0]))
        (header if len(way) == 1 else header[way[0]])[way[-1]] = value
        assert refusal(write(tmp_path, [header, *lines[1:]])).startswith("plan.jsonl"), value


def test_a_field_that_is_missing_is_named_with_its_line(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    for field in lines[1].keys() - {"seal"}:
        lacking = [lines[0], {name: value for name, value in lines[1].items() if name != field}]
        assert refusal(write(tmp_path, lacking)) == f"plan.jsonl:2: this line of the plan lacks {field}"


def test_a_request_that_the_catalog_does_not_take_is_not_sent(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    requests: tuple[dict[str, Any], ...] = (
        {"model": "gpt-image-2", "prompt": "one", "resolution": "64k"},
        {"model": "gpt-image-2", "prompt": "one", "made_up": 1},
        {"model": "gpt-image-2", "prompt": "one", "callback_url": "https://example.org/x"},
        {"model": "gpt-image-2", "prompt": "one", "resolution": "1K"},
        {"model": "gpt-image-2", "prompt": ""},
        {"model": "imagen-4.0", "prompt": "one"},
        {"prompt": "one"},
    )
    for request in requests:
        job = {**lines[1], "request": request, "prompt": request["prompt"], "job_id": job_id(request, 0)}
        assert refusal(write(tmp_path, [lines[0], job])).startswith("plan.jsonl:2: ")


@pytest.mark.parametrize(
    "callback", [{"callback_url": "file:///etc/passwd"}, {"callback_url": 7}, {"seed": 1}, {"model": "x"}]
)
def test_a_callback_is_one_that_specs_may_ask_for(edit: Edit, callback: dict[str, Any]) -> None:
    assert refusal(edit(1, callback, "callback")).startswith("plan.jsonl:2: ")


def test_a_skipped_job_says_why_and_costs_nothing(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    number = next(number for number, line in enumerate(lines) if line.get("status") == "skipped")
    for change in ({"estimated_usd": 0.5}, {"status": "completed"}, {"error": {"code": 1}}, {"path": "../x"}):
        changed = [*lines[:number], {**lines[number], **change}, *lines[number + 1 :]]
        assert refusal(write(tmp_path, changed)).startswith(f"plan.jsonl:{number + 1}: ")


def test_a_job_an_index_or_a_path_that_is_there_twice_is_refused_with_both_lines(
    lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    said = refusal(write(tmp_path, [*lines, lines[1]]))
    assert said.startswith(f"plan.jsonl:{len(lines) + 1}: the job {lines[1]['job_id']} stands on line 2 already")
    made = [number for number, line in enumerate(lines) if number and "status" not in line]
    first, second = lines[made[0]], lines[made[1]]
    here = f"plan.jsonl:{made[1] + 1}: "
    at_path = [{**line, "path": "same/Name" if line is first else "same/name"} for line in lines if line is not second]
    assert f"is that of the job on line {made[0] + 1}" in refusal(
        write(tmp_path, [*at_path, {**second, "path": "same/name"}])
    )
    second["index"] = first["also"][0]["index"]
    said = refusal(write(tmp_path, lines))
    assert said.startswith(f"{here}an entry with the index {second['index']} stands on line {made[0] + 1} already")


def test_a_line_that_is_no_plain_json_object_is_a_sentence(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    odd = (
        "[" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000, '{"a": 1, "a": 2}', '{"a": NaN}', '{"a": 1e999}', "7",
        "null", '{"a": ' + "1" * 5_000 + "}", '{"a": "\\ud800"}',
    )  # fmt: skip
    file = write(tmp_path, lines[:2])
    header = file.read_text(encoding="utf-8").splitlines(keepends=True)[0]
    for line in odd:
        for number, before in ((1, ""), (2, header)):
            file.write_text(f"{before}{line}\n", encoding="utf-8")
            assert refusal(file).startswith("plan.jsonl" if number == 1 else "plan.jsonl:2"), line


def test_a_line_without_an_end_is_refused_by_its_length(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    file = write(tmp_path, lines)
    os.truncate(file, 10**9)
    assert "the line is longer than 64,000,000 bytes" in refusal(file)


def test_a_plan_is_judged_where_it_lies(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    real = write(tmp_path, lines)
    folder = tmp_path / "repository"
    (folder / ".git").mkdir(parents=True)
    (folder / "plan.jsonl").symlink_to(real)
    with pytest.raises(UsageError, match="is reached through a link that leads out of"):
        read_plan(folder / "plan.jsonl")
    assert read_plan(folder / "plan.jsonl", allow_read=[tmp_path]).figures.jobs
    (folder / "pipe.jsonl").unlink(missing_ok=True)
    os.mkfifo(folder / "pipe.jsonl")
    with pytest.raises(UsageError, match="is a named pipe"):
        read_plan(folder / "pipe.jsonl")


@given(
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()),
    st.integers(0, 99),
)
def test_ids_are_those_of_the_canonical_form_however_they_are_worked_out(request: dict[str, Any], repeat: int) -> None:
    try:
        whole = canonical({"repeat": repeat, "request": request})
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            job_id(request, repeat)
    else:
        assert job_id(request, repeat) == hashlib.sha256(whole).hexdigest()[:16]
