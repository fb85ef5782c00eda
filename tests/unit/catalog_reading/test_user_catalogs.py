"""Catalogs of a user stand beside those that ship, and are checked like what comes from a stranger."""

import copy
import json
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

from qwave_batch.catalog import catalog_dates, open_catalog
from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.catalog.keywords import ANNOTATIONS, KEYWORDS
from qwave_batch.catalog_reading.request_schema_check import EXTENSION_FORMS
from qwave_batch.catalog_reading.user_catalogs import find_catalogs, read_user_catalog
from qwave_batch.errors import SpecError, UnknownName, UsageError
from qwave_batch.resources import shipped

VENDOR = "imagen.schema.json"
LISTING: dict[str, Any] = yaml.safe_load((shipped("schemas/2026-05") / "catalog.yaml").read_text(encoding="utf-8"))
SMALL: dict[str, Any] = {**LISTING, "catalog": "2027-01", "models": {"imagen-4.0": LISTING["models"]["imagen-4.0"]}}
SCHEMA: dict[str, Any] = json.loads((shipped("schemas/2026-05") / VENDOR).read_text(encoding="utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "2027-01", SMALL)


def written(folder: Path, listing: Any, schema: Any = SCHEMA) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "catalog.yaml").write_text(json.dumps(listing, indent=1), encoding="utf-8")
    (folder / VENDOR).write_text(json.dumps(schema, indent="\t"), encoding="utf-8")
    return folder


def refused(folder: Path) -> str:
    with pytest.raises(SpecError) as error:
        read_user_catalog(folder)
    assert all(problem.place for problem in error.value.problems)
    return "\n".join(map(str, error.value.problems))


@pytest.mark.parametrize("date", catalog_dates())
def test_the_catalogs_that_ship_are_held_to_the_same(date: str) -> None:
    catalog = read_user_catalog(shipped("schemas") / date)
    assert catalog_fingerprint(catalog) == catalog_fingerprint(open_catalog(date))


def test_a_folder_of_dated_folders_and_a_single_one_are_found(folder: Path) -> None:
    for place in (folder, folder.parent):
        catalogs = find_catalogs(place)
        assert catalogs.dates() == (*catalog_dates(), "2027-01")
        assert catalogs.newest() == "2027-01"
        assert tuple(catalogs.at("2027-01").models) == ("imagen-4.0",)
        assert catalogs.at("2026-05") is open_catalog("2026-05")
    with pytest.raises(UnknownName, match="2027-01"):
        find_catalogs(folder).at("2027-02")


def test_a_date_that_ships_is_taken(tmp_path: Path) -> None:
    shutil.copytree(shipped("schemas/2026-05"), tmp_path / "mine")
    with pytest.raises(UsageError, match=r'one of that date ships .* catalog: "2026-05.mine"'):
        find_catalogs(tmp_path)


def test_two_of_one_date_are_refused(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "again")
    with pytest.raises(UsageError, match="are both catalogs of 2027-01"):
        find_catalogs(folder.parent)


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_folder_without_catalogs_says_what_is_looked_for(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"2026-11/catalog.yaml|not a folder"):
        find_catalogs(tmp_path / name)


def changed(path: str, value: Any, of: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(of)
    *steps, last = path.split("/")
    inner: Any = made
    for step in steps:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return made


ENTRY = "models/imagen-4.0"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("base_url", ..., 'the key "base_url" is missing'),
        ("base_url", "ftp://x", "a base URL begins with https://"),
        ("catalog", "May", "named by its date"),
        ("modles", {}, 'did you mean "models"?'),
        ("money/currency", "EUR", '"EUR" is not one of USD'),
        ("money/quota_per_usd", 3, "not a whole number of nano-dollars"),
        ("idempotency_hours", "a day", "expected a number"),
        (f"{ENTRY}/vendor", "imagn", "imagn.schema.json does not exist"),
        (f"{ENTRY}/vendor", "../imagen", "a vendor is the name of its schema file"),
        (f"{ENTRY}/returns", "gif", '"gif" is not one of jpeg, png, webp'),
        (f"{ENTRY}/usd_per_image", ..., "there is no price"),
        (
            f"{ENTRY}/usd_per_image",
            {"by": "resolution", "values": {"1k": "0.1"}},
            'the model has no field "resolution"',
        ),
        (f"{ENTRY}/surcharges", [{"when": {"sed": 1}, "note": "x"}], 'no field "sed"'),
        (f"{ENTRY}/images", [{"otherwise": 1}], 'the key "from" is missing'),
        (f"{ENTRY}/surcharges", [{"when": {"aspect_ratio": "1:2"}, "note": "x"}], 'does not take "1:2"'),
        (
            f"{ENTRY}/images",
            [{"by": "aspect_ratio", "values": {"1:1": 1}, "from": "n", "otherwise": 1}],
            "not allowed here",
        ),
        (f"{ENTRY}/images", [{"by": "n", "values": {"1": 2}, "otherwise": 1}], "of the type integer"),
        (
            f"{ENTRY}/usd_per_image",
            {"by": "aspect_ratio", "values": {"1:1": {"x": "0.1"}}},
            "more levels than there are fields in by",
        ),
        (f"{ENTRY}/chain", {"task": "n", "image": "index", "version": "n"}, 'no field "index"'),
        (
            f"{ENTRY}/chain",
            {"task": "n", "image": "n", "version": "n", "sources": {"zoom": ["generate"]}},
            'action of the model does not take "zoom"',
        ),
        ("models/imagen-5", {"vendor": "imagen", "usd_per_image": "1", "returns": "png"}, "describes no imagen-5"),
    ],
)
def test_a_mistake_in_the_listing_has_its_place(tmp_path: Path, path: str, value: Any, told: str) -> None:
    text = refused(written(tmp_path / "x", changed(path, value, SMALL)))
    assert text.startswith(f"{tmp_path}/x/catalog.yaml:")
    assert told in text


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"each": "entry", "tokens": 1}, 'the key "of" is missing'),
        ({"each": "byte", "of": [], "tokens": 1}, "of"),
        ({"each": "area", "of": ["n"], "tokens": 1}, "expected a list of 2, found 1 items"),
        ({"each": "image", "of": ["n"], "tokens": 1}, "not allowed here"),
        ({"each": "image", "tokens": 0.00004}, "thousandths of a token"),
        ({"each": "image", "tokens": 1, "floor": {"by": "aspect_ratio", "values": {"1:1": 1}}}, "floor"),
        ({"each": "image", "tokens": {"by": "aspect_ratio", "values": {"1:1": {"low": 1}}}}, "more levels"),
        ({"each": "image", "tokens": {"by": "n", "values": {"1": 1}}}, "of the type integer"),
    ],
)
def test_a_rule_for_tokens_says_nothing_that_is_not_read(tmp_path: Path, rule: dict[str, Any], told: str) -> None:
    entry = {**SMALL["models"]["imagen-4.0"], "usd_per_million_tokens": {"image_output": "1"}}
    text = refused(written(tmp_path / "x", changed(ENTRY, {**entry, "tokens": {"image_output": rule}}, SMALL)))
    assert told in text


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("title", ..., 'the key "title" is missing'),
        ("$defs", ..., 'the key "$defs" is missing'),
        ("$schema", "http://json-schema.org/draft-07/schema#", "it is not JSON Schema 2020-12"),
        ("$defs/imagen-4.0/properties/n/$ref", "#/$defs/m", "#/$defs/m leads nowhere"),
        ("$defs/imagen-4.0/properties/n/$ref", "other.json#/n", "a reference stays in its own file"),
        ("$defs/n/x-summ", 1, 'unknown extension keyword "x-summ"; did you mean "x-sum"?'),
        ("$defs/n/minimum", "one", "not a JSON Schema"),
        ("$defs/n/pattern", "(", "not a regular expression: missing )"),
        ("$defs/n/patternProperties", {"[": {}}, "not a regular expression"),
        ("$defs/n/x-total", {"maximum": 1, "numbers": {}}, "x-total: 'lengths' is a required property"),
        ("$defs/n/x-product", {"of": ["a", 1], "maximum": 1}, "x-product: 1 is not of type 'string'"),
        ("$defs/n/x-sum", {"of": "a", "is": "b"}, "x-sum: 'b' is not of type 'number'"),
        ("$defs/n/x-sameLength", ["a"], "x-sameLength: ['a'] is too short"),
        ("$defs/n/x-rule", {"field": "n"}, "x-rule: 'message' is a required property"),
        ("$defs/n/x-message", 3, "x-message: 3 is not of type 'string'"),
        ("$defs/n/$dynamicRef", "#n", "$dynamicRef is not followed here"),
    ],
)
def test_a_mistake_in_a_vendors_file_has_its_place(tmp_path: Path, path: str, value: Any, told: str) -> None:
    text = refused(written(tmp_path / "x", SMALL, changed(path, value, SCHEMA)))
    assert text.startswith(f"{tmp_path}/x/{VENDOR}:")
    assert told in text


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("$defs/imagen-4.0/properties", ..., "has no properties"),
        ("$defs/imagen-4.0/properties/model", ..., 'has no field "model"'),
        ("$defs/imagen-4.0/properties/model/const", "imagen-9", "does not take that name"),
        ("$defs/action", {"type": "string"}, 'no field "action" with an enum'),
        ("$defs/imagen-4.0/properties/action", ..., 'no field "action" with an enum'),
        ("$defs/imagen-4.0/type", ..., "lacks type: object"),
        ("$defs/n", {"$ref": "#/$defs/n"}, "in a cycle"),
    ],
)
def test_a_schema_that_is_not_one_of_requests_is_told_at_its_model(
    tmp_path: Path, path: str, value: Any, told: str
) -> None:
    text = refused(written(tmp_path / "x", SMALL, changed(path, value, SCHEMA)))
    assert "models.imagen-4.0" in text or 'models["imagen-4.0"]' in text
    assert told in text


