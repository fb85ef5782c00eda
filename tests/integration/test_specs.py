"""The specs that ship run, end to end, and show everything the catalog can do; so do those of an older catalog."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import newest_catalog, open_catalog
from qwave_batch.catalog.model import Model
from qwave_batch.cli.main import main
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.simulator import Simulator
from qwave_batch.spec.loading import load_spec

TESTS = Path(__file__).parents[1]
SHIPPED = sorted((TESTS.parent / "specs").glob("*.yaml"))
OLDER = sorted((TESTS / "specs-2026-05").glob("*.yaml"))
"""The specs that shipped with the catalog of May 2026, byte for byte: they mean what they meant."""
SPECS = [*SHIPPED, *OLDER]
SETS = {"2026-05": OLDER, "2026-10": SHIPPED}
MODELINE = "# yaml-language-server: $schema=../schemas/spec.schema.json"

Request = Mapping[str, Any]

SEARCHES: tuple[str, ...] = ("google_search", "grounding", "web_grounding")

# The overview's tables of modes: what in a request means which mode.
MODES: dict[str, dict[str, Callable[[Request], bool]]] = {
    "2026-05": {
        "text to image": lambda request: not request.keys() & {"image_urls", "mask_url", "bbox_list"},
        "image to image, multi-image reference": lambda request: (
            "image_urls" in request and request.get("action") in {"image2image", "reference"}
        ),
        "image editing": lambda request: "image_urls" in request and request.get("action") == "edit",
        "inpainting with a mask": lambda request: (
            {"image_urls", "mask_url"} <= request.keys() and request.get("action") == "inpaint"
        ),
        "sequential image group": lambda request: (
            request.get("sequential_image_generation") == "auto" or request.get("enable_sequential") is True
        ),
        "interactive editing": lambda request: {"image_urls", "bbox_list"} <= request.keys(),
        "search-augmented generation": lambda request: (
            request.get("google_search") is True or request.get("google_image_search") is True
        ),
    },
    "2026-10": {
        "text to image": lambda request: not request.keys() & {"image_urls", "mask_url", "bbox_list", "ref_task_id"},
        "image editing, one image": lambda request: _images(request) == 1 and "mask_url" not in request,
        "image editing, several images": lambda request: _images(request) > 1,
        "inpainting with a mask": lambda request: {"image_urls", "mask_url"} <= request.keys(),
        "sequential image group": lambda request: (
            request.get("enable_sequential") is True or ("seedream" in request["model"] and request.get("n", 1) > 1)
        ),
        "interactive editing": lambda request: {"image_urls", "bbox_list"} <= request.keys(),
        "search-augmented generation": lambda request: any(request.get(field) is True for field in SEARCHES),
    },
}
# The sign by which a model offers a mode; every model makes images from text.
OFFERS: dict[str, dict[str, Callable[[Model], bool]]] = {
    "2026-05": {
        "text to image": lambda model: "generate" in model.actions,
        "image to image, multi-image reference": lambda model: bool({"image2image", "reference"} & set(model.actions)),
        "image editing": lambda model: "edit" in model.actions,
        "inpainting with a mask": lambda model: "inpaint" in model.actions,
        "sequential image group": lambda model: "group" in model.actions,
        "interactive editing": lambda model: "interactive_edit" in model.actions,
        "search-augmented generation": lambda model: "search_grounded" in model.actions,
    },
    "2026-10": {
        "text to image": lambda _: True,
        "image editing, one image": lambda model: "edit" in model.actions and model.chain is None,
        "image editing, several images": lambda model: _is_edited(model) and _takes_two(model),
        "inpainting with a mask": lambda model: _is_edited(model) and "mask_url" in model.fields,
        "sequential image group": lambda model: (
            "enable_sequential" in model.fields or (any(rule.fewer for rule in model.image_rules) and not model.chain)
        ),
        "interactive editing": lambda model: "bbox_list" in model.fields,
        "search-augmented generation": lambda model: bool({*SEARCHES} & model.fields.keys()),
    },
}


def _images(request: Request) -> int:
    return len(request.get("image_urls", ()))


def _is_edited(model: Model) -> bool:
    return "edit" in model.actions and model.chain is None


def _takes_two(model: Model) -> bool:
    pictures = [f"https://example.com/{number}.png" for number in range(2)]
    return not model.violations({"model": model.name, "action": "edit", "prompt": "a", "image_urls": pictures})


def call(*argv: str) -> tuple[int, str, str]:
    stdout, stderr = io.StringIO(), io.StringIO()
    return main(argv, stdout, stderr), stdout.getvalue(), stderr.getvalue()


def planned(spec: Path, out: Path) -> list[dict[str, Any]]:
    """The lines of a spec's plan, without the header."""
    status, _, talk = call("plan", str(spec), "--out", str(out))
    assert status == 0, talk
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()[1:]]


