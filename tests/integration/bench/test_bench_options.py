"""Options of an export, and rows that a layout has no place for."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.output.manifest_line import ManifestLine
from tests.bench_commands import bench
from tests.bench_folders import FOLDER, MODEL, SIDE, BenchRun, colour_of, failed
from tests.bench_readers.strict_pictures import is_black, picture, tiles
from tests.benchmark_files import write_benchmark


def with_meta(**changes: object) -> Callable[[ManifestLine], ManifestLine]:
    """Return what changes the meta of every line."""
    return lambda line: replace(line, meta={**line.meta, **changes})  # type: ignore[dict-item]


def with_entry(entry: JsonObject, *, index: int = 0) -> Callable[[ManifestLine], ManifestLine]:
    """Return what changes fields of the official row of one line."""

    def changed(line: ManifestLine) -> ManifestLine:
        own = line.meta["entry"]
        assert isinstance(own, dict)
        return replace(line, meta={**line.meta, "entry": {**own, **entry}}) if line.index == index else line

    return changed


def with_prompt(prompt: str) -> Callable[[ManifestLine], ManifestLine]:
    """Return what changes the prompt of every first row."""
    return lambda line: replace(line, prompt=prompt) if line.meta["number"] == 0 else line


UNFIT: dict[str, tuple[str, Callable[[ManifestLine], ManifestLine], str]] = {
    "a prompt with an underscore": ("t2i-compbench", with_prompt("a_b"), 'has "_" in it'),
    "a prompt with a slash": ("t2i-compbench", with_prompt("a/b"), "a slash can't be in a name"),
    "a prompt of two lines": ("t2i-compbench", with_prompt("a\nb"), "steers a terminal"),
    "a prompt that is no name": ("t2i-compbench", with_prompt("x" * 300), "240 bytes at most"),
    "an id with a dot": ("dpg", with_entry({"item_id": "a.b"}), "reads ids up to the first one"),
    "an id in other letters": ("dpg", with_entry({"item_id": "ZZ1"}), "file system that ignores case"),
    "an id with a star": ("oneig", with_entry({"id": "0*"}), "looks for it as a glob"),
    "an id that begins like another": ("oneig", with_entry({"id": "00"}), "files that begin with an id"),
    "the same id twice": ("oneig", with_entry({"id": "001"}), "two different images for one place"),
    "the same prompt twice": (
        "geneval2",
        lambda line: replace(line, prompt="same"),
        "their scorer could not tell them apart",
    ),
    "metadata that lack a key": ("geneval", lambda line: replace(line, meta={**line.meta, "entry": {}}), 'no "tag"'),
    "an index that is no number": ("unigenbench", with_entry({"index": "x"}), "wants a whole number"),
    "fewer images than the scorer reads": ("longtext", with_meta(n=1), "its scorer reads 4"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_row_that_the_scorer_would_misread_is_refused(tmp_path: Path, case: str) -> None:
    """The error names the row; nothing is written."""
    name, change, words = UNFIT[case]
    run = BenchRun(benchmark=write_benchmark(name, tmp_path / "files"), change=change)
    said = bench("export", name, run.write(tmp_path / "run"), tmp_path / "out")
    assert (said.status, words in said.told) == (2, True), said.told
    assert {entry.name for entry in tmp_path.iterdir()} == {"files", "run"}


def rectangles(prompt: int, image: int) -> Image.Image:
    """Return a picture of 96 x 64 with its colour in the middle, and white at both sides."""
    found = Image.new("RGB", (96, SIDE), "white")
    found.paste(colour_of(prompt, image), (16, 0, 80, SIDE))
    return found


def test_tiles_are_cut_out_or_padded_to_the_side_asked_for(tmp_path: Path) -> None:
    """Without a side, they have the shorter one of most images."""
    folder = BenchRun(benchmark=write_benchmark("dpg", tmp_path / "files"), draw=rectangles).write(tmp_path / "run")
    said = bench("export", "dpg", folder, tmp_path / "cut", "--model", MODEL)
    assert f"{MODEL}: tiles of 64 x 64" in said.told
    assert "16 images cut to a square" in said.told
    first = tiles(picture(tmp_path / "cut" / "12.png", "PNG"), "cut")[0]
    assert (first.size, first.getpixel((0, 0))) == ((64, 64), colour_of(0, 0))
    arguments = ("--side", 96, "--square", "pad", "--json")
    said = bench("export", "dpg", folder, tmp_path / "padded", "--model", MODEL, *arguments)
    told = json.loads(said.out)
    assert told["sides"] == {MODEL: 96}
    assert told["changes"] == {"padded": 16, "tiled": 16, "converted": 16}
    first = tiles(picture(tmp_path / "padded" / "12.png", "PNG"), "padded")[0]
    assert [first.getpixel((48, y)) for y in (15, 16, 79, 80)] == [(0, 0, 0), *[colour_of(0, 0)] * 2, (0, 0, 0)]


def test_one_side_holds_for_all_grids_of_a_model(tmp_path: Path) -> None:
    """The side of most images; the others are resized, and said to be."""

    def draw(prompt: int, image: int) -> Image.Image:
        side = 2 * SIDE if prompt == 1 else SIDE
        return Image.new("RGB", (side, side), colour_of(prompt, image))

    folder = BenchRun(benchmark=write_benchmark("dpg", tmp_path / "files"), draw=draw).write(tmp_path / "run")
    said = bench("export", "dpg", folder, tmp_path / "out", "--model", MODEL)
    assert "4 images resized" in said.told
    assert {picture(path, "PNG").size for path in (tmp_path / "out").iterdir()} == {(2 * SIDE, 2 * SIDE)}


def test_a_side_that_no_grid_can_have_is_refused(tmp_path: Path) -> None:
    """WebP has 16,383 pixels at most."""
    folder = BenchRun(benchmark=write_benchmark("oneig", tmp_path / "files")).write(tmp_path / "run")
    said = bench("export", "oneig", folder, tmp_path / "out", "--side", "8192")
    assert (said.status, "it has 1 to 8,191" in said.told) == (2, True)


@pytest.mark.parametrize(("name", "listing"), [("geneval2", "image_paths.json"), ("evalscope", "default.jsonl")])
@pytest.mark.parametrize(("root", "path"), [("/data/x/", "/data/x/images/00000.png"), (".", "images/00000.png")])
def test_a_list_begins_its_paths_where_the_output_will_lie(
    tmp_path: Path, name: str, listing: str, root: str, path: str
) -> None:
    """On the scorer's machine; without it they are paths of this one."""
    folder = BenchRun(benchmark=write_benchmark(name, tmp_path / "files")).write(tmp_path / "run")
    assert bench("export", name, folder, tmp_path / "out", "--model", MODEL, "--root", root).status == 0
    assert f'"{path}"' in (tmp_path / "out" / listing).read_text()
    assert bench("export", name, folder, tmp_path / "all", "--root", root).status == 0
    assert f'"{path.replace("images", f"{FOLDER}/images")}"' in (tmp_path / "all" / FOLDER / listing).read_text()


