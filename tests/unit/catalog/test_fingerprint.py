import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from qwave_batch.catalog.catalog_files import open_catalog, read_catalog
from qwave_batch.catalog.fingerprint import catalog_fingerprint

Change = Callable[[str], str]


@pytest.fixture
def changed(checkout: Path, tmp_path: Path) -> Callable[[str, Change], str]:
    """The fingerprint of the catalog after a change to the text of one of its files."""

    def change(name: str, edit: Change) -> str:
        folder = tmp_path / "2026-05"
        copytree(checkout / "schemas" / "2026-05", folder)
        file = folder / name
        text = file.read_text(encoding="utf-8")
        file.write_text(edit(text), encoding="utf-8")
        assert file.read_text(encoding="utf-8") != text
        return catalog_fingerprint(read_catalog(folder))

    return change


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("catalog.yaml", lambda text: text.replace('"0.0425"', '"0.0426"', 1)),
        ("catalog.yaml", lambda text: text.replace("https://www.", "https://api.", 1)),
        ("z-image.schema.json", lambda text: text.replace('"16:9"', '"17:9"')),
    ],
)
def test_another_price_host_or_rule_is_another_catalog(
    changed: Callable[[str, Change], str], file: str, edit: Change
) -> None:
    assert changed(file, edit) != catalog_fingerprint(open_catalog("2026-05"))


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("catalog.yaml", lambda text: f"# a comment\n{text}"),
        ("z-image.schema.json", lambda text: json.dumps(json.loads(text), indent=7)),
        ("z-image.schema.json", lambda text: text.replace('"description": "', '"description": "Well: ')),
        ("catalog.yaml", lambda text: text.replace("quota_per_usd: 500000", "quota_per_usd: 1000000")),
    ],
)
def test_what_changes_no_job_and_no_price_changes_nothing(
    changed: Callable[[str, Change], str], file: str, edit: Change
) -> None:
    assert changed(file, edit) == catalog_fingerprint(open_catalog("2026-05"))


def test_plans_in_files_know_the_catalog_by_this_hash() -> None:
    """Every plan file that was written with this catalog holds it: another hash would refuse them all."""
    wanted = "d77567cb3749c97f21c926b0f411a8ca26418a9c6fce53b1aa17fe154538ceef"
    assert catalog_fingerprint(open_catalog("2026-05")) == wanted
