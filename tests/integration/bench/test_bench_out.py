"""The output and its record: several folders, other axes, repeated and killed exports, and the files of others."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.benches import BenchExportRequest, export_benchmark
from qwave_batch.files.tree import Tree
from qwave_batch.model.work_progress import WorkProgress
from qwave_batch.output.manifest_line import ManifestLine
from tests.bench_commands import bench
from tests.bench_folders import FOLDER, MODEL, BenchRun, as_png, failed, flat
from tests.benchmark_files import InventedBenchmark, write_benchmark


@pytest.fixture(scope="module")
def wise(tmp_path_factory: pytest.TempPathFactory) -> InventedBenchmark:
    """Four prompts with one image each."""
    return write_benchmark("wise", tmp_path_factory.mktemp("wise"))


def files_in(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder, also the hidden ones."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_of_a_job_in_two_folders_the_completed_one_counts(wise: InventedBenchmark, tmp_path: Path) -> None:
    """Whichever is named first."""
    spoiled = BenchRun(benchmark=wise, change=lambda line: failed(line) if line.index < 2 else line)
    first, second = spoiled.write(tmp_path / "a"), BenchRun(benchmark=wise).write(tmp_path / "b")
    for number, folders in enumerate(([first, second], [second, first])):
        assert bench("export", "wise", *folders, tmp_path / f"out{number}", "--model", MODEL).status == 0
    assert files_in(tmp_path / "out0") == files_in(tmp_path / "out1")


def test_an_image_that_one_folder_has_lost_is_taken_from_the_other(wise: InventedBenchmark, tmp_path: Path) -> None:
    """They hold the same bytes by their manifests."""
    first, second = BenchRun(benchmark=wise).write(tmp_path / "a"), BenchRun(benchmark=wise).write(tmp_path / "b")
    next((first / "images").iterdir()).unlink()
    assert bench("export", "wise", first, second, tmp_path / "out").status == 0


def test_two_different_images_of_one_job_are_an_error_that_names_both(wise: InventedBenchmark, tmp_path: Path) -> None:
    """Nobody can say which of them is meant."""
    first = BenchRun(benchmark=wise).write(tmp_path / "a")
    second = BenchRun(benchmark=wise, draw=lambda prompt, image: flat(prompt + 1, image)).write(tmp_path / "b")
    said = bench("export", "wise", first, second, tmp_path / "out")
    assert said.status == 2
    assert "two different images for one place: job " in said.told
    assert str(first) in said.told
    assert str(second) in said.told
    assert not (tmp_path / "out").exists()


def test_two_jobs_for_one_place_are_an_error_that_names_both(wise: InventedBenchmark, tmp_path: Path) -> None:
    """As after a change of the seed, in another folder."""

    def other_id(line: ManifestLine) -> ManifestLine:
        return replace(line, job_id=line.job_id[::-1])

    first = BenchRun(benchmark=wise).write(tmp_path / "a")
    second = BenchRun(benchmark=wise, change=other_id).write(tmp_path / "b")
    said = bench("export", "wise", first, second, tmp_path / "out")
    assert said.status == 2
    assert "two different images for one place: row 0" in said.told
    assert said.told.count(" of job ") == 2


def test_a_job_that_was_planned_anew_replaces_one_without_images(wise: InventedBenchmark, tmp_path: Path) -> None:
    """The earlier one failed, and the spec was changed for it."""
    first = BenchRun(benchmark=wise, change=failed).write(tmp_path / "a")
    second = BenchRun(benchmark=wise, change=lambda line: replace(line, job_id=line.job_id[::-1]))
    assert bench("export", "wise", first, second.write(tmp_path / "b"), tmp_path / "out").status == 0


def test_another_axis_is_chosen_by_a_condition(wise: InventedBenchmark, tmp_path: Path) -> None:
    """The error says how."""

    def sized(size: str) -> Callable[[ManifestLine], ManifestLine]:
        return lambda line: replace(line, axes={**line.axes, "resolution": size}, job_id=f"{size}{line.job_id[2:]}")

    folders = [BenchRun(benchmark=wise, change=sized(size)).write(tmp_path / size) for size in ("1k", "2k")]
    said = bench("export", "wise", *folders, tmp_path / "out")
    assert said.status == 2
    assert 'resolution is "1k" and "2k"; choose with --where "axes[\'resolution\'] == \'1k\'"' in said.told
    assert bench("export", "wise", *folders, tmp_path / "out", "--where", "axes['resolution'] == '1k'").status == 0


WRONG: dict[str, tuple[list[str], str]] = {
    "benchmark": (["geneva", "run", "out"], 'did you mean "geneval"'),
    "model": (["wise", "run", "out", "--model", "vendor/model-1.6"], f'did you mean "{MODEL}"'),
    "another benchmark's folder": (["dpg", "run", "out"], "is of the benchmark dpg, but of wise (4 jobs)"),
    "side": (["wise", "run", "out", "--side", "512"], "wise has no grids"),
    "root": (["wise", "run", "out", "--root", "/data"], "no list of pictures"),
    "rule": (["wise", "run", "out", "--missing", "white"], "fail, black, skip"),
    "condition": (["wise", "run", "out", "--where", "modell == 1"], 'did you mean "model"'),
    "nothing left": (["wise", "run", "out", "--where", "model == 'x'"], "the condition takes none"),
    "no folder": (["wise", "out"], "name the benchmark, the run folders, then the folder"),
    "not a run folder": (["wise", ".", "out"], "run folder"),
    "in a run folder": (["wise", "run", "run/out"], "which exports do not write into"),
    "no name": (["wise", "run", "/"], "has no name of its own"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_request_is_told_and_writes_nothing(
    wise: InventedBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    """Exit status 2."""
    monkeypatch.chdir(tmp_path)
    BenchRun(benchmark=wise).write(tmp_path / "run")
    before = files_in(tmp_path)
    arguments, words = WRONG[wrong]
    said = bench("export", *arguments)
    assert (said.status, words in said.told) == (2, True), said.told
    assert files_in(tmp_path) == before


@pytest.mark.parametrize(
    ("meta", "words"),
    [
        ({"number": 4}, "meta.number must be below its meta.of"),
        ({"number": "1"}, "meta.number must be a whole number"),
        ({"of": True}, "meta.of must be a whole number"),
        ({"n": 3}, "4 with 3 images each by one job, and of 4 with 1 by another"),
        ({"of": 9}, "imported from different files"),
        ({"entry": {"prompt_id": 3}}, 'row 1 ("0002") and row 2 ("0003")'),
        ({"entry": {"prompt_id": "../3"}}, "a slash can't be in a name"),
        ({"entry": {}}, 'no text or whole number "prompt_id"'),
        ({"entry": None}, "meta.entry must be an object"),
        ({"set": 3}, "meta.set must be a text or null"),
        ({"number": 0}, "row 0 is two different prompts"),
    ],
)
def test_meta_that_no_import_wrote_is_told(
    wise: InventedBenchmark, tmp_path: Path, meta: dict[str, object], words: str
) -> None:
    """A spec can be edited by hand; it is never a traceback, and never a picture in the wrong place."""

    def edited(line: ManifestLine) -> ManifestLine:
        return replace(line, meta={**line.meta, **meta}) if line.index == 1 else line  # type: ignore[dict-item]

    said = bench("export", "wise", BenchRun(benchmark=wise, change=edited).write(tmp_path / "run"), tmp_path / "out")
    assert (said.status, words in said.told) == (2, True), said.told
    assert not (tmp_path / "out").exists()


def test_a_repeated_export_replaces_its_own_output(wise: InventedBenchmark, tmp_path: Path) -> None:
    """With another benchmark's layout or other models too; nothing of the earlier one stays."""
    run = BenchRun(benchmark=wise, models=(MODEL, "other")).write(tmp_path / "run")
    out = tmp_path / "out"
    assert bench("export", "wise", run, out).status == 0
    first = files_in(tmp_path)
    assert bench("export", "wise", run, out).status == 0
    assert files_in(tmp_path) == first
    assert bench("export", "wise", run, out, "--model", "other").status == 0
    assert set(files_in(out)) == {"1.png", "2.png", "3.png", "4.png"}
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "out", "out.json"}


