"""``export --to hf``: Hugging Face's libraries and tools for tables load it, with every trap of a real run in it."""

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.integration.exports.loading import call, exported, library, loaded, quiet, rows_of
from tests.integration.exports.trap_runs import lines_of

CARD = """\
pretty_name: "Ünïcode | traps 🎏"
description: |
  Prompts that spoil datasets.

  - and a list
license: CC-BY-4.0
language: [en, ja]
tags: [traps]
creators: [A. Author, {name: The Lab, type: organization, url: "https://lab.example.org/"}]
citation: "@misc{traps, title={Traps}}"
dataBiases: [It has few, "and `these` too"]
dataLimitations: None that matter
"""


@pytest.fixture(scope="module")
def dataset(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole run, in a folder whose own name is a trap."""
    home = tmp_path_factory.mktemp("export")
    (home / "card.yaml").write_text(CARD, encoding="utf-8")
    exported("hf", home / "test", trap_folder, "--card", home / "card.yaml")
    return home / "test"


@pytest.fixture(scope="module")
def rows(dataset: Path) -> list[dict[str, Any]]:
    """The rows that ``load_dataset(dir)`` gives."""
    splits = rows_of(loaded(dataset))
    assert list(splits) == ["train"]
    return splits["train"]


def images_of(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The images of a run folder with their lines, in order."""
    return [(line, image) for line in lines_of(folder) for image in line["images"]]


def head_of(dataset: Path) -> dict[str, Any]:
    """The YAML head of README.md."""
    head: dict[str, Any] = yaml.safe_load((dataset / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    return head


def test_every_image_has_a_row_with_its_job_and_its_pixels(rows: list[dict[str, Any]], trap_folder: Path) -> None:
    wanted = images_of(trap_folder)
    assert len(rows) == len(wanted)
    for row, (line, image) in zip(rows, wanted, strict=True):
        assert (row["prompt"], row["prompt_id"], row["model"]) == (line["prompt"], line["prompt_id"], line["model"])
        assert (row["job_id"], row["source_sha256"]) == (line["job_id"], image["sha256"])
        assert (row["image"].size, row["tags"]) == ((image["width"], image["height"]), line["tags"])
        assert json.loads(row["request"]) == line["request"]
    with Image.open(trap_folder / wanted[70][1]["path"]) as source:
        assert rows[70]["image"].convert("RGB").tobytes() == source.convert("RGB").tobytes()


def test_columns_keep_their_types_where_values_are_null_mixed_or_late(rows: list[dict[str, Any]]) -> None:
    assert {row["axis_nothing"] for row in rows} == {None}
    assert {row["axis_level"] for row in rows} == {"1", "2.5", "two"}
    assert {row["axis_later"] for row in rows} == {None, 7}
    assert {row["seed"] for row in rows} == {None, 7}
    assert max(len(row["prompt"]) for row in rows) > 20_000


def test_an_axis_that_is_named_like_a_file_stays_text(rows: list[dict[str, Any]]) -> None:
    """A column whose name ends in ``_file_name`` is opened as an image: its text would name no file, or any file."""
    assert {row["axis_sketch_file_name_"] for row in rows} == {"no-such-file.png", None}


def test_edits_bring_their_input_images_and_masks_and_other_rows_none(rows: list[dict[str, Any]]) -> None:
    assert Counter((row["prompt_id"], len(row["input"])) for row in rows if row["action"] == "edit").keys() == {
        ("one-input", 1), ("two-inputs", 2), ("masked", 1), ("web-input", 0),
    }  # fmt: skip
    both = next(row for row in rows if row["prompt_id"] == "two-inputs")
    assert [image.size for image in both["input"]] == [(24, 16), (16, 24)]
    assert {row["mask"].mode for row in rows if row["prompt_id"] == "masked"} == {"RGBA"}
    assert {(len(row["input"]), row["mask"]) for row in rows if row["action"] == "generate"} == {(0, None)}


@pytest.mark.parametrize("below", [".", "data", "data/train"])
def test_imagefolder_finds_the_same_rows_on_the_root_and_below(dataset: Path, rows: list[Any], below: str) -> None:
    splits = loaded(dataset, "imagefolder", data_dir=str(dataset / below))
    assert {name: list(split["job_id"]) for name, split in splits.items()} == {"train": [row["job_id"] for row in rows]}
    assert splits["train"].column_names == list(rows[0])


def test_tables_read_with_their_types_in_pandas_polars_and_duckdb(dataset: Path, rows: list[dict[str, Any]]) -> None:
    table = dataset / "data" / "train" / "metadata.parquet"
    with quiet():
        pandas, polars, duckdb = map(library, ("pandas", "polars", "duckdb"))
        frame = pandas.read_parquet(table)
        lazily = polars.read_parquet(table)
        found = duckdb.sql(f"SELECT file_name, prompt, axis_later, completed_at, tags FROM '{table}'")
    assert next(iter(frame.columns)) == "file_name"
    assert all((table.parent / name).is_file() for name in frame["file_name"])
    assert list(frame["prompt"]) == lazily["prompt"].to_list() == [row["prompt"] for row in rows]
    assert str(frame["completed_at"].dtype) == "datetime64[ms, UTC]"
    assert lazily.schema["axis_nothing"] == polars.String
    assert [(prompt, later) for _, prompt, later, _, _ in found.fetchall()] == [
        (row["prompt"], row["axis_later"]) for row in rows
    ]


def test_images_have_numbers_for_names_and_lie_in_folders_of_a_thousand(dataset: Path) -> None:
    names = sorted(file.relative_to(dataset).as_posix() for file in (dataset / "data/train/images").rglob("*.*"))
    assert [name.partition(".")[0] for name in names] == [
        f"data/train/images/000/{number:06}" for number in range(len(names))
    ]
    assert {name.partition(".")[2] for name in names} == {"png", "jpg", "webp"}


def test_the_page_says_where_all_is_from_and_what_the_author_says(dataset: Path, trap_folder: Path) -> None:
    head = head_of(dataset)
    assert (head["license"], head["pretty_name"], head["language"]) == ("cc-by-4.0", "Ünïcode | traps 🎏", ["en", "ja"])
    assert head["size_categories"] == ["n<1K"]
    assert head["configs"][0]["data_files"] == [{"split": "train", "path": "data/train/**"}]
    assert {"synthetic", "simulated", "traps"} <= set(head["tags"])
    page = (dataset / "README.md").read_text(encoding="utf-8")
    summary = json.loads((trap_folder / "summary.json").read_text(encoding="utf-8"))
    said = ("- and a list", "and `these` too", "- The Lab, https://lab.example.org/", "@misc{traps")
    for text in (*said, summary["spec_sha256"], "2026-10", "`axis_level`", "`wan2.7-image`"):
        assert text in page, text


def test_exporting_again_writes_nothing_and_a_smaller_one_removes_what_is_gone(
    trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    exported("hf", out, trap_folder)
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file() and ".qwave" not in str(file)}
    exported("hf", out, trap_folder)
    assert {file: file.stat().st_mtime_ns for file in before} == before
    exported("hf", out, trap_folder, "--where", "model == 'wan2.7-image' and action == 'generate'")
    assert {file.suffix for file in (out / "data").rglob("*.*")} == {".jpg", ".parquet"}
    assert "input" not in loaded(out)["train"].column_names


def test_several_folders_with_splits_and_failed_jobs_load_with_the_same_columns(
    trap_folder: Path, other_trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    exported("hf", out, trap_folder, other_trap_folder, "--split", "train=0.5,test=0.5", "--with-failed")
    for splits in (rows_of(loaded(out)), rows_of(loaded(out, "imagefolder", data_dir=str(out)))):
        assert list(splits) == ["train", "test"]
        prompts = {name: {row["prompt_id"] for row in found} for name, found in splits.items()}
        assert not prompts["train"] & prompts["test"]
        everything = [row for found in splits.values() for row in found]
        assert {row["run"] for row in everything} == {"run", "run-2"}
        assert {row["status"] for row in everything if row["image"] is None} == {"failed", "skipped"}
    assert (out / "data/test/images/000/000000.jpg").is_file() or (out / "data/test/images/000/000000.png").is_file()


def test_a_split_of_failed_jobs_only_loads_beside_one_with_images(trap_folder: Path, tmp_path: Path) -> None:
    """A loader takes the format of a split from its files, and there it finds none but the table."""
    out = tmp_path / "out"
    where = "prompt_id == 'test' or 'train' in tags and status != 'completed'"
    exported("hf", out, trap_folder, "--where", where, "--split", "tag:test,train", "--with-failed")
    splits = rows_of(loaded(out))
    assert {name: {row["image"] is None for row in found} for name, found in splits.items()} == {
        "test": {False}, "train": {True},
    }  # fmt: skip


def test_a_split_without_rows_is_left_out_so_that_the_others_load(trap_folder: Path, tmp_path: Path) -> None:
    talk = exported("hf", tmp_path / "out", trap_folder, "--split", "tag:train,never")
    assert "the split never has no rows" in talk
    for options in ({}, {"data_dir": str(tmp_path / "out")}):
        argv = ("imagefolder",) if options else ()
        assert list(loaded(tmp_path / "out", *argv, **options)) == ["train"]


def test_a_run_without_images_leaves_a_table_with_its_columns_and_no_row(empty_folder: Path, tmp_path: Path) -> None:
    exported("hf", tmp_path / "out", empty_folder)
    with quiet():
        frame = library("pandas").read_parquet(tmp_path / "out/data/train/metadata.parquet")
    assert len(frame) == 0
    assert {"file_name", "prompt", "sha256", "completed_at"} <= set(frame.columns)
    assert head_of(tmp_path / "out")["size_categories"] == ["n<1K"]


@pytest.mark.parametrize(
    ("card", "said"),
    [
        ("licence: mit\n", 'card.yaml:1:1 licence: unknown key "licence" did you mean "license"?'),
        ("pretty_name: 3\n", "card.yaml:1:14 pretty_name: expected a string, found the number 3"),
        ("license_name: mine\n", "a license_name is for a license that has no identifier"),
        ("published: 2026-02-30\n", '"2026-02-30" is not a day of the calendar'),
        ("- a list\n", "expected a mapping, found a list"),
        ("a: [\n", "the file ends inside brackets"),
    ],
)
def test_a_card_with_mistakes_is_refused_before_anything_is_written(
    trap_folder: Path, tmp_path: Path, card: str, said: str
) -> None:
    (tmp_path / "card.yaml").write_text(card, encoding="utf-8")
    status, _, talk = call("export", trap_folder, "--to", "hf", tmp_path / "out", "--card", tmp_path / "card.yaml")
    assert (status, (tmp_path / "out").exists()) == (2, False)
    assert said in " ".join(talk.split())


def test_a_split_whose_images_are_all_gone_is_left_out_too(trap_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(trap_folder, copy, ignore=shutil.ignore_patterns(".qwave"))
    for line, image in images_of(copy):
        if line["prompt_id"] == "test":
            (copy / image["path"]).unlink()
    (copy / "inputs" / next(file.name for file in (copy / "inputs").iterdir() if file.suffix == ".jpeg")).unlink()
    where = "prompt_id in ['test', 'two-inputs']"
    argv = (copy, "--to", "hf", tmp_path / "out", "--where", where, "--split", "tag:test,train")
    status, _, talk = call("export", *argv)
    assert status == 1
    assert "could not be used" in talk
    assert "input images could not be used" in talk
    splits = rows_of(loaded(tmp_path / "out", "imagefolder", data_dir=str(tmp_path / "out")))
    assert list(splits) == list(rows_of(loaded(tmp_path / "out"))) == ["train"]
    assert {len(row["input"]) for row in splits["train"]} == {1}
