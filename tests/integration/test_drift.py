"""Two runs of the same requests beside each other."""

import json
import shutil
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.connections import Simulated
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folders import LineFilter, open_run
from qwave_batch.output.manifest import read_manifest
from qwave_batch.output.manifest_line import encode_line
from qwave_batch.reproductions import Likeness, SeedVerdict, Unfit, compare_runs
from qwave_batch.runs import run_batch_sync

SPEC = """\
version: 1
name: tea
catalog: "2026-05"
prompts:
  - {id: cat, text: A cat asleep}
  - {id: dog, text: A dog at the door}
  - {id: hen, text: A hen}
matrix:
  model: [gpt-image-2, z-image-turbo]
  seed: [1, 2]
"""


def run(folder: Path, name: str, faults: str = "", spec: str = SPEC, reuse: tuple[Path, ...] = ()) -> Path:
    (folder / f"{name}.yaml").write_text(spec, encoding="utf-8")
    connection = Simulated(latency="0.01", faults=faults)
    run_batch_sync(folder / f"{name}.yaml", connection=connection, out_dir=folder / name, reuse=reuse)
    return folder / name


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs of one spec: an old one, and new ones whose models behave otherwise."""
    folder = tmp_path_factory.mktemp("runs")
    run(folder, "old")
    run(folder, "loose", "seed_loose")
    run(folder, "other", "seed_ignored", SPEC.replace("seed: [1, 2]", "seed: [1, 2, 3]"))
    return folder


def called(*argv: object) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "600"})
    return status, stdout.getvalue(), stderr.getvalue()


@pytest.mark.parametrize(
    ("name", "verdict", "likeness"),
    [("loose", SeedVerdict.NEAR, Likeness.NEAR), ("other", SeedVerdict.NO, Likeness.OTHER)],
)
def test_the_change_of_each_model_is_told(runs: Path, name: str, verdict: SeedVerdict, likeness: Likeness) -> None:
    report = compare_runs(runs / "old", runs / name)
    assert [(model.verdict, model.jobs) for model in report.models] == [(verdict, {likeness: 6})] * 2
    assert report.exit_status == 0


def test_jobs_of_one_run_alone_are_counted_and_not_compared(runs: Path) -> None:
    report = compare_runs(runs / "old", runs / "other")
    assert (report.common, report.before.alone, report.after.alone) == (12, 0, 6)


def test_the_most_changed_jobs_come_first(runs: Path) -> None:
    changed = compare_runs(runs / "old", runs / "other").changed
    extents = [(job.bits, job.levels) for job in changed]
    assert len(changed) == 10
    assert extents == sorted(extents, reverse=True)
    assert {job.likeness for job in changed} == {Likeness.OTHER}


def test_cost_time_and_dates_of_both_are_told(runs: Path) -> None:
    report = compare_runs(runs / "old", runs / "loose")
    lines = [line for line in open_run(runs / "old").lines() if line.model == "gpt-image-2"]
    effort = report.effort["gpt-image-2"]
    assert effort.jobs == 6
    assert effort.usd_before == effort.usd_after == pytest.approx(sum(line.cost_usd for line in lines) / 6)
    assert report.before.first_at == min(line.completed_at or 0 for line in open_run(runs / "old").lines())
    assert report.before.last_at is not None
    assert report.after.first_at is not None
    assert report.before.last_at <= report.after.first_at


def test_a_sample_compares_so_many_jobs_of_the_models_in_turn(runs: Path) -> None:
    report = compare_runs(runs / "old", runs / "loose", sample=4)
    assert [model.compared for model in report.models] == [2, 2]
    assert report.common == 12


def test_only_lines_that_are_asked_for_are_compared(runs: Path) -> None:
    report = compare_runs(runs / "old", runs / "loose", where=LineFilter(models=frozenset({"gpt-image-2"})))
    assert [(model.model, model.compared) for model in report.models] == [("gpt-image-2", 6)]


def test_images_that_were_taken_over_say_nothing(runs: Path, tmp_path: Path) -> None:
    taken = run(tmp_path, "taken", reuse=(runs / "old",))
    report = compare_runs(runs / "old", taken)
    assert {model.verdict for model in report.models} == {SeedVerdict.TOO_FEW}
    assert [model.unfit for model in report.models] == [{Unfit.REUSED: 6}] * 2
    assert report.exit_status == 1


def test_a_copy_of_the_same_tasks_says_nothing(runs: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(runs / "old", tmp_path / "copy")
    report = compare_runs(runs / "old", copy)
    assert [model.unfit for model in report.models] == [{Unfit.SAME_TASK: 6}] * 2
    assert report.exit_status == 1


def test_jobs_without_a_seed_are_told_apart(tmp_path: Path) -> None:
    spec = SPEC.replace("  seed: [1, 2]\n", "")
    report = compare_runs(run(tmp_path, "one", spec=spec), run(tmp_path, "two", spec=spec))
    assert {model.verdict for model in report.models} == {SeedVerdict.NO_SEED}
    assert report.effort["gpt-image-2"].jobs == 3
    status, _, said = called("drift", tmp_path / "one", tmp_path / "two")
    assert (status, "nothing can be compared of the 6 requests that both have" in said) == (1, True)


def test_nothing_in_common_is_said(runs: Path, tmp_path: Path) -> None:
    other = run(tmp_path, "other", spec=SPEC.replace("seed: [1, 2]", "seed: [8, 9]"))
    status, printed, said = called("drift", runs / "old", other)
    assert status == 1
    assert "nothing can be compared: no request is in both" in said
    assert "in the same place" not in printed
    assert "12 complete jobs that the other does not have" in printed


def test_jobs_in_the_same_place_with_another_request_are_told_with_what_differs(runs: Path, tmp_path: Path) -> None:
    other = run(tmp_path, "wide", spec=SPEC.replace("matrix:", 'request: {aspect_ratio: "16:9"}\nmatrix:'))
    report = compare_runs(runs / "old", other)
    assert (report.common, report.other_requests.jobs) == (0, 12)
    assert report.other_requests.fields == {"aspect_ratio": 12}
    _, printed, _ = called("drift", runs / "old", other)
    assert "12 jobs in the same place of both with another request, not compared: aspect_ratio (12)" in printed


def test_an_image_of_another_size_is_another_image(runs: Path, tmp_path: Path) -> None:
    """A line's record names what the folder has: here images of other jobs, of another shape."""
    new = shutil.copytree(runs / "loose", tmp_path / "new", ignore=shutil.ignore_patterns(".qwave"))
    wide = run(tmp_path, "wide", spec=SPEC.replace("matrix:", 'request: {aspect_ratio: "16:9"}\nmatrix:'))
    lines, others = (list(read_manifest(RunLayout(folder))) for folder in (new, wide))
    shutil.copytree(wide / "images", new / "images", dirs_exist_ok=True)
    changed = [replace(line, images=other.images) for line, other in zip(lines, others, strict=True)]
    (new / "manifest.jsonl").write_bytes(b"".join(map(encode_line, changed)))
    report = compare_runs(runs / "old", new)
    assert {job.levels for job in report.changed} == {None}
    assert {model.verdict for model in report.models} == {SeedVerdict.NO}