def test_the_files_of_others_are_not_touched(wise: InventedBenchmark, tmp_path: Path) -> None:
    """Neither a folder, nor what a scorer wrote into the output, nor a file with the record's name."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "thesis.txt").write_text("mine")
    assert "holds files that no export made" in bench("export", "wise", run, theirs).told
    out = tmp_path / "out"
    assert bench("export", "wise", run, out, "--model", MODEL).status == 0
    (out / "results.txt").write_text("0.5")
    said = bench("export", "wise", run, out, "--model", MODEL)
    assert said.status == 2
    assert "out.json says what an export put there" in said.told
    (tmp_path / "other.json").write_text("[]")
    assert "other.json was not made by an export" in bench("export", "wise", run, tmp_path / "other").told
    assert (theirs / "thesis.txt").read_text() == "mine"
    assert (out / "results.txt").read_text() == "0.5"
    assert bench("export", "wise", run, run / "manifest.jsonl").status == 2
    link = tmp_path / "link"
    link.symlink_to(out)
    assert bench("export", "wise", run, link).status == 2


class Killed(BaseException):
    """Stands for a signal: no handler of errors sees it."""


def test_a_killed_export_looks_unfinished_and_goes_on(wise: InventedBenchmark, tmp_path: Path) -> None:
    """There is no output, and the next export does not make again what is there."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    request = BenchExportRequest(benchmark="wise", folders=(run,), out=tmp_path / "out")

    def kill(progress: WorkProgress) -> None:
        if progress.total and progress.done == 3:
            raise Killed

    with pytest.raises(Killed):
        export_benchmark(request, kill)
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", ".out.bench"}
    report = export_benchmark(request)
    assert report.files.unchanged == 2
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "out", "out.json"}
    assert set(files_in(tmp_path / "out")) == {f"{FOLDER}/{number}.png" for number in range(1, 5)}


