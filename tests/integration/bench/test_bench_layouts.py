"""Every layout, held to a reader that refuses what its scorer would misread; and the readers, held to wrong layouts."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.cli.main import main
from tests.bench_folders import FOLDER, MODEL, SIDE, BenchRun, colour_of
from tests.bench_readers.every_reader import READERS, SHARED
from tests.bench_readers.strict_pictures import Given, Misread, Pictures
from tests.benchmark_files import NAMES, InventedBenchmark, write_benchmark

OTHER = "other"


def bench_export(*arguments: object) -> tuple[int, str, str]:
    """Run the command; return its exit status and what it printed and said."""
    out, err = io.StringIO(), io.StringIO()
    status = main(["bench", "export", *map(str, arguments)], out, err)
    return status, out.getvalue(), err.getvalue()


class Exported:
    """The layout of every benchmark, of a folder with two models."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.benchmarks = {name: write_benchmark(name, home / "files" / name) for name in NAMES}
        for name, benchmark in self.benchmarks.items():
            # one model makes all images of a prompt with a request, the other one by one
            per_job = {MODEL: None, OTHER: 1}
            folders = [
                BenchRun(benchmark=benchmark, models=(model,), per_job=per_job[model]).write(home / model / name)
                for model in per_job
            ]
            status, _, said = bench_export(name, *folders, home / "out" / name)
            assert status == 0, said

    def given(self, name: str, model: str = FOLDER, place: Path | None = None) -> Given:
        """Return what the scorer is given of a model."""
        out = self.home / "out" / name
        return Given(
            out=place or out / model,
            benchmark=self.benchmarks[name],
            model=model,
            models=(model,),
        )


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The exports; read only."""
    return Exported(tmp_path_factory.mktemp("layouts"))


def colours(pictures: Pictures) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the colour in the middle of each picture."""
    found = {}
    for key, image in pictures.items():
        pixel = image.getpixel((image.width // 2, image.height // 2))
        assert isinstance(pixel, tuple)
        found[key] = tuple(int(level) for level in pixel)
    return found


def wanted(benchmark: InventedBenchmark) -> dict[tuple[int, int], tuple[int, ...]]:
    """Return the colour that each picture is to have."""
    return {
        (prompt, image): colour_of(prompt, image)
        for prompt in range(len(benchmark.prompts))
        for image in range(benchmark.images)
    }


@pytest.mark.parametrize("model", [FOLDER, OTHER])
@pytest.mark.parametrize("name", NAMES)
def test_the_scorer_reads_each_image_of_each_prompt_in_its_place(exported: Exported, name: str, model: str) -> None:
    """Also where a model makes one image with a request."""
    found = colours(READERS[name](exported.given(name, model)))
    right = wanted(exported.benchmarks[name])
    assert found.keys() == right.keys()
    for key, colour in right.items():
        assert max(abs(a - b) for a, b in zip(found[key], colour, strict=True)) <= 2, key


@pytest.mark.parametrize("name", NAMES)
def test_beside_the_output_is_its_record_and_nothing_else(exported: Exported, name: str) -> None:
    """The record is whole, and names every picture with the bytes that it has."""
    out = exported.home / "out"
    assert {entry.name for entry in out.iterdir()} == {*NAMES, *(f"{each}.json" for each in NAMES)}
    record = json.loads((out / f"{name}.json").read_text())
    assert record["is_complete"] is True
    assert set(record["models"]) == {MODEL, OTHER}
    files = {str(path.relative_to(out / name)) for path in (out / name).rglob("*") if path.is_file()}
    named = {entry["path"] for entry in record["entries"]}
    lists = {path for path in files if path.endswith((".json", ".jsonl"))}
    assert named == files - lists
    parts = [part for entry in record["entries"] for part in entry["parts"]]
    assert all(len(part["sha256"]) == 64 and part["job_id"] and part["folder"].startswith(name) for part in parts)


@pytest.mark.parametrize("name", sorted(SHARED))
def test_models_can_share_an_output_whose_layout_holds_their_names(
    exported: Exported, tmp_path: Path, name: str
) -> None:
    """Their scorers take several models at once."""
    folders = [exported.home / model / name for model in (MODEL, OTHER)]
    assert bench_export(name, *folders, tmp_path / "out", "--together")[0] == 0
    for model in (FOLDER, OTHER):
        given = Given(out=tmp_path / "out", benchmark=exported.benchmarks[name], model=model, models=(FOLDER, OTHER))
        assert colours(READERS[name](given)) == colours(READERS[name](exported.given(name, model)))


def test_models_of_other_layouts_cannot_share_an_output(exported: Exported, tmp_path: Path) -> None:
    """Nor is there anything to share with one model."""
    run = exported.home / MODEL
    status, _, said = bench_export("dpg", run / "dpg", tmp_path / "out", "--together")
    assert (status, "does not hold a model's name" in " ".join(said.split())) == (2, True)
    assert bench_export("oneig", run / "oneig", tmp_path / "out", "--together", "--model", MODEL)[0] == 2


def _jpeg_in_disguise(path: Path) -> None:
    with Image.open(path) as image:
        image.convert("RGB").save(path, "GIF" if image.format == "JPEG" else "JPEG")


def _with_alpha(path: Path) -> None:
    with Image.open(path) as image:
        form = "PNG" if image.format == "JPEG" else image.format
        clear = image.convert("RGBA")
        clear.putalpha(128)
        clear.save(path, form, lossless=True)


def _turned(path: Path) -> None:
    with Image.open(path) as image:
        exif = image.getexif()
        exif[0x0112] = 6
        image.save(path, image.format, exif=exif, lossless=True)


def _renamed(path: Path) -> None:
    path.rename(path.with_name(f"x{path.name}"))


def _next_number(path: Path) -> None:
    """Give the last picture of a folder a number beyond it, as counting from another start does."""
    stem, dot, ending = path.name.partition(".")
    digits = stem[len(stem.rstrip("0123456789")) :]
    path.rename(path.with_name(f"{stem[: -len(digits)]}{int(digits) + 1:0{len(digits)}}{dot}{ending}"))


def _stray(path: Path) -> None:
    shutil.copy(path, path.with_name(f"{path.name}.tmp"))


def _hidden(path: Path) -> None:
    path.with_name(".DS_Store").write_bytes(b"")


def _other_folder(path: Path) -> None:
    (path.parent / "results").mkdir()


MUTATIONS: dict[str, Callable[[Path], object]] = {
    "a picture is missing": Path.unlink,
    "a picture has another name": _renamed,
    "a file that somebody left": _stray,
    "a hidden file": _hidden,
    "a folder": _other_folder,
    "another format than the name says": _jpeg_in_disguise,
    "an alpha channel": _with_alpha,
    "pixels that are turned": _turned,
    "no picture at all": lambda path: path.write_text("not a picture"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", NAMES)
def test_the_reader_refuses_a_right_layout_with_one_thing_wrong(
    exported: Exported, tmp_path: Path, name: str, mutation: str
) -> None:
    """So that a layout which it takes is right."""
    given = _copied(exported, name, tmp_path)
    READERS[name](given)
    MUTATIONS[mutation](_last_picture(given))
    with pytest.raises((Misread, OSError, ValueError)):
        READERS[name](given)


NUMBERED = ("geneval", "t2i-compbench", "longtext", "wise", "unigenbench", "hpsv2", "drawbench", "oneig")


@pytest.mark.parametrize("name", NUMBERED)
def test_the_reader_refuses_numbers_that_begin_elsewhere(exported: Exported, tmp_path: Path, name: str) -> None:
    """The last picture of a folder has a number that is one too high."""
    given = _copied(exported, name, tmp_path)
    _next_number(_last_picture(given))
    with pytest.raises((Misread, OSError)):
        READERS[name](given)


@pytest.mark.parametrize("name", ["dpg", "oneig"])
@pytest.mark.parametrize("size", [(2 * SIDE, 2 * SIDE + 2), (2 * SIDE + 1, 2 * SIDE + 1)])
def test_the_reader_refuses_grids_that_do_not_part_into_squares(
    exported: Exported, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    """A scorer would cut through the tiles."""
    given = _copied(exported, name, tmp_path)
    path = _last_picture(given)
    with Image.open(path) as image:
        image.resize(size).save(path, image.format, lossless=True)
    with pytest.raises(Misread):
        READERS[name](given)


def test_the_reader_of_dpg_refuses_two_sizes_in_one_folder(exported: Exported, tmp_path: Path) -> None:
    """Its scorer is told one size for the folder."""
    given = _copied(exported, "dpg", tmp_path)
    path = _last_picture(given)
    with Image.open(path) as image:
        image.resize((4 * SIDE, 4 * SIDE)).save(path, "PNG")
    with pytest.raises(Misread, match="sizes"):
        READERS["dpg"](given)


def test_the_reader_of_oneig_refuses_a_grid_with_losses(exported: Exported, tmp_path: Path) -> None:
    """Black would not stay black."""
    given = _copied(exported, "oneig", tmp_path)
    path = _last_picture(given)
    with Image.open(path) as image:
        image.save(path, "WEBP", quality=80)
    with pytest.raises(Misread, match="lossless"):
        READERS["oneig"](given)


@pytest.mark.parametrize(
    ("name", "path", "text"),
    [
        ("geneval", "00001/metadata.jsonl", '{"tag": "counting"}'),
        ("geneval", "00001/metadata.jsonl", '{"a": 1}\n{"b": 2}'),
        ("geneval2", "image_paths.json", "{}"),
        ("tifa", "images.json", '{"coco_301091": "/elsewhere/00000.png"}'),
        ("evalscope", "default.jsonl", ""),
        ("partiprompts", "default.jsonl", '{"id": "00000", "prompt": "another", "image_path": "x.png"}\n'),
    ],
)
def test_the_reader_refuses_a_list_that_says_something_else(
    exported: Exported, tmp_path: Path, name: str, path: str, text: str
) -> None:
    """Lists and metadata are read as the scorer reads them."""
    given = _copied(exported, name, tmp_path)
    (given.out / path).write_text(text)
    with pytest.raises((Misread, OSError, ValueError, KeyError)):
        READERS[name](given)


def _copied(exported: Exported, name: str, home: Path) -> Given:
    """Return a copy of what a scorer is given, to spoil; lists of paths that begin at the root name the copy."""
    given = exported.given(name)
    place = home / "given"
    shutil.copytree(given.out, place)
    for listing in (*place.glob("*.json"), *place.glob("*.jsonl")):
        listing.write_text(listing.read_text().replace(str(given.out.resolve()), str(place.resolve())))
    return exported.given(name, place=place)


def _last_picture(given: Given) -> Path:
    pictures = [path for path in given.out.rglob("*") if path.suffix in {".png", ".jpg", ".webp"}]
    ours = [path for path in pictures if given.model in path.parts] or pictures
    return max(ours)
