"""docs/dataset-card.md describes every key of a card, and its example is one."""

import json
import re
from pathlib import Path

from qwave_batch.export import columns
from qwave_batch.export.author_card import read_card
from qwave_batch.export.column_meanings import meaning_of
from tests.integration.exports.loading import call


def test_every_key_of_a_card_is_described_and_in_the_example(checkout: Path, tmp_path: Path) -> None:
    page = (checkout / "docs" / "dataset-card.md").read_text(encoding="utf-8")
    keys = json.loads(call("schema", "card")[1])["properties"].keys()
    described = {
        key
        for line in page.splitlines()
        if line.startswith("| `")
        for key in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert described == set(keys)
    (tmp_path / "card.yaml").write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    card = read_card(tmp_path / "card.yaml")
    assert (card.missing, card.creators[1].is_organization) == ((), True)


def test_every_column_has_a_meaning() -> None:
    assert {name for name in (*columns._FIXED, "run", "split") if not meaning_of(name)} == set()