def requests(spec: Path, folder: Path) -> Iterator[Request]:
    """The requests that the plan would send."""
    yield from (line["request"] for line in planned(spec, folder / f"{spec.stem}.jsonl") if "error" not in line)


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda spec: spec.stem)
def test_a_shipped_spec_points_editors_at_its_schema(spec: Path) -> None:
    first = spec.read_text(encoding="utf-8").splitlines()[0]
    assert first == MODELINE
    assert (spec.parent / first.partition("$schema=")[2]).is_file()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.parent.name}/{spec.stem}")
def test_a_shipped_spec_is_valid_and_warns_of_nothing(spec: Path) -> None:
    status, found, talk = call("validate", str(spec), "--format", "json")
    assert (status, json.loads(found)) == (0, []), talk


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.parent.name}/{spec.stem}")
def test_a_shipped_spec_runs_and_verifies_and_has_nothing_left_to_do(spec: Path, tmp_path: Path) -> None:
    """The first run makes every image of the plan, the folder holds what it says, a second run submits nothing."""
    run = ("run", str(spec), "--simulate", "-o", str(tmp_path / "made"), "--json", "--yes")
    status, printed, talk = call(*run)
    first = json.loads(printed)
    assert status == 0, talk
    assert first["completed"] == first["jobs"] - first["skipped"] > 0
    assert first["images"] >= first["completed"]
    assert first["short"] == 0
    assert call("verify", str(tmp_path / "made"))[0] == 0
    status, printed, talk = call(*run)
    second = json.loads(printed)
    assert status == 0, talk
    assert second["requests"]["submit"] == 0
    assert second["images"] == first["images"]


@pytest.mark.parametrize("date", SETS)
def test_every_mode_is_shown_on_every_vendor_that_offers_it(date: str, tmp_path: Path) -> None:
    """Read from the plans' requests; who offers what is read from the catalog."""
    models = open_catalog(date).models
    shown = {
        (mode, models[request["model"]].vendor)
        for spec in SETS[date]
        for request in requests(spec, tmp_path)
        for mode, has in MODES[date].items()
        if has(request)
    }
    offered = {(mode, model.vendor) for model in models.values() for mode, has in OFFERS[date].items() if has(model)}
    assert {mode for mode, _ in offered} == set(MODES[date])
    assert shown == offered


@pytest.mark.parametrize("date", SETS)
def test_every_model_of_the_catalog_is_used_by_all_vendors(date: str, tmp_path: Path) -> None:
    spec = next(spec for spec in SETS[date] if spec.stem == "all-vendors")
    assert {request["model"] for request in requests(spec, tmp_path)} == set(open_catalog(date).models)


@pytest.mark.parametrize("date", SETS)
def test_the_quickstart_is_a_handful_of_jobs(date: str, tmp_path: Path) -> None:
    lines = planned(next(spec for spec in SETS[date] if spec.stem == "quickstart"), tmp_path / "plan.jsonl")
    assert 4 <= len(lines) <= 12
    assert len({line["model"] for line in lines}) == 2
    assert len({line["axes"]["aspect_ratio"] for line in lines}) == 2


def test_what_ships_is_of_the_newest_catalog() -> None:
    assert {load_spec(spec).catalog for spec in SHIPPED} == {newest_catalog()}
    assert {load_spec(spec).catalog for spec in OLDER} == {"2026-05"}
    assert {spec.stem for spec in OLDER} <= {spec.stem for spec in SHIPPED}


def test_the_books_of_all_vendors_are_the_sum_of_the_charges(tmp_path: Path) -> None:
    """Every model of today once, paid as the API says: in the manifest, in the summary and at the API."""
    spec = next(spec for spec in SHIPPED if spec.stem == "all-vendors")
    folder = tmp_path / "made"
    status, printed, talk = call("run", str(spec), "--simulate", "-o", str(folder), "--json", "--yes")
    assert status == 0, talk
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    made = [line for line in lines if line["status"] == "completed"]
    assert {line["model"] for line in made} == set(open_catalog("2026-10").models)
    assert {line["cost_from"] for line in made} == {"api"}
    catalog = open_catalog("2026-10")
    with Simulator(catalog=catalog, state_path=RunLayout(folder).workspace.simulator) as simulator:
        charges = simulator.charges()
    assert len(charges) == len(made)
    paid = sum(catalog.quota.to_nusd(charge.cost_quota) for charge in charges)
    assert paid > 0
    assert sum(nusd_from_usd(str(line["cost_usd"])) for line in made) == paid
    assert nusd_from_usd(str(json.loads(printed)["cost_usd"])) == paid
