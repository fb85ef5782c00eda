"""The format ``webdataset``, loaded by the libraries that it is for: each trap of theirs, from a run that has it."""

import io
import json
import shutil
import tarfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

import qwave_batch as qb
from qwave_batch.exports import ExportReport, ExportRequest, ImageChange, ImageForm, export_folders, read_split
from tests.integration.exports.loading import library, loaded
from tests.integration.exports.trap_runs import lines_of

Sample = dict[str, Any]
FIELDS = ("txt", "json")


@pytest.fixture(scope="module")
def exported(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run with traps, exported as it is."""
    return exported_to(tmp_path_factory.mktemp("webdataset") / "out", trap_folder)


def exported_to(out: Path, *folders: Path, **options: Any) -> Path:
    report = reported(out, *folders, **options)
    assert report.is_complete
    return out


def reported(out: Path, *folders: Path, **options: Any) -> ExportReport:
    return export_folders(ExportRequest(folders=folders, format="webdataset", out=out, **options))


def images_of(folder: Path) -> Counter[str]:
    return Counter(image["format"] for line in lines_of(folder) for image in line["images"])


def samples_in(tar: Path) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    with tarfile.open(tar) as opened:
        for member in opened:
            key, _, ending = member.name.partition(".")
            file = opened.extractfile(member)
            assert file is not None
            found.setdefault(key, {})[ending] = file.read()
    return found


def test_each_kind_of_image_is_a_configuration_and_loads_whole(exported: Path, trap_folder: Path) -> None:
    """Mixed kinds in one set would fail in the first five samples, and load as no image after them."""
    names = {"png": "png", "jpg": "jpeg", "webp": "webp"}
    for ending, name in names.items():
        rows = loaded(exported, str(exported), ending)["train"]
        assert len(rows) == images_of(trap_folder)[name]
        assert all(row[ending].format == name.upper() for row in rows)
    assert sum(images_of(trap_folder).values()) == sum(images_of(trap_folder)[name] for name in names.values())


def test_the_tars_load_without_the_readme_too(exported: Path, trap_folder: Path) -> None:
    rows = loaded(exported, "webdataset", data_files={"train": f"{exported}/jpg/*.tar"}, split="train")
    assert len(rows) == images_of(trap_folder)["jpeg"]
    streamed = library("datasets").load_dataset(str(exported), "jpg", split="train", streaming=True)
    assert [row["__key__"] for row in streamed] == rows["__key__"][:]


def test_the_folder_without_a_configuration_is_refused_and_not_loaded_in_part(exported: Path) -> None:
    with pytest.raises(ValueError, match="Config name is missing"):
        loaded(exported)


def test_a_sample_says_which_job_made_it(exported: Path, trap_folder: Path) -> None:
    """Every sample has its own prompt, with ids that hold dots and name splits, and the image's own bytes."""
    by_image = {
        image["sha256"]: (line, index) for line in lines_of(trap_folder) for index, image in enumerate(line["images"])
    }
    for row in loaded(exported, str(exported), "png")["train"]:
        told = row["json"]
        line, index = by_image[told["source_sha256"]]
        assert row["txt"] == line["prompt"] == told["prompt"]
        assert (told["job_id"], told["image_index"], told["prompt_id"]) == (line["job_id"], index, line["prompt_id"])
        assert json.loads(told["request"]) == line["request"]
        assert json.loads(told["tags"]) == line["tags"]
        assert (row["png"].width, row["png"].height) == (told["width"], told["height"])


def test_every_sample_has_the_same_keys_with_the_same_types(exported: Path) -> None:
    """Types are taken from the first five samples: null or an empty list there makes all others fail."""
    forms = {
        tuple((name, type(value)) for name, value in json.loads(sample["json"]).items())
        for tar in exported.glob("*/*.tar")
        for sample in samples_in(tar).values()
    }
    assert len(forms) == 1
    (form,) = forms
    assert {kind for _, kind in form} <= {str, int, float, bool}
    assert "axis_nothing" not in dict(form)
    assert dict(form)["axis_level"] is str
    assert dict(form)["axis_later"] is int


def test_the_keys_are_numbers_of_one_width_and_members_have_no_upper_case(exported: Path) -> None:
    for tar in exported.glob("*/*.tar"):
        kind = tar.parent.name
        for key, sample in samples_in(tar).items():
            assert (len(key), key.isdigit()) == (9, True)
            assert list(sample) == [kind, "txt", "json"]


def test_the_webdataset_library_reads_the_same_samples(exported: Path) -> None:
    wds = library("webdataset")
    for kind in ("png", "jpg"):
        tars = [str(tar) for tar in sorted((exported / kind).glob("*.tar"))]
        with warnings.catch_warnings(action="ignore"):
            read = list(wds.WebDataset(tars, shardshuffle=False).decode("pil").to_tuple("__key__", kind, "txt", "json"))
        hugging = loaded(exported, str(exported), kind)["train"]
        assert [key for key, *_ in read] == hugging["__key__"]
        assert [text for _, _, text, _ in read] == hugging["txt"]
        assert [told for *_, told in read] == hugging["json"]
        assert [image.size for _, image, _, _ in read] == [image.size for image in hugging[kind]]


def test_the_table_beside_a_tar_has_its_samples_with_null_for_what_has_no_value(exported: Path) -> None:
    for tar in exported.glob("*/*.tar"):
        table = parquet.read_table(tar.with_suffix(".parquet"))
        samples = samples_in(tar)
        assert table["key"].to_pylist() == list(samples)
        told = [json.loads(sample["json"]) for sample in samples.values()]
        assert table["sha256"].to_pylist() == [each["sha256"] for each in told]
        for each, later, tags in zip(told, table["axis_later"].to_pylist(), table["tags"].to_pylist(), strict=True):
            assert (later or 0, tags) == (each["axis_later"], json.loads(each["tags"]))
        assert table["seed"].null_count == sum(1 for each in told if not each["seed"])


def test_inputs_of_edits_lie_beside_the_tars_once_and_are_named(exported: Path, trap_folder: Path) -> None:
    named = [
        each
        for tar in exported.glob("*/*.tar")
        for sample in samples_in(tar).values()
        for each in json.loads(json.loads(sample["json"])["inputs"])
    ]
    files = {each["file"] for each in named if "file" in each}
    assert files == {f"inputs/{file.name}" for file in (exported / "inputs").iterdir()}
    for file in files:
        kept = trap_folder / file.replace("inputs/", "inputs/sha256-").replace(".jpg", ".jpeg")
        assert (exported / file).read_bytes() == kept.read_bytes()
    assert {(each["field"], each["role"]) for each in named} == {
        ("image_urls[0]", "input"), ("image_urls[1]", "input"), ("mask_url", "mask"),
    }  # fmt: skip
    assert {each["source"] for each in named if "file" not in each} == {"http://127.0.0.1:9/picture.png"}


def test_one_kind_of_image_needs_no_folder_and_no_configuration(trap_folder: Path, tmp_path: Path) -> None:
    out = exported_to(tmp_path / "out", trap_folder, image=ImageChange(form=ImageForm.JPEG, max_size=64))
    rows = loaded(out)["train"]
    assert len(rows) == sum(images_of(trap_folder).values())
    assert all(max(row["jpg"].size) <= 64 for row in rows)
    assert sorted(path.name for path in out.iterdir()) == [
        ".qwave-export", "00000.parquet", "00000.tar", "README.md", "inputs",
    ]  # fmt: skip


def test_splits_of_any_name_are_found(trap_folder: Path, tmp_path: Path) -> None:
    """By the folder's README.md; and by the names of their folders where these are the usual ones."""
    rule = read_split("train=0.6,held_out.v2=0.4", seed=3)
    report = reported(tmp_path / "out", trap_folder, split=rule, where="image.format == 'png'")
    rows = loaded(tmp_path / "out")
    assert {split: len(rows[split]) for split in rows} == dict(report.splits)
    ids = [{told["prompt_id"] for told in rows[split]["json"]} for split in rows]
    assert all(ids)
    assert ids[0].isdisjoint(ids[1])


def test_kinds_and_splits_together(trap_folder: Path, tmp_path: Path) -> None:
    out = exported_to(tmp_path / "out", trap_folder, split=read_split("tag:train,test"))
    rows = loaded(out, str(out), "jpg")
    assert sorted(rows) == ["test", "train"]
    for split in rows:
        assert {split in json.loads(told["tags"]) for told in rows[split]["json"]} == {True}
        assert rows[split].features == rows["train"].features


def bytes_of(out: Path) -> dict[str, bytes]:
    files = (file for file in out.rglob("*") if file.is_file() and ".qwave-export" not in file.parts)
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def test_the_same_rows_make_the_same_bytes_and_are_written_once(
    exported: Path, trap_folder: Path, tmp_path: Path
) -> None:
    again = reported(exported, trap_folder)
    assert (again.files.written, again.files.removed) == (0, 0)
    assert bytes_of(exported_to(tmp_path / "elsewhere", trap_folder)) == bytes_of(exported)


def test_only_tars_whose_rows_changed_are_made_again(
    trap_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qwave_batch.export.formats.webdataset.SAMPLES_IN_TAR", 8)
    out = tmp_path / "out"
    exported_to(out, trap_folder, where="image.format == 'png'")
    before = {tar.name: tar.stat().st_mtime_ns for tar in out.glob("*.tar")}
    last = json.loads(list(samples_in(max(out.glob("*.tar"))).values())[-1]["json"])["source_sha256"]
    exported_to(out, trap_folder, where=f"image.format == 'png' and image.sha256 != '{last}'")
    after = {tar.name: tar.stat().st_mtime_ns for tar in out.glob("*.tar")}
    assert len(before) > 2
    assert [name for name in before if before[name] != after.get(name)] == [max(before)]


def test_a_damaged_image_leaves_a_gap_until_it_is_whole_again(trap_folder: Path, tmp_path: Path) -> None:
    """The keys of the other samples stay, and the next export puts it where it belongs."""
    folder = tmp_path / "run"
    shutil.copytree(trap_folder, folder, ignore=shutil.ignore_patterns(".qwave"))
    image = next(image for line in lines_of(folder) for image in line["images"] if image["format"] == "png")
    whole = (folder / image["path"]).read_bytes()
    (folder / image["path"]).write_bytes(whole[:-9])
    out, where = tmp_path / "out", "image.format == 'png'"
    report = reported(out, folder, where=where)
    assert not report.is_complete
    assert "000000000" not in samples_in(out / "00000.tar")
    assert report.rows == len(samples_in(out / "00000.tar"))
    (folder / image["path"]).write_bytes(whole)
    assert reported(out, folder, where=where).is_complete
    samples = samples_in(out / "00000.tar")
    assert samples["000000000"]["png"] == whole
    assert parquet.read_table(out / "00000.parquet")["key"].to_pylist() == list(samples)


def test_two_folders_go_into_one_set(trap_folder: Path, other_trap_folder: Path, tmp_path: Path) -> None:
    """Also where an axis has other types in the second."""
    out = exported_to(tmp_path / "out", trap_folder, other_trap_folder, where="image.format == 'png'")
    rows = loaded(out)["train"]
    assert len(rows) == images_of(trap_folder)["png"] + images_of(other_trap_folder)["png"]
    assert set(rows.features["json"]) >= {"run", "axis_level"}


def test_a_folder_without_images_is_exported_without_tars(empty_folder: Path, tmp_path: Path) -> None:
    out = exported_to(tmp_path / "out", empty_folder)
    assert sorted(path.name for path in out.iterdir()) == [".qwave-export", "README.md"]


def test_rows_without_an_image_are_refused(trap_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(qb.UsageError, match="no place for a job without one"):
        reported(tmp_path / "out", trap_folder, has_failed=True)
    assert not (tmp_path / "out").exists()


def test_tars_hold_nothing_of_this_machine_or_day(exported: Path) -> None:
    for tar in exported.glob("*/*.tar"):
        with tarfile.open(fileobj=io.BytesIO(tar.read_bytes())) as opened:
            assert {(m.mtime, m.uid, m.gid, m.uname, m.gname, m.mode) for m in opened} == {(0, 0, 0, "", "", 0o644)}
