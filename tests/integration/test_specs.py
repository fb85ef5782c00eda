"""The specs that ship run, end to end, and show everything the catalog can do."""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.cli.main import main

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=../schemas/spec.schema.json"

Request = Mapping[str, Any]

# The overview's table of modes: what in a request means which mode.
MODES: dict[str, Callable[[Request], bool]] = {
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
}
# The actions by which a model says that it offers a mode; every model makes images from text.
ACTIONS = {
    "text to image": {"generate"},
    "image to image, multi-image reference": {"image2image", "reference"},
    "image editing": {"edit"},
    "inpainting with a mask": {"inpaint"},
    "sequential image group": {"group"},
    "interactive editing": {"interactive_edit"},
    "search-augmented generation": {"search_grounded"},
}


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


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_a_shipped_spec_points_editors_at_its_schema(spec: Path) -> None:
    first = spec.read_text(encoding="utf-8").splitlines()[0]
    assert first == MODELINE
    assert (spec.parent / first.partition("$schema=")[2]).is_file()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
def test_a_shipped_spec_is_valid_and_warns_of_nothing(spec: Path) -> None:
    status, found, talk = call("validate", str(spec), "--format", "json")
    assert (status, json.loads(found)) == (0, []), talk


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.stem)
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


def test_every_mode_is_shown_on_every_vendor_that_offers_it(tmp_path: Path) -> None:
    """Read from the plans' requests; who offers what is read from the catalog."""
    models = open_catalog("2026-05").models
    shown = {
        (mode, models[request["model"]].vendor)
        for spec in SPECS
        for request in requests(spec, tmp_path)
        for mode, has in MODES.items()
        if has(request)
    }
    offered = {
        (mode, model.vendor)
        for model in models.values()
        for mode, actions in ACTIONS.items()
        if actions & set(model.actions)
    }
    assert {mode for mode, _ in offered} == set(MODES)
    assert shown == offered


def test_every_model_of_the_catalog_is_used_by_all_vendors(tmp_path: Path) -> None:
    spec = next(spec for spec in SPECS if spec.stem == "all-vendors")
    assert {request["model"] for request in requests(spec, tmp_path)} == set(open_catalog("2026-05").models)


def test_the_quickstart_is_a_handful_of_jobs(tmp_path: Path) -> None:
    lines = planned(next(spec for spec in SPECS if spec.stem == "quickstart"), tmp_path / "plan.jsonl")
    assert 4 <= len(lines) <= 12
    assert len({line["model"] for line in lines}) == 2
    assert len({line["axes"]["aspect_ratio"] for line in lines}) == 2
