"""Jobs of a run folder made again, against the embedded API: who honours a seed, and what that costs."""

import asyncio
import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.connections import Connection, Simulated
from qwave_batch.errors import BudgetError, FolderError, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folders import LineFilter, lines_matching, open_run
from qwave_batch.reproductions import (
    Doubt,
    Likeness,
    RepeatReport,
    SeedVerdict,
    Unfit,
    plan_repeats,
    repeat_folder,
    repeat_jobs,
)
from qwave_batch.runs import run_batch_sync
from tests.forked_programs import ForkedProgram
from tests.integration.test_cli_terminal import Terminal

SEEDED = ("flux-2-pro", "wan2.7-image")
SEEDLESS = "gemini-3-pro-image"
SPEC = f"""\
version: 1
name: tea
catalog: "2026-10"
unsupported: drop
prompts:
  - {{id: cat, text: A cat asleep, tags: [pet]}}
  - {{id: dog, text: A dog at the door, tags: [pet]}}
  - {{id: hen, text: A hen}}
matrix:
  model: [{", ".join([*SEEDED, SEEDLESS])}]
  seed: [1, 2]
"""
EDITS = """\
version: 1
name: edits
catalog: "2026-05"
request: {action: edit, image_urls: [cup.png], seed: 4}
prompts: [Make it blue, Make it red, Make it round]
matrix: {model: [gpt-image-2]}
"""
QUICK = "0.01"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with two models that take a seed, and one that takes none."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "tea.yaml").write_text(SPEC, encoding="utf-8")
    run_batch_sync(folder / "tea.yaml", connection=Simulated(latency=QUICK), out_dir=folder / "tea")
    return folder / "tea"


def repeated(made: Path, out: Path, faults: str = "", sample: int = 6, **options: object) -> RepeatReport:
    plan = plan_repeats(made, sample=sample)
    connection = Simulated(latency=QUICK, faults=faults)
    return asyncio.run(repeat_jobs(plan, connection=connection, out_dir=out, **options))  # type: ignore[arg-type]


def called(*argv: object, **environ: str) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "300", **environ})
    return status, stdout.getvalue(), stderr.getvalue()


def cost_of(folder: Path) -> float:
    return sum(line.cost_usd for line in open_run(folder).lines())


@pytest.mark.parametrize(
    ("faults", "verdict", "likeness"),
    [
        ("", SeedVerdict.BYTES, Likeness.BYTES),
        ("stamped_file", SeedVerdict.PIXELS, Likeness.PIXELS),
        ("seed_loose", SeedVerdict.NEAR, Likeness.NEAR),
        ("seed_ignored", SeedVerdict.NO, Likeness.OTHER),
    ],
)
def test_the_verdict_is_what_the_models_do(
    made: Path, tmp_path: Path, faults: str, verdict: SeedVerdict, likeness: Likeness
) -> None:
    report = repeated(made, tmp_path / "again", faults)
    by_model = {model.model: model for model in report.models}
    assert {by_model[model].verdict for model in SEEDED} == {verdict}
    assert {by_model[model].doubt for model in SEEDED} == {None}
    assert all(by_model[model].jobs == {likeness: 3} for model in SEEDED)
    assert by_model[SEEDLESS].verdict is SeedVerdict.NO_SEED
    assert by_model[SEEDLESS].unfit == {Unfit.SEEDLESS: 3}
    assert report.exit_status == 0
    assert len(report.changed) == (6 if likeness in {Likeness.NEAR, Likeness.OTHER} else 0)


def test_the_control_is_of_other_seeds_of_the_same_prompts(made: Path, tmp_path: Path) -> None:
    for model in repeated(made, tmp_path / "again").models:
        assert model.control.pairs == (3 if model.model in SEEDED else 0)
        assert model.control.near == 0


def test_few_jobs_are_too_few_to_say(made: Path, tmp_path: Path) -> None:
    models = {model.model: model for model in repeated(made, tmp_path / "again", sample=2).models}
    assert {models[model].verdict for model in SEEDED} == {SeedVerdict.TOO_FEW}
    assert models[SEEDED[0]].doubt is Doubt.FEW_JOBS


def test_the_jobs_are_the_same_requests_in_a_folder_of_their_own(made: Path, tmp_path: Path) -> None:
    repeated(made, tmp_path / "again")
    before = {line.job_id: line for line in open_run(made).lines()}
    again = list(open_run(tmp_path / "again").lines())
    assert len(again) == 6
    for line in again:
        first = before[line.job_id]
        assert (line.request, line.repeat, line.path) == (first.request, first.repeat, first.path)
        assert line.task_id != first.task_id
        assert line.reused_from is None
    assert open_run(tmp_path / "again").verify().is_sound