def test_the_drawbench_part_of_hpsv2_has_the_layout_of_drawbench(tmp_path: Path) -> None:
    """Its scorer takes every folder for a model; both parts at once are refused, with the way to choose."""
    hpsv2 = write_benchmark("hpsv2", tmp_path / "files")
    part = replace(hpsv2, prompts=tuple(each for each in hpsv2.prompts if each.meta["set"] == "photo"))
    change = with_meta(set="drawbench", entry={"style": "drawbench"})
    drawbench = BenchRun(benchmark=part, change=change).write(tmp_path / "drawbench")
    for arguments in ((), ("--model", MODEL)):
        out = tmp_path / f"out{len(arguments)}"
        assert bench("export", "hpsv2", drawbench, out, *arguments).status == 0
        assert [str(path.relative_to(out)) for path in out.rglob("*.jpg")] == [
            f"{FOLDER}/00000.jpg" if arguments else f"{FOLDER}/{FOLDER}/00000.jpg"
        ]

    def other_job(line: ManifestLine) -> ManifestLine:
        return replace(line, job_id=line.job_id[::-1])

    styles = BenchRun(benchmark=hpsv2, change=other_job).write(tmp_path / "styles")
    said = bench("export", "hpsv2", drawbench, styles, tmp_path / "both")
    assert said.status == 2
    assert "choose with --where \"meta.set == 'drawbench'\"" in said.told


def test_an_edit_without_its_input_image_is_missing(tmp_path: Path) -> None:
    """The layout of gedit has the image that was edited beside each result; nothing can take its place."""
    folder = BenchRun(benchmark=write_benchmark("gedit", tmp_path / "files")).write(tmp_path / "run")
    for path in (folder / "inputs").iterdir():
        path.unlink()
        break
    said = bench("export", "gedit", folder, tmp_path / "out")
    assert (said.status, "is not in inputs/" in said.told) == (1, True)
    assert bench("export", "gedit", folder, tmp_path / "out", "--missing", "black").status == 1
    assert not (tmp_path / "out").exists()
    assert bench("export", "gedit", folder, tmp_path / "out", "--missing", "skip").status == 0


def test_an_edit_that_failed_is_black_beside_the_image_that_was_to_be_edited(tmp_path: Path) -> None:
    """The scorer skips a pair of which one file is missing."""
    run = BenchRun(
        benchmark=write_benchmark("gedit", tmp_path / "files"),
        change=lambda line: failed(line) if line.index == 0 else line,
    )
    assert bench("export", "gedit", run.write(tmp_path / "run"), tmp_path / "out", "--missing", "black").status == 0
    place = tmp_path / "out" / FOLDER / FOLDER / "fullset" / "background_change" / "en"
    assert is_black(picture(place / "7a01.png", "PNG"))
    assert not is_black(picture(place / "7a01_SRCIMG.png", "PNG"))


def test_two_models_that_would_share_a_folder_are_refused(tmp_path: Path) -> None:
    """One at a time they can be exported."""
    models = ("vendor/model-1.5", "vendor:model-1.5")
    folder = BenchRun(benchmark=write_benchmark("wise", tmp_path / "files"), models=models).write(tmp_path / "run")
    said = bench("export", "wise", folder, tmp_path / "out")
    assert (said.status, "would both lie in vendor-model-1.5" in said.told) == (2, True)
    assert bench("export", "wise", folder, tmp_path / "out", "--model", models[1]).status == 0


def test_jobs_of_other_work_in_the_folder_are_left_out_and_counted(tmp_path: Path) -> None:
    """A spec may hold more than the benchmark's prompts."""

    def mixed(line: ManifestLine) -> ManifestLine:
        return replace(line, meta={}) if line.index >= 4 else line

    wise = write_benchmark("wise", tmp_path / "files")
    folder = BenchRun(benchmark=replace(wise, prompts=(*wise.prompts, *wise.prompts)), change=mixed).write(
        tmp_path / "r"
    )
    said = bench("export", "wise", folder, tmp_path / "out")
    assert (said.status, "left out: 4 jobs that no row of wise is of" in said.told) == (0, True)
