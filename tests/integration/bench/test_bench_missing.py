"""Images that are missing: named, black, or left out; never in silence."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from tests.bench_commands import bench
from tests.bench_folders import FOLDER, MODEL, SIDE, BenchRun, colour_of, failed
from tests.bench_readers.strict_pictures import is_black, picture, tiles
from tests.benchmark_files import InventedBenchmark, write_benchmark

Change = Callable[[ManifestLine], ManifestLine | None]


def changed(index: int, change: Change) -> Change:
    """Return what changes the line of one index."""
    return lambda line: change(line) if line.index == index else line


def ended(status: JobStatus) -> Change:
    """Return what has a job end without images."""
    return lambda line: replace(line, status=status, images=())


@pytest.fixture(scope="module")
def geneval(tmp_path_factory: pytest.TempPathFactory) -> InventedBenchmark:
    """Four prompts with four images each."""
    return write_benchmark("geneval", tmp_path_factory.mktemp("geneval"))


@pytest.fixture(scope="module")
def dpg(tmp_path_factory: pytest.TempPathFactory) -> InventedBenchmark:
    """Four prompts with a grid each."""
    return write_benchmark("dpg", tmp_path_factory.mktemp("dpg"))


KINDS: dict[str, tuple[Change, str]] = {
    "failed": (failed, "its job failed: the prompt was refused"),
    "skipped": (ended(JobStatus.SKIPPED), "the model does not offer it"),
    "cancelled": (ended(JobStatus.CANCELLED), "its job was cancelled"),
    "unknown": (ended(JobStatus.UNKNOWN), "nobody knows what came of its job"),
    "pending": (ended(JobStatus.PENDING), "its job has not ended"),
    "unplanned": (lambda _: None, "the folders plan no job for it"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_image_is_named_and_nothing_is_written(geneval: InventedBenchmark, tmp_path: Path, kind: str) -> None:
    """By its job and its prompt, with what has become of it; also a job that the folder does not plan."""
    change, words = KINDS[kind]
    run = BenchRun(benchmark=geneval, per_job=1, change=changed(6, change))
    said = bench("export", "geneval", run.write(tmp_path / "run"), tmp_path / "out", "--json")
    assert said.status == 1
    assert "1 image missing" in said.told
    assert "row 1 (00001)" in said.told
    assert words in said.told
    (missing,) = json.loads(said.out)["missing"]
    assert (missing["number"], missing["image"], missing["missing"]) == (1, 2, kind)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_job_that_made_fewer_images_lacks_the_last_ones(geneval: InventedBenchmark, tmp_path: Path) -> None:
    """The images of the others stay where they are."""
    run = BenchRun(benchmark=geneval, change=changed(4, lambda line: replace(line, images=line.images[:3])))
    said = bench("export", "geneval", run.write(tmp_path / "run"), tmp_path / "out", "--json")
    (missing,) = json.loads(said.out)["missing"]
    assert (missing["number"], missing["image"], missing["missing"]) == (1, 3, "fewer")
    assert said.status == 1


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-20])])
def test_a_file_that_was_deleted_or_damaged_is_missing(
    geneval: InventedBenchmark, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    """The manifest says that it is there, and the folder knows better."""
    folder = BenchRun(benchmark=geneval).write(tmp_path / "run")
    spoil(min((folder / "images").iterdir()))
    said = bench("export", "geneval", folder, tmp_path / "out")
    assert said.status == 1
    assert "the folder does not hold it: images/" in said.told
    assert not (tmp_path / "out").exists()


def test_every_missing_image_is_named(geneval: InventedBenchmark, tmp_path: Path) -> None:
    """Those that no folder has a record of, and those whose file is gone, in one go."""
    folder = BenchRun(benchmark=geneval, change=changed(0, failed)).write(tmp_path / "run")
    max((folder / "images").iterdir()).unlink()
    said = bench("export", "geneval", folder, tmp_path / "out", "--json")
    assert [missing["missing"] for missing in json.loads(said.out)["missing"]].count("failed") == 4
    kinds = {missing["missing"] for missing in json.loads(said.out)["missing"]}
    assert kinds in ({"failed", "unusable"}, {"failed"})  # the last file may be one of the job that failed
    assert said.err.count("job ") >= 4


def test_black_is_exactly_black_in_the_place_of_what_is_missing(dpg: InventedBenchmark, tmp_path: Path) -> None:
    """The other tiles stay where they are."""
    run = BenchRun(benchmark=dpg, per_job=1, change=changed(5, failed))
    said = bench("export", "dpg", run.write(tmp_path / "run"), tmp_path / "out", "--model", MODEL, "--missing", "black")
    assert said.status == 0
    assert "missing: 1 image, black in their place" in said.told
    found = tiles(picture(tmp_path / "out" / "COCOval000285.png", "PNG"), "the grid")
    assert [is_black(tile) for tile in found] == [False, True, False, False]
    assert [found[at].getpixel((9, 9)) for at in (0, 2, 3)] == [colour_of(1, at) for at in (0, 2, 3)]
    record = json.loads((tmp_path / "out.json").read_text())
    (entry,) = (entry for entry in record["entries"] if entry["path"] == "COCOval000285.png")
    assert [part["changes"] for part in entry["parts"]] == [
        ["tiled", "converted"], ["black", "tiled"], ["tiled", "converted"], ["tiled", "converted"],
    ]  # fmt: skip
    assert entry["parts"][1]["missing"] == "failed"


def test_a_whole_picture_is_black_and_as_large_as_the_others(tmp_path: Path) -> None:
    """In a layout without grids."""
    wise = write_benchmark("wise", tmp_path / "files")
    run = BenchRun(
        benchmark=wise,
        draw=lambda prompt, _: Image.new("RGB", (80, 48), colour_of(prompt, 0)),
        change=changed(1, failed),
    )
    said = bench(
        "export", "wise", run.write(tmp_path / "run"), tmp_path / "out", "--model", MODEL, "--missing", "black"
    )
    assert said.status == 0
    black = picture(tmp_path / "out" / "2.png", "PNG")
    assert (black.size, is_black(black)) == ((80, 48), True)


def test_a_grid_is_left_out_as_a_whole(dpg: InventedBenchmark, tmp_path: Path) -> None:
    """And said to be."""
    run = BenchRun(benchmark=dpg, per_job=1, change=changed(5, failed))
    said = bench("export", "dpg", run.write(tmp_path / "run"), tmp_path / "out", "--model", MODEL, "--missing", "skip")
    assert said.status == 0
    assert "missing: 1 image, 1 picture left out for it" in said.told
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"12.png", "whoops7.png", "zz1.png"}
    record = json.loads((tmp_path / "out.json").read_text())
    (left_out,) = (entry for entry in record["entries"] if entry.get("left_out"))
    assert (left_out["number"], left_out["image"], left_out["missing"]) == (1, 1, "failed")


def test_a_prompt_without_any_image_has_no_folder(geneval: InventedBenchmark, tmp_path: Path) -> None:
    """With fewer images it has fewer samples."""

    def spoiled(line: ManifestLine) -> ManifestLine:
        return failed(line) if line.index in {0, 1, 2, 3, 6} else line

    run = BenchRun(benchmark=geneval, per_job=1, change=spoiled)
    out = tmp_path / "out"
    said = bench("export", "geneval", run.write(tmp_path / "run"), out, "--model", MODEL, "--missing", "skip")
    assert said.status == 0
    assert sorted(path.name for path in out.iterdir()) == ["00001", "00002", "00003"]
    assert sorted(path.name for path in (out / "00001" / "samples").iterdir()) == ["0000.png", "0001.png", "0003.png"]


@pytest.mark.parametrize("name", ["geneval2", "tifa", "unigenbench", "hpsv2", "drawbench", "risebench", "imgedit"])
def test_nothing_is_left_out_where_the_scorer_would_not_survive_it(tmp_path: Path, name: str) -> None:
    """The error says why."""
    run = BenchRun(benchmark=write_benchmark(name, tmp_path / "files"))
    said = bench("export", name, run.write(tmp_path / "run"), tmp_path / "out", "--missing", "skip")
    assert said.status == 2
    assert f"no image of {name} can be left out: its scorer" in said.told
    assert not (tmp_path / "out").exists()


def test_a_row_that_no_job_is_of_cannot_be_black(dpg: InventedBenchmark, tmp_path: Path) -> None:
    """Its name is not known; it is an error, and not a smaller benchmark."""
    run = BenchRun(benchmark=dpg, change=changed(4, lambda _: None))
    folder = run.write(tmp_path / "run")
    said = bench("export", "dpg", folder, tmp_path / "out", "--missing", "black")
    assert said.status == 1
    assert "1 picture can't be black either" in said.told
    assert not (tmp_path / "out").exists()
    assert bench("export", "dpg", folder, tmp_path / "out", "--missing", "skip").status == 0


def test_a_row_that_only_another_model_has_can_be_black(dpg: InventedBenchmark, tmp_path: Path) -> None:
    """Its name is known from the other one."""

    def without(line: ManifestLine) -> ManifestLine | None:
        return None if (line.model, line.meta["number"]) == ("other", 1) else line

    folder = BenchRun(benchmark=dpg, models=(MODEL, "other"), change=without).write(tmp_path / "run")
    said = bench("export", "dpg", folder, tmp_path / "out", "--missing", "black")
    assert said.status == 0
    assert is_black(picture(tmp_path / "out" / "other" / "COCOval000285.png", "PNG"))
    assert not is_black(picture(tmp_path / "out" / "vendor-model-1.5" / "COCOval000285.png", "PNG"))


def test_an_image_that_a_model_made_black_is_not_taken_for_missing(tmp_path: Path) -> None:
    """The scorer of oneig drops tiles that are exactly black, so that one pixel of such an image is not."""
    oneig = write_benchmark("oneig", tmp_path / "files")

    def black(prompt: int, image: int) -> Image.Image:
        return Image.new("RGB", (SIDE, SIDE), (0, 0, 0) if (prompt, image) == (0, 2) else colour_of(prompt, image))

    folder = BenchRun(benchmark=oneig, draw=black).write(tmp_path / "run")
    said = bench("export", "oneig", folder, tmp_path / "out")
    assert said.status == 0
    assert "1 image black all over, of which one pixel is not now" in said.told
    found = tiles(picture(tmp_path / "out" / FOLDER / "anime" / FOLDER / "000.webp", "WEBP"), "the grid")
    assert not any(map(is_black, found))
    assert found[2].getextrema() == ((0, 1), (0, 1), (0, 1))
