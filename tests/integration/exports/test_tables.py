"""csv, jsonl and parquet, read by what their users read them with."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyarrow import parquet

from qwave_batch.exports import ExportReport, ExportRequest, export_folders, read_split
from qwave_batch.folders import open_run
from tests.integration.exports.loading import library, loaded

ALWAYS = [
    "prompt", "prompt_id", "job_id", "model", "action", "seed", "axis_model", "tags", "request", "width", "height",
    "sha256", "cost_usd", "completed_at", "status",
]  # fmt: skip


def export(folder: Path | tuple[Path, ...], form: str, out: Path, **options: Any) -> ExportReport:
    folders = folder if isinstance(folder, tuple) else (folder,)
    return export_folders(ExportRequest(folders=folders, format=form, out=out, **options))


@pytest.fixture(scope="module")
def parquet_file(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("parquet") / "traps.parquet"
    assert export(trap_folder, "parquet", out, has_failed=True).is_complete
    return out


def test_parquet_has_every_image_with_its_job_and_every_job_without_one(trap_folder: Path, parquet_file: Path) -> None:
    lines = list(open_run(trap_folder).lines())
    table = parquet.read_table(parquet_file)
    assert set(ALWAYS) <= set(table.schema.names)
    expected: list[tuple[str, str | None]] = []
    for line in lines:
        expected += [(line.job_id, image.sha256) for image in line.images] or [(line.job_id, None)]
    assert list(zip(table["job_id"].to_pylist(), table["source_sha256"].to_pylist(), strict=True)) == expected


def test_parquet_pictures_are_pictures_to_hugging_face(parquet_file: Path) -> None:
    rows = loaded(parquet_file.parent, "parquet", data_files=str(parquet_file), split="train")
    assert isinstance(rows.features["image"], library("datasets").Image)
    with_image = [row for row in rows if row["image"] is not None]
    assert with_image
    assert {row["image"].size for row in with_image} == {(row["width"], row["height"]) for row in with_image}
    assert [row["status"] for row in rows if row["image"] is None].count("failed") > 0


def test_parquet_is_read_by_pandas_polars_and_duckdb(parquet_file: Path) -> None:
    columns = ["prompt", "completed_at", "tags", "cost_usd", "image"]
    frame = library("pandas").read_parquet(parquet_file, columns=columns)
    assert str(frame["completed_at"].dtype).startswith("datetime64")
    Image.open(io.BytesIO(frame["image"].dropna().iloc[0]["bytes"])).verify()
    assert library("polars").read_parquet(parquet_file)["prompt"].to_list() == frame["prompt"].to_list()
    with library("duckdb").connect() as database:
        (found,) = database.execute(f"select count(*) from '{parquet_file}'").fetchall()
    assert found == (len(frame),)


def test_the_shares_of_cost_add_up_to_what_the_run_has_cost(trap_folder: Path, parquet_file: Path) -> None:
    total = sum(line.cost_usd for line in open_run(trap_folder).lines())
    table = parquet.read_table(parquet_file, columns=["image_cost_usd", "image_index"])
    assert max(index or 0 for index in table["image_index"].to_pylist()) >= 2
    assert sum(table["image_cost_usd"].to_pylist()) == pytest.approx(total, abs=1e-9)


def test_row_groups_hold_about_a_hundred_images(parquet_file: Path) -> None:
    groups = parquet.ParquetFile(parquet_file)
    assert max(groups.metadata.row_group(at).num_rows for at in range(groups.num_row_groups)) <= 100


def test_parquet_says_where_it_comes_from(trap_folder: Path, parquet_file: Path) -> None:
    (source,) = json.loads(parquet.read_schema(parquet_file).metadata[b"qwave_batch"])["sources"]
    summary = open_run(trap_folder).summary()
    assert summary is not None
    assert (source["spec_sha256"], source["catalog"]) == (summary["spec_sha256"], summary["catalog"])
    assert str(trap_folder.parent) not in json.dumps(source)


def test_axes_of_mixed_values_are_text_and_of_whole_numbers_are_numbers(
    trap_folder: Path, other_trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "both.parquet"
    export((trap_folder, other_trap_folder), "parquet", out, has_images=False)
    table = parquet.read_table(out)
    assert set(map(type, table["axis_level"].to_pylist())) <= {str, type(None)}
    assert set(table["run"].to_pylist()) == {"run", "run-2"}
    assert set(table["axis_later"].to_pylist()) == {None, 7}


def test_csv_and_jsonl_say_the_same_as_parquet_without_images(trap_folder: Path, tmp_path: Path) -> None:
    for form in ("csv", "jsonl", "parquet"):
        options = {"has_images": False} if form == "parquet" else {}
        export(trap_folder, form, tmp_path / f"t.{form}", has_failed=True, **options)
    lines = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    table = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert len(lines) == len(cells) == len(table)
    for line, cell, row in zip(lines, cells, table, strict=True):
        assert list(line) == list(cell) == list(row)
        assert (line["prompt"], line["file_name"], line["tags"]) == (row["prompt"], row["file_name"], row["tags"])
        assert cell["prompt"] == line["prompt"]
        assert cell["file_name"] == (line["file_name"] or "")
        assert json.loads(cell["tags"]) == line["tags"]
        assert json.loads(cell["request"])["model"] == line["model"]
    frame = library("pandas").read_csv(tmp_path / "t.csv")
    assert frame["prompt"].tolist() == [line["prompt"] for line in lines]
    for line in lines:
        assert line["file_name"] is None or (trap_folder / line["file_name"]).is_file()


def test_a_condition_sees_the_line_and_its_image(trap_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "some.jsonl"
    report = export(trap_folder, "jsonl", out, where="'test' in tags and image.format == 'png' and image_index == 0")
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert report.rows == len(lines) > 0
    assert all("test" in line["tags"] and line["format"] == "png" and line["image_index"] == 0 for line in lines)


@pytest.mark.parametrize("rule", ["train=0.5,test=0.25,dev=0.25", "tag:train,test,eval"])
def test_no_prompt_lies_in_two_splits(trap_folder: Path, tmp_path: Path, rule: str) -> None:
    out = tmp_path / "split.jsonl"
    report = export(trap_folder, "jsonl", out, split=read_split(rule))
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    splits: dict[str, set[str]] = {}
    for line in lines:
        splits.setdefault(line["prompt_id"], set()).add(line["split"])
    assert all(len(names) == 1 for names in splits.values())
    assert all(report.splits.values())


def test_two_folders_that_share_a_job_bring_its_image_once(trap_folder: Path, tmp_path: Path) -> None:
    report = export((trap_folder, trap_folder), "jsonl", tmp_path / "t.jsonl")
    assert report.rows == report.left_out["twice"]  # type: ignore[index]


def test_an_empty_folder_makes_an_empty_table(empty_folder: Path, tmp_path: Path) -> None:
    for form in ("csv", "jsonl", "parquet"):
        assert export(empty_folder, form, tmp_path / f"t.{form}").rows == 0
    assert parquet.read_table(tmp_path / "t.parquet").num_rows == 0
    assert (tmp_path / "t.csv").read_text("utf-8").startswith("file_name,prompt,")
