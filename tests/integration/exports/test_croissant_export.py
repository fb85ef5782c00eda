"""``export --to croissant``: its library reads the records, and the file says what the dataset was made of."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.exports.loading import exported, loaded, quiet, records, records_of
from tests.integration.exports.trap_runs import folder_of, folder_of_many, lines_of

WORDS = """\
pretty_name: Traps 🎏
license: cc-by-4.0
url: https://example.org/traps
published: 2026-11-28
version: 1.0.0
creators: [{name: The Lab, type: organization}]
dataLimitations: few
dataBiases: [some, more]
personalSensitiveInformation: none
dataUseCases: tests
dataSocialImpact: small
"""


@pytest.fixture(scope="module")
def dataset(trap_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("export")
    (home / "card.yaml").write_text(WORDS, encoding="utf-8")
    talk = exported("croissant", home / "out", trap_folder, "--card", home / "card.yaml")
    assert "only the author" not in talk
    return home / "out"


@pytest.fixture(scope="module")
def document(dataset: Path) -> dict[str, Any]:
    text: dict[str, Any] = json.loads((dataset / "croissant.json").read_text(encoding="utf-8"))
    return text


def test_the_library_reads_a_record_for_each_image_with_all_columns_and_the_image(
    dataset: Path, trap_folder: Path
) -> None:
    lines = [line for line in lines_of(trap_folder) for _ in line["images"]]
    found = records_of(dataset)
    assert list(found) == ["train", "train-images"]
    rows = found["train"]
    assert [row["job_id"] for row in rows] == [line["job_id"] for line in lines]
    assert [row["prompt"] for row in rows] == [line["prompt"] for line in lines]
    assert [row["tags"] for row in rows] == [line["tags"] for line in lines]
    assert [row["image"].size for row in rows] == [(row["width"], row["height"]) for row in rows]
    assert {row["axis_later"] for row in rows} == {None, 7}
    assert {row["seed"] for row in rows} == {None, 7}
    assert [row["file_name"] for row in found["train-images"]] == [row["file_name"] for row in rows]
    assert all((dataset / "data/train" / row["file_name"]).is_file() for row in rows)


def test_the_folder_is_that_of_hf(dataset: Path, trap_folder: Path) -> None:
    assert len(loaded(dataset)["train"]) == sum(len(line["images"]) for line in lines_of(trap_folder))


def test_it_conforms_to_1_1_and_names_its_tables_by_their_hash(dataset: Path, document: dict[str, Any]) -> None:
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    table = next(part for part in document["distribution"] if part["@type"] == "cr:FileObject")
    assert table["sha256"] == hashlib.sha256((dataset / table["contentUrl"]).read_bytes()).hexdigest()


def test_it_says_what_was_made_by_which_models_of_which_spec_and_when(
    document: dict[str, Any], trap_folder: Path
) -> None:
    summary = json.loads((trap_folder / "summary.json").read_text(encoding="utf-8"))
    (activity,) = document["prov:wasGeneratedBy"]
    assert document["rai:hasSyntheticData"] is True
    assert (activity["prov:startedAtTime"], activity["prov:endedAtTime"]) == (
        summary["started_at"],
        summary["ended_at"],
    )
    assert activity["prov:used"]["sha256"] == summary["spec_file_sha256"]
    assert "catalog: 2026-10" in activity["description"]
    agents = {agent["prov:label"] for agent in activity["prov:wasAssociatedWith"]}
    assert {"qwave-batch", "wan2.7-image", "gpt-image-2"} <= agents


def test_it_names_the_reference_images_that_it_was_derived_from(document: dict[str, Any], trap_folder: Path) -> None:
    derived = {entity["prov:label"]: entity["sha256"] for entity in document["prov:wasDerivedFrom"]}
    cup = trap_folder.parent / "ref" / "cup.png"
    assert derived.keys() == {"ref/cup.png", "ref/mask.png", "ref/test.jpg"}
    assert derived["ref/cup.png"] == hashlib.sha256(cup.read_bytes()).hexdigest()


def test_the_authors_words_stand_in_their_fields(document: dict[str, Any]) -> None:
    assert (document["license"], document["datePublished"]) == ("cc-by-4.0", "2026-11-28")
    assert document["creator"] == [{"@type": "sc:Organization", "name": "The Lab"}]
    assert (document["rai:dataBiases"], document["rai:dataLimitations"]) == (["some", "more"], "few")


def test_what_only_the_author_can_say_is_listed_when_it_is_missing(trap_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text("dataBiases: none\n", encoding="utf-8")
    talk = exported("croissant", tmp_path / "out", trap_folder, "--card", tmp_path / "card.yaml")
    said = talk.split()
    for name in ("dataLimitations", "personalSensitiveInformation", "dataUseCases", "dataSocialImpact", "license"):
        assert name in said, name
    assert "dataBiases" not in said
    assert json.loads((tmp_path / "out/croissant.json").read_text(encoding="utf-8"))["license"] == "other"


def test_each_split_is_read_by_itself_from_two_folders_with_failed_jobs(
    trap_folder: Path, other_trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    exported("croissant", out, trap_folder, other_trap_folder, "--split", "train=0.5,test=0.5", "--with-failed")
    records = records_of(out)
    assert list(records) == ["train", "train-images", "test", "test-images"]
    everything = [*records["train"], *records["test"]]
    assert {record["status"] for record in everything if record["file_name"] is None} == {"failed", "skipped"}
    numbers = {name: sum(record["file_name"] is not None for record in records[name]) for name in ("train", "test")}
    assert {name: len(records[f"{name}-images"]) for name in numbers} == numbers
    document = json.loads((out / "croissant.json").read_text(encoding="utf-8"))
    assert len(document["prov:wasGeneratedBy"]) == 2


def test_a_split_whose_images_its_library_can_not_open_has_its_rows_and_is_named(
    trap_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    talk = exported("croissant", out, trap_folder, "--where", "image.format == 'webp'")
    assert "Croissant's library can't open" in talk
    records = records_of(out)
    assert list(records) == ["train"]
    assert len(records["train"]) == sum(
        image["format"] == "webp" for line in lines_of(trap_folder) for image in line["images"]
    )


def test_a_run_without_images_has_a_record_set_without_records(empty_folder: Path, tmp_path: Path) -> None:
    exported("croissant", tmp_path / "out", empty_folder)
    assert records_of(tmp_path / "out") == {"train": []}


def test_with_many_images_records_come_at_once_and_the_images_one_by_one(trap_folder: Path, tmp_path: Path) -> None:
    """The library would decode all of them before it gave the first record."""
    many = folder_of_many(tmp_path, trap_folder, 1_001)
    exported("croissant", tmp_path / "out", many, "--files", "link")
    names = {file.relative_to(tmp_path / "out/data/train").as_posix() for file in (tmp_path / "out").rglob("*.png")}
    assert {"images/000/000999.png", "images/001/001000.png"} <= names
    document = json.loads((tmp_path / "out" / "croissant.json").read_text(encoding="utf-8"))
    rows, images = document["recordSet"]
    assert "image" not in {field["name"] for field in rows["field"]}
    assert [field["name"] for field in images["field"]] == ["file_name", "image"]
    with quiet():
        first = next(records(tmp_path / "out", "train-images"))
    assert first["image"].size == (256, 256)


def test_marks_beside_signed_images_stop_no_loader(trap_folder: Path, checkout: Path, tmp_path: Path) -> None:
    """Nothing is written into a signed file, so its mark lies beside it, where loaders look for images."""
    signed = (checkout / "tests/unit/imaging/signed/signed.png").read_bytes()
    line = next(line for line in lines_of(trap_folder) if line["images"] and line["images"][0]["format"] == "png")
    folder = folder_of(tmp_path / "signed", signed, line, 3)
    out = tmp_path / "out"
    exported("croissant", out, folder, "--mark", "xmp")
    assert (out / "data/train/images/000/000002.png.xmp").is_file()
    assert [len(found) for found in records_of(out).values()] == [3, 3]
    assert len(loaded(out)["train"]) == len(loaded(out, "imagefolder", data_dir=str(out))["train"]) == 3
