"""A spec with an overlay from the command line to the run folder, and overlays that the API's own prices make."""

import asyncio
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

import qwave_batch as qb
from qwave_batch.resources import shipped
from qwave_batch.simulator import Settings
from tests.integration.test_plan_live import api, typed

SPEC = """\
version: 1
name: small
catalog: {date: "2026-05", overlay: data/prices.yaml}
prompts: [a heron]
matrix:
  model: [imagen-4.0, heron-1, z-image-turbo]
request: {seed: 7}
"""
PRICES = """\
as_of: "2026-11-02"
models:
  z-image-turbo: {usd_per_image: "0.5"}
  heron-1: {schema: heron.schema.json, usd_per_image: "0.25", returns: png}
  gpt-image-2: {down: {resolution: [4k]}}
"""
HERON = {"properties": {"prompt": {"type": "string"}, "seed": {"type": "integer"}}, "required": ["prompt"]}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "specs"
    (home / "data").mkdir(parents=True)
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (home / "data" / "prices.yaml").write_text(PRICES, encoding="utf-8")
    (home / "data" / "heron.schema.json").write_text(json.dumps(HERON, indent="\t"), encoding="utf-8")
    monkeypatch.chdir(home)
    return home / "spec.yaml"


def lines_of(folder: str) -> dict[str, Any]:
    lines = map(json.loads, Path(folder, "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["model"]: line for line in lines}


@pytest.mark.usefixtures("spec")
def test_what_an_overlay_changes_is_named_in_plan_summary_and_manifest() -> None:
    status, out, _ = typed("plan", "spec.yaml")
    assert (status, "at most 0.7925 USD by the prices of catalog 2026-05 and data/prices.yaml" in out) == (0, True)
    assert "overlay data/prices.yaml changes z-image-turbo (price), heron-1 (new), 1 model that is not" in out
    _, out, _ = typed("plan", "spec.yaml", "--json")
    named = json.loads(out)["overlay"]
    assert (named["name"], named["models"]["gpt-image-2"]) == ("data/prices.yaml", ["down"])
    assert typed("run", "spec.yaml", "--simulate", "-o", "out")[0] == 0
    assert json.loads(Path("out/summary.json").read_text(encoding="utf-8"))["overlay"] == named
    lines = lines_of("out")
    assert [lines[model].get("overlay") for model in ("imagen-4.0", "heron-1", "z-image-turbo")] == [
        None,
        "data/prices.yaml",
        "data/prices.yaml",
    ]
    assert lines["z-image-turbo"]["cost_usd"] == pytest.approx(0.5)
    assert lines["heron-1"]["cost_usd"] == pytest.approx(0.25)
    assert typed("verify", "out")[0] == 0


@pytest.mark.usefixtures("spec")
def test_a_plan_file_and_a_moved_folder_need_no_overlay_of_their_own(tmp_path: Path) -> None:
    assert typed("plan", "spec.yaml", "--out", "plan.jsonl")[0] == 0
    away = tmp_path / "away"
    away.mkdir()
    shutil.copy("plan.jsonl", away)
    shutil.rmtree("data")
    plan = str(away / "plan.jsonl")
    assert typed("run", plan, "--simulate", "-o", str(away / "out"))[0] == 0
    moved = str(tmp_path / "moved")
    shutil.move(away / "out", moved)
    assert typed("verify", moved)[0] == 0
    status, out, _ = typed("plan", plan, "--against", moved)
    assert (status, "to make nothing" in out) == (0, True)
    assert typed("prune", moved, "--yes")[0] == 0
    Path(moved, lines_of(moved)["heron-1"]["images"][0]["path"]).unlink()
    status, _, said = typed("refetch", moved, "--simulate")
    assert (status, "1 of 1 image fetched again" in said, "overlay" in said) == (0, True, False)
    status, _, said = typed("run", plan, "--simulate", "-o", str(tmp_path / "other"), "--reuse", moved)
    assert status == 0
    assert lines_of(moved).keys() == lines_of(str(tmp_path / "other")).keys()


@pytest.mark.usefixtures("spec")
def test_the_spec_in_the_run_folder_finds_the_copies() -> None:
    assert typed("run", "spec.yaml", "--simulate", "-o", "out")[0] == 0
    shutil.rmtree("data")
    assert typed("validate", "spec.yaml")[0] == 2
    status, _, said = typed("run", "out/spec.yaml", "--simulate", "-o", "out")
    assert (status, "nothing to do" in said or "3 of 3" in said) == (0, True)


@pytest.mark.usefixtures("spec")
def test_an_overlay_that_was_lost_or_edited_is_found_by_verify() -> None:
    assert typed("run", "spec.yaml", "--simulate", "-o", "out")[0] == 0
    (kept,) = Path("out/inputs").glob("sha256-*.json")
    kept.write_text(kept.read_text(encoding="utf-8").replace("0.5", "0.6"), encoding="utf-8")
    status, _, said = typed("verify", "out")
    assert (status, "the overlay data/prices.yaml is not in inputs/ as it was written" in said) == (1, True)
    kept.unlink()
    assert typed("verify", "out")[0] == 1
    status, _, said = typed("refetch", "out", "--simulate")
    assert (status, "is read without its overlay data/prices.yaml" in said) == (0, True)


@pytest.mark.usefixtures("spec")
def test_a_plan_whose_overlay_was_edited_is_refused() -> None:
    typed("plan", "spec.yaml", "--out", "plan.jsonl")
    text = Path("plan.jsonl").read_text(encoding="utf-8")
    for edited in (text.replace('"0.25"', '"0.26"', 1), text.replace('"content":', '"contents":', 1)):
        Path("plan.jsonl").write_text(edited, encoding="utf-8")
        status, _, said = typed("plan", "plan.jsonl")
        assert (status, "overlay" in said, "Traceback" in said) == (2, True, False)


@pytest.mark.usefixtures("spec")
def test_an_overlay_can_be_named_and_taken_away_on_the_command_line() -> None:
    without = ["--set", "matrix.model=[z-image-turbo]"]
    _, out, _ = typed("plan", "spec.yaml", *without, "--set", "catalog.overlay=null")
    assert ("at most 0.010625 USD" in out, "overlay" in out) == (True, False)
    _, out, _ = typed(
        "plan", "spec.yaml", *without, "--set", "catalog=2026-05", "--set", "catalog.overlay=data/prices.yaml"
    )
    assert "at most 0.50 USD" in out


@pytest.mark.usefixtures("spec")
@pytest.mark.parametrize(
    ("name", "told"),
    [("data/none.yaml", "does not exist"), ("../../../../etc/passwd", "outside"), ("data", "is a folder")],
)
def test_a_file_that_may_not_be_read_is_told_at_its_place(name: str, told: str) -> None:
    Path("spec.yaml").write_text(SPEC.replace("data/prices.yaml", name), encoding="utf-8")
    status, _, said = typed("validate", "spec.yaml")
    assert (status, told in said, "spec.yaml:3:37" in said) == (2, True, True)


@pytest.mark.usefixtures("spec")
def test_a_mistake_in_a_schema_file_is_told_there() -> None:
    Path("data/heron.schema.json").write_text(json.dumps({"properties": {"prompt": {"x-rul": 1}}}), encoding="utf-8")
    status, _, said = typed("validate", "spec.yaml")
    assert (status, "data/heron.schema.json:1:37" in said, 'did you mean "x-rule"?' in said) == (2, True, True)


@pytest.mark.usefixtures("spec")
@pytest.mark.parametrize("file", ["data/prices.yaml", "data/heron.schema.json"])
def test_a_model_is_not_said_to_be_unknown_where_its_overlay_does_not_parse(file: str) -> None:
    Path(file).write_text("models: {heron-1: {", encoding="utf-8")
    status, _, said = typed("validate", "spec.yaml")
    assert (status, f"{file}:1:" in said, "unknown model" in said) == (2, True, False)


def test_what_is_down_is_left_out_with_its_reason(spec: Path) -> None:
    text = SPEC.replace("[imagen-4.0, heron-1, z-image-turbo]", "[gpt-image-2]\n  resolution: [1k, 4k]")
    spec.write_text(text + "unsupported: skip\n", encoding="utf-8")
    _, out, _ = typed("plan", "spec.yaml", "--json")
    (skip,) = json.loads(out)["skips"]
    assert (skip["field"], skip["count"]) == ("resolution", 1)
    assert skip["reason"] == 'resolution "4k" is down since 2026-11-02 by the overlay data/prices.yaml'


def test_a_catalog_of_ones_own_is_found_by_every_command(spec: Path, tmp_path: Path) -> None:
    mine = tmp_path / "catalogs" / "2027-01"
    shutil.copytree(shipped("schemas/2026-05"), mine)
    listing = yaml.safe_load((mine / "catalog.yaml").read_text(encoding="utf-8"))
    listing["catalog"] = "2027-01"
    listing["models"]["imagen-4.0"]["usd_per_image"] = "0.75"
    (mine / "catalog.yaml").write_text(yaml.safe_dump(listing, sort_keys=False), encoding="utf-8")
    spec.write_text(SPEC.replace("2026-05", "2027-01").replace("heron-1, ", ""), encoding="utf-8")
    there = ("--catalog-path", str(tmp_path / "catalogs"))
    for command in (("validate", "spec.yaml"), ("plan", "spec.yaml", "--out", "plan.jsonl"), ("plan", "plan.jsonl"),
                    ("plan", "spec.yaml", "--matrix"), ("run", "plan.jsonl", "--simulate", "-o", "out"),
                    ("plan", "spec.yaml", "--against", "out"), ("cancel", "out", "--simulate"),
                    ("refetch", "out", "--simulate"), ("models", "imagen-4.0"), ("schema", "imagen-4.0"),
                    ("catalog", "diff", "2026-05", "2027-01")):  # fmt: skip
        status, _, said = typed(*command, *there)
        assert (status, "bug" in said) == (0, False), (command, said)
    assert "0.75" in typed("models", "imagen-4.0", *there)[1]
    assert "newest" in typed("models", *there)[1]
    assert lines_of("out")["imagen-4.0"]["cost_usd"] == pytest.approx(0.75)
    status, _, said = typed("validate", "spec.yaml")
    assert (status, 'unknown catalog "2027-01"' in said) == (2, True)
    assert typed("run", "plan.jsonl", "--simulate", "-o", "out")[0] == 2
    request = qb.RunRequest(
        source=Path("spec.yaml"),
        connection=qb.Simulated(),
        out_dir=Path("by-request"),
        catalog_path=tmp_path / "catalogs",
    )
    assert asyncio.run(qb.run_request(pickle.loads(pickle.dumps(request)))).exit_status == 0
    assert lines_of("by-request").keys() == lines_of("out").keys()
    assert qb.check_spec("spec.yaml", catalogs=qb.plans.catalogs_beside(tmp_path / "catalogs")) == []


OFFERS: dict[str, Any] = {
    "gpt-image-2": {"image_prices": {"default": 0.01, "2k": 0.02}},
    "imagen-4.0": None,
    "qwen-image-2.0": {"image_prices": {"1k": 0.03}},
    "wan2.7-image": {"image_usage_rates": {"image_output": 30}, "image_usage_reservation": {"image_output": 2000}},
    "z-image-turbo": {"token_prices": {"output": 0.01}},
    "heron-9": {"image_prices": {"default": 0.06}},
}


def test_the_prices_of_the_api_become_an_overlay_that_a_spec_uses_at_once(spec: Path) -> None:
    spec.write_text(
        SPEC.replace("data/prices.yaml", "live.yaml")
        .replace("[imagen-4.0, heron-1, z-image-turbo]", "[gpt-image-2, wan2.7-image, qwen-image-2.0, imagen-4.0]")
        .replace("{seed: 7}", "{resolution: 1k}")
        + "unsupported: drop\n",
        encoding="utf-8",
    )
    settings = Settings(offers=OFFERS, unavailable={"gpt-image-2": {"resolution": ["4k"]}})
    asked = ("models", "--live", "--catalog", "2026-05", "--write", "live.yaml")
    with api(settings) as base_url:
        status, out, said = typed(*asked, "--base-url", base_url, QWAVE_API_KEY="any")
        assert (status, "wrote live.yaml" in said, "other price, 4k down" in out) == (0, True, True)
        first = Path("live.yaml").read_bytes()
        assert typed(*asked, "--base-url", base_url, QWAVE_API_KEY="any")[0] == 0
        assert Path("live.yaml").read_bytes() == first
        Path("live.yaml").write_bytes(first + b"# mine\n")
        status, _, said = typed(*asked, "--base-url", base_url, QWAVE_API_KEY="any")
        assert (status, "was changed since it was written" in said) == (2, True)
        Path("live.yaml").write_bytes(first)
        status, _, said = typed(*asked[:-1], "data/prices.yaml", "--base-url", base_url, QWAVE_API_KEY="any")
        assert (status, "not an overlay that this command wrote" in said) == (2, True)
    overlay = yaml.safe_load(first)
    assert overlay["models"]["imagen-4.0"] == {"down": True}
    assert overlay["models"]["qwen-image-2.0"] == {
        "usd_per_image": {"by": "resolution", "values": {"1K": "0.03"}},
        "down": {"resolution": ["2K"]},
    }
    assert "z-image-turbo" not in overlay["models"]
    assert b'#   "heron-9": {like: MODEL, usd_per_image: "0.06"}' in first
    assert b"# the price is not understood" in first
    status, out, _ = typed("plan", "spec.yaml", "--json")
    assert status == 0
    plan = json.loads(out)
    assert {name: each["estimated_usd"] for name, each in plan["by_model"].items()} == {
        "gpt-image-2": pytest.approx(0.01),
        "wan2.7-image": pytest.approx(0.06),
        "qwen-image-2.0": pytest.approx(0.03),
    }
    assert "by the overlay live.yaml" in plan["skips"][0]["reason"]


def test_write_goes_with_live_only() -> None:
    status, _, said = typed("models", "--write", "x.yaml")
    assert (status, "--write goes with --live" in said) == (2, True)