def test_asked_again_it_costs_nothing_and_a_larger_sample_costs_the_rest(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    first = repeated(made, out, sample=4)
    second = repeated(made, out, sample=4)
    larger = repeated(made, out, sample=6)
    tasks = [line.task_id for line in open_run(out).lines()]
    assert first.run.cost_nusd > 0
    assert second.run.cost_nusd == 0
    assert larger.run.cost_nusd == pytest.approx(first.run.cost_nusd / 2)
    assert len(tasks) == len(set(tasks)) == 6
    assert [model.verdict for model in second.models] == [model.verdict for model in first.models]


def test_failed_jobs_are_named_and_the_rest_is_compared(made: Path, tmp_path: Path) -> None:
    report = repeated(made, tmp_path / "again", "task_failed=0.5", sample=12)
    compared = sum(model.compared for model in report.models)
    assert report.exit_status == 1
    assert 0 < len(report.failed) < 12
    assert compared == 12 - len(report.failed)
    assert "task_failed" in report.failed[0].reason


def test_a_folder_without_ledger_and_workspace_is_repeated_too(made: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(made, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave", "spec.yaml"))
    report = repeated(copy, tmp_path / "again")
    assert {model.model: model.verdict for model in report.models if model.compared} == dict.fromkeys(
        SEEDED, SeedVerdict.BYTES
    )


def test_jobs_with_input_images_are_repeated_from_what_the_folder_keeps(checkout: Path, tmp_path: Path) -> None:
    shutil.copy(checkout / "specs" / "ref" / "cup.png", tmp_path)
    (tmp_path / "edits.yaml").write_text(EDITS, encoding="utf-8")
    made = tmp_path / "edits"
    run_batch_sync(tmp_path / "edits.yaml", connection=Simulated(latency=QUICK), out_dir=made)
    (tmp_path / "cup.png").unlink()
    assert [model.verdict for model in repeated(made, tmp_path / "again").models] == [SeedVerdict.BYTES]
    copy = shutil.copytree(made, tmp_path / "copy", ignore=shutil.ignore_patterns(".qwave"))
    assert [model.verdict for model in repeated(copy, tmp_path / "once-more").models] == [SeedVerdict.BYTES]
    shutil.rmtree(copy / "inputs")
    with pytest.raises(UsageError, match=r"none of the 3 jobs .* its input sha256:.* is not in inputs/"):
        plan_repeats(copy, sample=3)


def test_a_catalog_that_no_longer_ships_is_replaced_and_that_is_said(made: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(made, tmp_path / "copy")
    summary = json.loads((copy / "summary.json").read_text())
    (copy / "summary.json").write_text(json.dumps({**summary, "catalog": "2020-01"}))
    plan = plan_repeats(copy, sample=2)
    assert "catalog 2020-01 is not at hand" in str(plan.warnings[0])
    assert len(plan.jobs) == 2


def test_a_damaged_image_is_told_and_its_job_not_compared(made: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(made, tmp_path / "copy")
    plan = plan_repeats(copy, sample=6)
    line = next(line for line in open_run(copy).lines() if line.job_id == plan.jobs[0].job_id)
    (copy / line.images[0].path).unlink()
    report = repeated(copy, tmp_path / "again", "seed_loose")
    assert report.exit_status == 1
    assert [(job.job_id, "not there" in job.reason) for job in report.uncompared] == [(line.job_id, True)]


def test_only_lines_that_are_asked_for_are_chosen_and_the_seed_chooses(made: Path) -> None:
    where = LineFilter(where=lines_matching("'pet' in tags"))
    chosen = {job.prompt_id for job in plan_repeats(made, sample=8, where=where).jobs}
    drawn = [{job.job_id for job in plan_repeats(made, sample=4, seed=seed).jobs} for seed in (0, 0, 1)]
    assert chosen == {"cat", "dog"}
    assert drawn[0] == drawn[1] != drawn[2]


def test_what_can_not_be_repeated_is_refused_before_anything_is_written(made: Path, tmp_path: Path) -> None:
    plan = plan_repeats(made, sample=1)
    with pytest.raises(UsageError, match="have no seed"):
        plan_repeats(made, sample=1, where=LineFilter(models=frozenset({SEEDLESS})))
    with pytest.raises(UsageError, match="no job that was asked for is complete"):
        plan_repeats(made, sample=1, where=LineFilter(models=frozenset({"none"})))
    with pytest.raises(UsageError, match="lies in it"):
        repeat_folder(plan, made / "inner")
    with pytest.raises(FolderError, match="made with the simulator"):
        asyncio.run(repeat_jobs(plan, connection=Connection(key="k"), out_dir=tmp_path / "again"))
    assert not (tmp_path / "again").exists()
    assert not (made / "inner").exists()


def test_a_folder_of_another_run_is_not_taken(made: Path, tmp_path: Path) -> None:
    other = shutil.copytree(made, tmp_path / "other")
    with pytest.raises(FolderError, match='holds the run of spec "tea"'):
        repeated(made, other)


def test_a_moved_repetition_goes_on_when_it_is_adopted(made: Path, tmp_path: Path) -> None:
    repeated(made, tmp_path / "again", sample=2)
    moved = (tmp_path / "again").rename(tmp_path / "moved")
    argv = ("repro", made, "--sample", 3, "--simulate", "-o", moved)
    status, _, said = called(*argv)
    assert (status, "go on with --adopt" in said) == (2, True)
    assert called(*argv, "--adopt")[0] == 0


# The price, which is asked for whatever it is.


@pytest.fixture(scope="module")
def paid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder made with an API on loopback, and the environment that leads there."""
    folder = tmp_path_factory.mktemp("paid")
    (folder / "tea.yaml").write_text(SPEC, encoding="utf-8")
    argv = ("simulator", "--port", "0", "--catalog", "2026-10", "--latency", QUICK)
    with ForkedProgram(argv, cwd=folder, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        base_url = server.stdout.readline().strip()
        connection = Connection(key="sk-test", base_url=base_url)
        run_batch_sync(folder / "tea.yaml", connection=connection, out_dir=folder / "tea")
        yield folder / "tea", {"QWAVE_API_KEY": "sk-test", "QWAVE_BASE_URL": base_url}
        server.send_signal(signal.SIGINT)


def test_nobody_to_agree_means_nothing_is_sent_or_written(paid: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, environ = paid
    status, printed, said = called("repro", folder, "--sample", 3, "-o", tmp_path / "again", **environ)
    assert (status, printed) == (2, "")
    assert "3 jobs may cost up to " in said
    assert "--max-usd USD" in said
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("agreed", [("--yes",), ("--max-usd", "1")])
def test_a_yes_or_a_cap_is_agreement_and_then_what_is_made_is_free(
    paid: tuple[Path, dict[str, str]], tmp_path: Path, agreed: tuple[str, ...]
) -> None:
    folder, environ = paid
    out = tmp_path / "again"
    status, printed, said = called("repro", folder, "--sample", 3, "-o", out, "--json", *agreed, **environ)
    again, _, _ = called("repro", folder, "--sample", 3, "-o", out, **environ)
    assert (status, again) == (0, 0), said
    assert json.loads(printed)["cost_usd"] == pytest.approx(cost_of(out))
    assert cost_of(out) > 0


def test_a_cap_below_the_price_sends_nothing(paid: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, environ = paid
    status, _, said = called("repro", folder, "--sample", 3, "-o", tmp_path / "again", "--max-usd", "0.0001", **environ)
    assert status == BudgetError.exit_status, said
    assert {line.attempts for line in open_run(tmp_path / "again").lines()} == {0}


def test_on_a_terminal_the_price_is_asked_for_however_small(
    checkout: Path, paid: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, environ = paid
    argv = ("repro", folder, "--sample", "1", "-o", "again")
    with Terminal(checkout, tmp_path, *argv, more=environ) as terminal:
        assert "1 job for up to 1 image may cost up to 0.0" in terminal.read_until(r"\[y/N\]")
        terminal.type("n\n")
        assert "not confirmed, so nothing was sent" in terminal.read_to_the_end()
    assert terminal.process.returncode == BudgetError.exit_status
    with Terminal(checkout, tmp_path, *argv, more=environ) as terminal:
        terminal.read_until(r"\[y/N\]")
        terminal.type("y\n")
        assert "1 of 1 job made again and compared" in terminal.read_to_the_end()
    assert terminal.process.returncode == 0


def test_a_killed_repetition_goes_on_and_pays_no_job_twice(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "again"
    argv = ("repro", str(made), "--sample", "12", "--simulate", "-o", str(out))
    with ForkedProgram(argv, stderr=subprocess.DEVNULL) as killed:
        wait_for_submits(out)
        killed.kill()
    begun = [line for line in open_run(out).lines() if line.task_id]
    report = repeated(made, out, sample=12)
    lines = list(open_run(out).lines())
    assert begun
    assert report.exit_status == 0
    assert [line.attempts for line in lines] == [1] * 12
    assert {line.job_id: line.task_id for line in begun}.items() <= {
        line.job_id: line.task_id for line in lines
    }.items()
    price = {line.job_id: line.cost_usd for line in open_run(made).lines()}
    assert cost_of(out) == pytest.approx(sum(price[line.job_id] for line in lines))


def wait_for_submits(folder: Path) -> None:
    """Wait until a run in a folder has sent something."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if RunLayout(folder).workspace.ledger.exists() and any(line.task_id for line in open_run(folder).lines()):
            return
        time.sleep(0.02)
    raise AssertionError("nothing was sent")
