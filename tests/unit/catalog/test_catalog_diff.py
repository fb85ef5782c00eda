import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_diff import CatalogDiff, compare_catalogs
from qwave_batch.catalog.catalog_files import open_catalog, read_catalog
from qwave_batch.errors import UnknownName
from qwave_batch.resources import shipped

MAY = open_catalog("2026-05")
Edited = Callable[..., Catalog]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """Return a function that makes a catalog from May's, with other texts in its files."""

    def make(listing: dict[str, Any] | None = None, **texts: tuple[str, str]) -> Catalog:
        folder = tmp_path / "2026-05"
        shutil.copytree(shipped("schemas/2026-05"), folder)
        for vendor, (old, new) in texts.items():
            file = folder / f"{vendor.replace('_', '-')}.schema.json"
            text = file.read_text(encoding="utf-8")
            assert old in text
            file.write_text(text.replace(old, new), encoding="utf-8")
        whole = yaml.safe_load((folder / "catalog.yaml").read_text(encoding="utf-8"))
        (folder / "catalog.yaml").write_text(yaml.safe_dump(whole | (listing or {}), sort_keys=False))
        return read_catalog(folder)

    return make


def changed(found: CatalogDiff) -> list[str]:
    return [model.id for model in found.models_changed]


def test_a_catalog_does_not_differ_from_itself() -> None:
    for date in ("2026-05", "2026-10"):
        found = compare_catalogs(date, date)
        assert found.is_same
        assert found.as_json() == {"old": date, "new": date, "models": {"gone": [], "new": [], "changed": []}}


def test_every_name_that_differs_is_there_and_no_other() -> None:
    october = open_catalog("2026-10")
    found = compare_catalogs(MAY, october)
    assert {model.id for model in found.models_gone} == MAY.models.keys() - october.models.keys()
    assert set(found.models_new) == october.models.keys() - MAY.models.keys()
    assert set(changed(found)) == MAY.models.keys() & october.models.keys()  # all prices did


def test_a_successor_is_a_model_of_the_newer_catalog_or_there_is_none() -> None:
    found = compare_catalogs("2026-05", "2026-10").as_json()["models"]
    gone = {one["id"]: one["successor"] for one in found["gone"]}  # type: ignore[index,call-overload,union-attr]
    assert gone["doubao-seedream-4.5"] == "seedream-4.5"
    assert gone["imagen-4.0"] is None


def test_a_name_that_means_another_model_is_told_as_such() -> None:
    found = {model.id: model for model in compare_catalogs("2026-05", "2026-10").models_changed}
    assert found["gpt-image-2"].other_model == "gpt-image-2-rev"
    assert found["wan2.7-image"].other_model is None
    told = found["gpt-image-2"].as_json()["fields"]
    assert told["changed"]["model"]["old"] == {"successor": "gpt-image-2-rev"}  # type: ignore[index,call-overload]


def test_a_price_is_a_difference(edited: Edited) -> None:
    models = {
        name: {"vendor": model.vendor, "usd_per_image": "0.05", "returns": model.returns}
        for name, model in MAY.models.items()
        if name == "imagen-4.0"
    }
    found = compare_catalogs(MAY, edited({"models": models}))
    assert changed(found) == ["imagen-4.0"]
    assert found.models_changed[0].usd_per_image == ("0.0425", "0.05")
    assert found.models_changed[0].changed.keys() == {"usd_per_image", "native_resolution"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"1:1", "4:3", "3:4", "16:9", "9:16"', '"16:9", "4:3", "3:4", "1:1", "9:16"'),
        ("What to draw", "A picture to draw"),
    ],
)
def test_order_and_words_are_no_difference(edited: Edited, old: str, new: str) -> None:
    assert compare_catalogs(MAY, edited(imagen=(old, new))).is_same


def test_letter_case_that_requests_may_write_either_way_is_no_difference(edited: Edited) -> None:
    assert compare_catalogs(
        MAY, edited(z_image=('"1K", "2K"], "default": "1K"', '"1k", "2k"], "default": "1k"'))
    ).is_same


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"1:1", "4:3", "3:4", "16:9", "9:16"', '"1:1", "4:3"', "aspect_ratio"),
        ('"minimum": -1', '"minimum": 0', "seed"),
        ('"description": "What to draw', '"pattern": "a", "description": "What to draw', "prompt"),
    ],
)
def test_values_ranges_and_checks_are_differences(edited: Edited, old: str, new: str, field: str) -> None:
    found = compare_catalogs(MAY, edited(imagen=(old, new)))
    assert changed(found) == ["imagen-4.0"]
    assert list(found.models_changed[0].changed) == [field]


def test_an_unknown_date_is_refused() -> None:
    with pytest.raises(UnknownName, match="2026-04"):
        compare_catalogs("2026-04", "2026-10")
