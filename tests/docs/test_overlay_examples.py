"""The overlays that docs/catalog.md shows are laid over the catalog that they are for."""

import re
from pathlib import Path

from qwave_batch.catalog import Catalog, open_catalog
from qwave_batch.catalog_reading.overlay_reading import overlaid_by
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.spec.overlay_text import read_yaml_or_json

YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
OCTOBER = open_catalog("2026-10")


def shown(checkout: Path) -> list[str]:
    return YAML.findall((checkout / "docs" / "catalog.md").read_text(encoding="utf-8"))


def laid(text: str) -> Catalog:
    return overlaid_by(OCTOBER, read_yaml_or_json(text.encode(), "prices.yaml", ""), "prices.yaml")


def test_the_overlay_on_the_page_does_what_is_said(checkout: Path) -> None:
    naming, prices, _ = shown(checkout)
    assert naming == 'catalog: {date: "2026-10", overlay: prices.yaml}\n'
    model = laid(prices).model("gpt-image-2-rev")
    request = {"model": model.name, "prompt": "a heron", "resolution": "4k", "aspect_ratio": "16:9"}
    reasons = [violation.message for violation in model.violations(request)]
    assert 'resolution "4k" is down since 2026-10-30 by the overlay prices.yaml' in reasons
    assert model.estimate_nusd({**request, "resolution": "2k"}) == nusd_from_usd("0.006")


def test_a_model_is_added_in_ten_lines(checkout: Path) -> None:
    text = shown(checkout)[2]
    assert len(text.splitlines()) <= 10
    model = laid(text).model("heron-image-1")
    request = {"model": model.name, "prompt": "a heron", "resolution": "2k"}
    assert not model.violations(request)
    assert model.estimate_nusd(request) == nusd_from_usd("0.035")
    assert model.violations({**request, "n": 1})