def test_every_extension_keyword_has_a_form() -> None:
    assert EXTENSION_FORMS.keys() == {*KEYWORDS, *ANNOTATIONS}


def paths(value: Any, at: tuple[str, ...] = ()) -> Iterator[str]:
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield "/".join((*at, key))
        yield from paths(inner, (*at, key))


@pytest.mark.parametrize("wrong", [None, 7, True, [], {}, "x", [None], {"x": 1}])
def test_nothing_of_a_wrong_type_ends_in_a_traceback(tmp_path: Path, wrong: Any) -> None:
    for number, path in enumerate(paths(SMALL)):
        with suppress(SpecError):
            read_user_catalog(written(tmp_path / f"l{number}", changed(path, wrong, SMALL)))
    for number, path in enumerate(list(paths(SCHEMA))[::3]):
        with suppress(SpecError):
            read_user_catalog(written(tmp_path / f"s{number}", SMALL, changed(path, wrong, SCHEMA)))


@pytest.mark.parametrize("text", ["", "[]", "7", "a: [", "\0", "\ufeff- x", "models: *a", "---\n---\n"])
def test_a_file_that_is_not_a_mapping_is_refused(folder: Path, text: str) -> None:
    (folder / "catalog.yaml").write_text(text, encoding="utf-8")
    assert refused(folder).startswith(f"{folder}/catalog.yaml:")


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    (folder / VENDOR).unlink()
    (folder / VENDOR).mkdir()
    assert "is a folder" in refused(folder)
