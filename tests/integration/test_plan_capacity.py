"""``plan --capacity`` over a real run folder, and over none."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import qwave_batch as qb
from qwave_batch.cli.main import main

SPEC = """\
version: 1
name: cats
catalog: "2026-10"
request: {resolution: 1K}
limits: {concurrency: 8, requests_per_minute: 600}
budget: {max_usd: 1.00}
prompts: [A cat on a wall]
matrix:
  model: [wan2.7-image, wan2.7-image-pro]
  seed: {start: 1, count: 4}
"""
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec, and a simulated run of it that lacks the last two jobs."""
    desk = tmp_path_factory.mktemp("capacity")
    (desk / "cats.yaml").write_text(SPEC, encoding="utf-8")
    command = ["run", str(desk / "cats.yaml"), "--simulate", "-o", str(desk / "made"), "--limit", "6", "--yes"]
    assert main(command, StringIO(), StringIO(), environ={}) == 0
    return desk


@pytest.fixture
def plan(desk: Path) -> Said:
    def run(*argv: str) -> tuple[int, str, str]:
        out, err = StringIO(), StringIO()
        status = main(["plan", str(desk / "cats.yaml"), *argv], out, err, environ={"COLUMNS": "160"})
        return status, out.getvalue(), err.getvalue()

    return run


def capacity_of(said: tuple[int, str, str]) -> dict[str, Any]:
    status, out, err = said
    assert status == 0, err
    found = json.loads(out)["capacity"]
    assert isinstance(found, dict)
    return found


def test_without_a_folder_everything_is_stated_or_assumed(plan: Said, desk: Path) -> None:
    found = capacity_of(plan("--capacity", "--json", "-o", str(desk / "none")))
    assert (found["jobs"], found["folder"], found["bound"]["kind"]) == (8, None, "task")
    for work in found["by_model"].values():
        assert {work[name]["basis"] for name in ("latency", "image_size", "image_cpu")} == {"assumed"}
    assert found["means"]["rate"] == {"requests_per_minute": 600, "basis": "stated", "source": "spec"}


def test_a_folder_gives_its_measures_and_takes_its_jobs_off(plan: Said, desk: Path) -> None:
    found = capacity_of(plan("--capacity", "--json", "-o", str(desk / "made")))
    assert (found["jobs"], found["planned_jobs"], found["folder"]["is_simulated"]) == (2, 8, True)
    with_tasks = [work for work in found["by_model"].values() if work["latency"]["basis"] == "measured"]
    assert sum(work["latency"]["samples"] for work in with_tasks) == 6
    for work in with_tasks:
        assert work["image_size"]["source"] == "folder"
        assert work["image_cpu"]["basis"] == "measured"
        assert work["image_cpu"]["seconds"] > 0


def test_what_is_given_goes_before_what_is_measured(plan: Said, desk: Path) -> None:
    asked = ("--latency", "5", "--latency", "wan2.7-image-pro=20", "--bandwidth", "0.5", "--workers", "3")
    found = capacity_of(plan("--capacity", "--json", "-o", str(desk / "made"), *asked))
    assert {model: work["latency"]["seconds"] for model, work in found["by_model"].items()} == {
        "wan2.7-image": 5,
        "wan2.7-image-pro": 20,
    }
    assert (found["means"]["workers"], found["means"]["bandwidth"]["mbit_per_second"]) == (3, 0.5)
    assert "download" in {bound["kind"] for bound in found["bounds"]}


def test_the_time_of_the_plan_is_the_time_of_its_bounds(plan: Said, desk: Path) -> None:
    """The table, the line ``time`` and the bound say the same of a plan of which nothing is made."""
    status, out, _ = plan("--capacity", "-o", str(desk / "none"), "--latency", "40", "--set", "limits.concurrency=2")
    assert status == 0
    assert out.count("2 min 40 s") >= 4
    assert "the slots hold it up: 2 tasks at once of the account, stated in the spec" in out


def test_plan_without_it_says_the_same_as_with_what_is_assumed(plan: Said, desk: Path) -> None:
    times = [
        next(line for line in plan(*argv, "--set", "limits.concurrency=2")[1].splitlines() if line.startswith("time"))
        for argv in ((), ("--capacity", "-o", str(desk / "none")))
    ]
    assert times[0] == times[1]


def test_a_budget_that_is_short_says_where_it_ends(plan: Said, desk: Path) -> None:
    status, out, err = plan("--capacity", "-o", str(desk / "none"), "--set", "budget.max_usd=0.1")
    assert (status, "with --until-budget it ends after about" in out) == (3, True)
    assert "would send nothing" in err


def test_markdown_has_the_bounds_as_a_table(plan: Said, desk: Path) -> None:
    status, out, _ = plan("--capacity", "-o", str(desk / "none"), "--format", "markdown")
    assert (status, "| bound | alone | by |" in out) == (0, True)


def test_a_folder_that_holds_everything_leaves_nothing(desk: Path, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(SPEC.replace("count: 4", "count: 1"), encoding="utf-8")
    plan = qb.plans.open_plan(file, overrides=["matrix.model=[wan2.7-image]"])
    found = qb.plans.plan_capacity(plan, folder=desk / "made")
    assert (found.load.jobs, found.seconds, found.workers_worth, found.bounds[0].seconds) == (0, 0.0, 0, 0.0)
    out = StringIO()
    argv = ["plan", str(file), "--set", "matrix.model=[wan2.7-image]", "--capacity", "-o", str(desk / "made")]
    assert main(argv, out, StringIO(), environ={}) == 0
    assert "nothing is left to make" in out.getvalue()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--workers", "2"), "--workers says something of the capacity of a run; give --capacity too"),
        (("-o", "x"), "-o says something of the capacity"),
        (("--latency", "2"), "--latency says something of the capacity"),
        (("--bandwidth", "2"), "--bandwidth says something of the capacity"),
        (("--capacity", "--latency", "dall-e=2"), '--latency names "dall-e"; the models of the plan are wan2.7-image'),
        (("--capacity", "--latency", "=2"), "names no model"),
        (("--capacity", "--latency", "wan2.7-image=soon"), '"soon" is not a number above 0'),
        (("--capacity", "--bandwidth", "0"), "is not a number above 0"),
        (("--capacity", "--workers", "0"), "is not a whole number"),
    ],
)
def test_bad_options_are_refused_with_what_is_right(plan: Said, argv: tuple[str, ...], message: str) -> None:
    status, _, err = plan(*argv)
    assert (status, message in " ".join(err.split())) == (2, True), err


def test_the_size_of_many_images_is_found_from_some_of_them(tmp_path: Path) -> None:
    """Sizes alternate along the plan, and only one job in many is looked at; the mean is that of both sizes."""
    file = tmp_path / "many.yaml"
    file.write_text(
        SPEC.replace("count: 4", "count: 4000").replace("budget: {max_usd: 1.00}\n", "").replace("resolution: 1K", ""),
        encoding="utf-8",
    )

    def image_bytes(*tiers: str) -> float:
        overrides = ["matrix.model=[wan2.7-image]", f"matrix.resolution=[{', '.join(tiers)}]"]
        [work] = qb.plans.plan_capacity(qb.plans.open_plan(file, overrides=overrides), folder=tmp_path).load.models
        assert work.image_bytes is not None
        return work.image_bytes.value

    assert image_bytes("2K") == pytest.approx(4 * image_bytes("1K"))
    assert image_bytes("1K", "2K") == pytest.approx(2.5 * image_bytes("1K"), rel=0.02)
