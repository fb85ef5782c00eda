import json
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest

from qwave_batch.catalog.fingerprint import fingerprint
from qwave_batch.catalog.registry import open_catalog, read_catalog

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
        return fingerprint(read_catalog(folder))

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
    assert changed(file, edit) != fingerprint(open_catalog("2026-05"))


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        ("catalog.yaml", lambda text: f"# a comment\n{text}"),
        ("z-image.schema.json", lambda text: json.dumps(json.loads(text), indent=7)),
        ("z-image.schema.json", lambda text: text.replace('"description": "', '"description": "Well: ')),
    ],
)
def test_comments_layout_and_words_change_nothing(
    changed: Callable[[str, Change], str], file: str, edit: Change
) -> None:
    assert changed(file, edit) == fingerprint(open_catalog("2026-05"))