def test_an_export_that_the_system_kills_leaves_nothing_that_looks_finished(
    wise: InventedBenchmark, tmp_path: Path
) -> None:
    """No handler runs and nothing is flushed; the next export makes the same output as ever."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    program = (
        "import os, pathlib, sys; from qwave_batch.benches import BenchExportRequest, export_benchmark\n"
        "run, out = map(pathlib.Path, sys.argv[1:])\n"
        "request = BenchExportRequest(benchmark='wise', folders=(run,), out=out, model=" + repr(MODEL) + ")\n"
        "export_benchmark(request, lambda at: os._exit(9) if at.total and at.done == 3 else None)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, run, tmp_path / "out"], check=False)
    assert killed.returncode == 9
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", ".out.bench"}
    assert bench("export", "wise", run, tmp_path / "out", "--model", MODEL).status == 0
    assert bench("export", "wise", run, tmp_path / "whole", "--model", MODEL).status == 0
    assert files_in(tmp_path / "out") == files_in(tmp_path / "whole")
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "out", "out.json", "whole", "whole.json"}


def test_only_the_model_that_is_asked_for_has_to_be_right(wise: InventedBenchmark, tmp_path: Path) -> None:
    """Another one may have two images for a place."""
    first = BenchRun(benchmark=wise, models=(MODEL, "other")).write(tmp_path / "a")
    second = BenchRun(benchmark=wise, models=("other",), draw=lambda prompt, image: flat(prompt + 1, image))
    folders = (first, second.write(tmp_path / "b"))
    assert bench("export", "wise", *folders, tmp_path / "out").status == 2
    assert bench("export", "wise", *folders, tmp_path / "out", "--model", MODEL).status == 0


def test_a_place_that_no_folder_can_have_is_told(wise: InventedBenchmark, tmp_path: Path) -> None:
    """Below a file, for one."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    (tmp_path / "file").write_text("mine")
    said = bench("export", "wise", run, tmp_path / "file" / "out")
    assert said.status == 4
    assert "bug" not in said.told
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("target", ["earlier", "out", "out.json"])
def test_an_export_that_is_killed_while_it_takes_its_place_can_be_repeated(
    wise: InventedBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """At each of its last steps: no record calls complete what is not, and the next export cleans up."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    request = BenchExportRequest(benchmark="wise", folders=(run,), out=tmp_path / "out", model=MODEL)
    export_benchmark(request)
    before = files_in(tmp_path / "out")
    move = Tree.move_from

    def move_or_die(self: Tree, other: Tree, source: str, to: str, *, is_durable: bool = True) -> None:
        if to == target:
            raise Killed
        move(self, other, source, to, is_durable=is_durable)

    monkeypatch.setattr(Tree, "move_from", move_or_die)
    with pytest.raises(Killed):
        export_benchmark(request)
    monkeypatch.undo()
    assert not json.loads((tmp_path / "out.json").read_text())["is_complete"]
    export_benchmark(request)
    assert files_in(tmp_path / "out") == before
    assert json.loads((tmp_path / "out.json").read_text())["is_complete"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"run", "out", "out.json"}


def test_an_output_that_a_killed_export_moved_away_is_put_back(
    wise: InventedBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by an export that fails then."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    request = BenchExportRequest(benchmark="wise", folders=(run,), out=tmp_path / "out", model=MODEL)
    export_benchmark(request)
    before = files_in(tmp_path / "out")
    move = Tree.move_from

    def move_or_die(self: Tree, other: Tree, source: str, to: str, *, is_durable: bool = True) -> None:
        if (source, to) == ("out", "out"):
            raise Killed
        move(self, other, source, to, is_durable=is_durable)

    monkeypatch.setattr(Tree, "move_from", move_or_die)
    with pytest.raises(Killed):
        export_benchmark(request)
    monkeypatch.undo()
    assert not (tmp_path / "out").exists()
    next((run / "images").iterdir()).unlink()
    assert not export_benchmark(request).is_complete
    assert files_in(tmp_path / "out") == before


def test_an_export_that_fails_leaves_the_earlier_output(wise: InventedBenchmark, tmp_path: Path) -> None:
    """A missing image keeps all as it was."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    assert bench("export", "wise", run, tmp_path / "out").status == 0
    before = files_in(tmp_path / "out")
    next((run / "images").iterdir()).unlink()
    assert bench("export", "wise", run, tmp_path / "out").status == 1
    assert files_in(tmp_path / "out") == before
    assert json.loads((tmp_path / "out.json").read_text())["is_complete"]


def test_an_export_of_another_look_uses_no_picture_of_a_killed_one(wise: InventedBenchmark, tmp_path: Path) -> None:
    """The run was made again in the meantime."""
    request = BenchExportRequest(benchmark="wise", folders=(tmp_path / "run",), out=tmp_path / "out", model=MODEL)
    BenchRun(benchmark=wise).write(tmp_path / "run")

    def kill(progress: WorkProgress) -> None:
        if progress.total and progress.done == 4:
            raise Killed

    with pytest.raises(Killed):
        export_benchmark(request, kill)
    shutil.rmtree(tmp_path / "run")
    BenchRun(benchmark=wise, draw=lambda prompt, image: flat(prompt + 5, image)).write(tmp_path / "run")
    export_benchmark(request)
    assert (tmp_path / "out" / "1.png").read_bytes() == as_png(flat(5, 0))


def test_one_export_at_a_time_works_on_an_output(wise: InventedBenchmark, tmp_path: Path) -> None:
    """The second one is told so."""
    run = BenchRun(benchmark=wise).write(tmp_path / "run")
    request = BenchExportRequest(benchmark="wise", folders=(run,), out=tmp_path / "out")
    said = []

    def meanwhile(progress: WorkProgress) -> None:
        if progress.total and progress.done == 2:
            said.append(bench("export", "wise", run, tmp_path / "out"))

    export_benchmark(request, meanwhile)
    assert [each.status for each in said] == [4]
    assert "another export" in said[0].told