def test_the_result_is_printed_for_people_and_for_programs(runs: Path) -> None:
    status, printed, said = called("drift", runs / "old", runs / "loose")
    assert status == 0
    assert "gpt-image-2    near" in printed
    assert "near: perceptual hashes differ in at most 4 of 64 bits" in printed
    assert "most changed:" in printed
    assert "12 jobs of the 12 that both have compared" in said
    status, printed, _ = called("drift", runs / "old", runs / "loose", "--json")
    value = json.loads(printed)
    assert status == 0
    assert value["models"]["gpt-image-2"]["verdict"] == "near"
    assert value["models"]["gpt-image-2"]["control"]["pairs"] == 6
    assert value["before"]["first_at"].endswith("Z")


@pytest.mark.parametrize(
    ("names", "said"), [(("old", "old"), "is named twice"), (("old", "none"), "there is no folder")]
)
def test_what_is_not_two_runs_is_refused(runs: Path, names: tuple[str, str], said: str) -> None:
    status, printed, told = called("drift", *(runs / name for name in names))
    assert (status, printed) == (2, "")
    assert said in told


def test_a_simulated_run_beside_a_real_one_is_refused(runs: Path, tmp_path: Path) -> None:
    real = shutil.copytree(runs / "loose", tmp_path / "real", ignore=shutil.ignore_patterns(".qwave"))
    summary = json.loads((real / "summary.json").read_text())
    (real / "summary.json").write_text(json.dumps({**summary, "backend": "api.example.com"}))
    status, _, said = called("drift", runs / "old", real)
    assert (status, "have nothing to do with each other" in said) == (2, True)
