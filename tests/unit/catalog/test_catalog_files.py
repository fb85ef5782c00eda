import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog, read_catalog
from qwave_batch.catalog.model_schema import model_schema
from qwave_batch.errors import UnknownName
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.resources import shipped

CATALOG = open_catalog("2026-05")


def test_may_2026_is_there() -> None:
    assert "2026-05" in catalog_dates()
    assert list(catalog_dates()) == sorted(catalog_dates())


def test_a_catalog_is_read_once() -> None:
    assert open_catalog("2026-05") is CATALOG


@pytest.mark.parametrize("date", ["2026-04", "", "..", "../schemas/2026-05", "2026-05/"])
def test_an_unknown_date_is_refused(date: str) -> None:
    with pytest.raises(UnknownName, match=f'unknown catalog "{date}".*the catalogs are .*2026-05'):
        open_catalog(date)


def test_an_unknown_model_gets_the_nearest_name_and_where_to_look() -> None:
    with pytest.raises(UnknownName) as refused:
        CATALOG.model("imagen-4")
    assert str(refused.value) == 'unknown model "imagen-4"; did you mean "imagen-4.0"?'
    assert refused.value.next_steps == (Advice(NextStep.LIST_MODELS, "17"),)
    assert refused.value.exit_status == 2


def test_case_is_part_of_a_models_name() -> None:
    with pytest.raises(UnknownName, match='did you mean "gpt-image-2"'):
        CATALOG.model("GPT-Image-2")


def copied(folder: Path, changes: dict[str, Any]) -> Path:
    copy = folder / "2027-01"
    shutil.copytree(shipped("schemas/2026-05"), copy)
    listing = yaml.safe_load((copy / "catalog.yaml").read_text(encoding="utf-8"))
    (copy / "catalog.yaml").write_text(yaml.safe_dump({**listing, **changes}, sort_keys=False), encoding="utf-8")
    return copy


def test_the_unit_of_the_apis_amounts_is_read_from_the_catalog(tmp_path: Path) -> None:
    assert CATALOG.quota.to_nusd(500_000) == 10**9
    other = read_catalog(copied(tmp_path, {"money": {"currency": "USD", "quota_per_usd": 1000}}))
    assert (other.quota.to_nusd(5), other.quota.from_nusd(5_999_999)) == (5_000_000, 5)


@pytest.mark.parametrize(
    ("money", "reason"),
    [
        ({"currency": "EUR", "quota_per_usd": 1000}, "the prices are in EUR"),
        ({"currency": "USD", "quota_per_usd": 3}, "not a whole number of nano-dollars"),
        ({"currency": "USD", "quota_per_usd": 0}, "not a whole number of nano-dollars"),
    ],
)
def test_a_unit_that_sums_would_not_be_exact_in_is_refused(tmp_path: Path, money: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_catalog(copied(tmp_path, {"money": money}))


def test_a_model_that_is_gone_says_what_to_use(tmp_path: Path) -> None:
    gone = {
        "imagen-3.0": {"use": "imagen-4.0", "since": "2026-09-03"},
        "old-image": {"use": "a model of another vendor"},
    }
    catalog = read_catalog(copied(tmp_path, {"gone": gone}))
    with pytest.raises(UnknownName) as refused:
        catalog.model("imagen-3.0")
    assert str(refused.value) == 'unknown model "imagen-3.0"; gone since 2026-09-03: use imagen-4.0'
    with pytest.raises(UnknownName, match="gone: use a model of another vendor"):
        catalog.model("old-image")


def test_another_dated_folder_needs_no_code(tmp_path: Path) -> None:
    models = {"imagen-4.0": {"vendor": "imagen", "usd_per_image": "0.05", "returns": "png"}}
    catalog = read_catalog(copied(tmp_path, {"catalog": "2027-01", "models": models, "idempotency_hours": None}))
    assert catalog.date == "2027-01"
    assert catalog.idempotency_hours is None
    assert tuple(catalog.models) == ("imagen-4.0",)
    assert catalog.model("imagen-4.0").estimate_nusd({}) == 50_000_000
    assert catalog.fields == {"model", "action", "prompt", "n", "seed", "aspect_ratio"}


def test_validators_are_built_when_they_are_needed(tmp_path: Path) -> None:
    catalog = read_catalog(copied(tmp_path, {}))
    assert not any("validator" in vars(model) for model in catalog.models.values())
    catalog.model("imagen-4.0").violations({"model": "imagen-4.0", "prompt": "A fox"})
    assert [name for name, model in catalog.models.items() if "fits" in vars(model)] == ["imagen-4.0"]
    assert not any("validator" in vars(model) for model in catalog.models.values())


def test_the_reference_is_only_asked_what_is_wrong(tmp_path: Path) -> None:
    catalog = read_catalog(copied(tmp_path, {}))
    assert catalog.model("imagen-4.0").violations({"model": "imagen-4.0"})
    assert [name for name, model in catalog.models.items() if "validator" in vars(model)] == ["imagen-4.0"]


def test_content_is_what_a_request_must_not_lose() -> None:
    for model in CATALOG.models.values():
        assert model.content_fields == {"model", "action", "prompt", "image_urls", "mask_url", "bbox_list"}


def test_shared_parts_are_put_in_their_places() -> None:
    vendor = {
        "$schema": "s", "$id": "i",
        "$defs": {
            "short": {"type": "string", "maxLength": 9, "description": "Short."},
            "m": {
                "properties": {"a": {"$ref": "#/$defs/short", "description": "An a."}},
                "allOf": [{"$ref": "#/$defs/r"}],
            },
            "r": {"properties": {"a": {"$ref": "#/$defs/short"}}},
        },
    }  # fmt: skip
    assert model_schema(vendor, "m") == {
        "$schema": "s",
        "$id": "i:m",
        "properties": {"a": {"type": "string", "maxLength": 9, "description": "An a."}},
        "allOf": [{"properties": {"a": {"type": "string", "maxLength": 9, "description": "Short."}}}],
    }


def test_a_check_that_would_be_lost_is_refused() -> None:
    vendor = {
        "$schema": "s", "$id": "i",
        "$defs": {"short": {"maxLength": 9}, "m": {"$ref": "#/$defs/short", "maxLength": 5}},
    }  # fmt: skip
    with pytest.raises(ValueError, match="maxLength stands both in short and beside a reference to it"):
        model_schema(vendor, "m")


def test_a_model_that_its_vendor_does_not_describe_is_refused() -> None:
    with pytest.raises(ValueError, match="i describes no m"):
        model_schema({"$schema": "s", "$id": "i", "$defs": {}}, "m")
