"""The page of a dataset: its head is YAML whatever the names are, and no text of a user breaks its tables."""

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.export.author_card import NO_CARD, AuthorCard
from qwave_batch.export.columns import ColumnKind, ExportColumn
from qwave_batch.export.croissant_json import MOST_INPUTS, croissant_json, is_joined, is_readable
from qwave_batch.export.dataset_card import dataset_card, size_category
from qwave_batch.export.dataset_facts import DatasetFacts, SplitFacts
from qwave_batch.export.formats.hf import has_too_many_files
from qwave_batch.export.origin import Origin, SourceRun
from qwave_batch.folder.spec_inputs import SpecInput
from qwave_batch.model.jsontypes import JsonObject

SUMMARY: JsonObject = {
    "catalog": "2026-10",
    "spec_sha256": "5d" * 32,
    "overlay": {"name": "over|lay.yaml"},
    "versions": {},
}
ORIGIN = Origin(
    format="hf",
    options={"where": "model == 'a|b'", "drop": ["blank", "duplicate"], "with_failed": True},
    sources=(SourceRun(folder="run", folder_id="x", name="cats", backend="api.example.org", summary=SUMMARY),),
    rows=3,
    splits={"train": 3},
    models=("m-1.0",),
    version="1.2.3",
)
TRAIN = SplitFacts(name="train", rows=3, images=3, sha256="aa" * 32, endings=frozenset({"png"}))
FACTS = DatasetFacts(splits=(TRAIN,), columns=(ExportColumn("prompt", ColumnKind.TEXT),), models={"m-1.0": 3})


def head_of(page: str) -> dict[str, Any]:
    head: dict[str, Any] = yaml.safe_load(page.split("\n---\n", maxsplit=1)[0])
    return head


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_no_name_or_title_breaks_the_head_or_a_table(title: str, name: str, folder: str) -> None:
    source = replace(ORIGIN.sources[0], name=name, folder=folder or "x")
    page = dataset_card(FACTS, replace(ORIGIN, sources=(source,)), AuthorCard(pretty_name=title))
    page.encode("utf-8", "backslashreplace")
    assert head_of(page)["license"] == "other"
    row = next(line for line in page.splitlines() if "5d5d5d" in line)
    assert row.replace("\\\\", "").replace("\\|", "").count("|") == 9


@pytest.mark.parametrize(
    ("rows", "category"),
    [(0, "n<1K"), (999, "n<1K"), (1_000, "1K<n<10K"), (99_999, "10K<n<100K"), (100_000, "100K<n<1M"), (10**9, "n>1B")],
)
def test_sizes_have_the_hubs_names(rows: int, category: str) -> None:
    assert size_category(rows) == category


def test_the_page_tells_folders_options_and_catalog_and_that_no_license_is_stated() -> None:
    page = dataset_card(FACTS, ORIGIN, NO_CARD)
    assert "| `with_failed` | `yes` |" in page
    assert "| `where` | `model == 'a\\|b'` |" in page
    assert "2026-10 with `over\\|lay.yaml`" in page
    assert "The author has stated none." in page
    assert "Simulated" not in page
    assert "made by generative models from text." in page
    assert "stated none" not in dataset_card(FACTS, ORIGIN, AuthorCard(license="mit"))


def test_a_long_name_is_cut_in_tables_and_whole_in_the_head() -> None:
    page = dataset_card(FACTS, ORIGIN, AuthorCard(pretty_name="long " * 200))
    assert head_of(page)["pretty_name"] == "long " * 200
    assert max(map(len, page.split("\n---\n")[1].splitlines())) < 400


def test_a_split_without_an_image_borrows_one_so_that_loaders_see_one_format() -> None:
    failed = SplitFacts(name="failed", rows=2, images=0)
    facts = replace(FACTS, splits=(failed, TRAIN))
    assert head_of(dataset_card(facts, ORIGIN, NO_CARD))["configs"][0]["data_files"] == [
        {"split": "failed", "path": ["data/failed/**", "data/train/images/000/*"]},
        {"split": "train", "path": "data/train/**"},
    ]
    alone = replace(FACTS, splits=(failed,))
    assert head_of(dataset_card(alone, ORIGIN, NO_CARD))["configs"][0]["data_files"][0]["path"] == "data/failed/**"


def test_the_hub_takes_fewer_than_100_000_files() -> None:
    assert not has_too_many_files(replace(FACTS, splits=(replace(TRAIN, images=99_000),)))
    assert has_too_many_files(replace(FACTS, splits=(TRAIN, replace(TRAIN, images=100_000))))


def test_records_hold_the_image_only_where_the_library_can_open_and_hold_them_all() -> None:
    assert is_joined(TRAIN)
    assert not is_joined(replace(TRAIN, rows=4))
    assert not is_joined(replace(TRAIN, rows=1_001, images=1_001))
    assert is_readable(replace(TRAIN, endings=frozenset({"webp", "jpg"})))
    assert not is_readable(replace(TRAIN, endings=frozenset({"webp"})))


def test_a_set_of_images_is_their_files_and_not_what_lies_beside_them() -> None:
    facts = replace(FACTS, splits=(replace(TRAIN, endings=frozenset({"webp", "png"})),))
    images = json.loads(croissant_json(facts, ORIGIN, NO_CARD, ()))["distribution"][1]
    assert images["includes"] == ["data/train/images/*.png", "data/train/images/*.webp"]
    assert images["encodingFormat"] == ["image/png", "image/webp"]


def test_columns_of_any_name_have_identifiers_of_their_own() -> None:
    names = ("axis_a b", "axis_a:b", "axis_größe", "axis_a#b")
    facts = replace(FACTS, columns=tuple(ExportColumn(name, ColumnKind.TEXT) for name in names))
    document = json.loads(croissant_json(facts, ORIGIN, NO_CARD, ()))
    fields = document["recordSet"][0]["field"][:-1]
    assert [field["@id"] for field in fields] == [
        "train/axis_a_b", "train/axis_a_b_2", "train/axis_gr__e", "train/axis_a_b_3",
    ]  # fmt: skip
    assert [field["name"] for field in fields] == list(names)


def test_very_many_inputs_are_counted_and_not_all_named() -> None:
    inputs = [SpecInput(f"{number}.png", "aa") for number in range(MOST_INPUTS + 5)]
    derived = json.loads(croissant_json(FACTS, ORIGIN, NO_CARD, inputs))["prov:wasDerivedFrom"]
    assert (len(derived), derived[-1]["prov:label"]) == (MOST_INPUTS + 1, "5 more files")
