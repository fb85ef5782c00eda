"""The files that a run read, found again in its folder with the names that its spec gave them."""

import hashlib
import json
from pathlib import Path

import pytest

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.spec_inputs import SpecInput, spec_inputs
from qwave_batch.model.portable_paths import kept_at


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with a table, one from elsewhere, an image that the spec names, and one that stood in a request."""
    tables = {kept_at("tables/prompts.csv"): b"a,b\n", kept_at("../secret/other.tsv"): b"c\n"}
    images = {f"inputs/sha256-{sha256(data)}.png": data for data in (b"named", b"inline")}
    for path, data in {**tables, **images}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def found_in(run: Path) -> set[SpecInput]:
    return set(spec_inputs(RunLayout(run)))


def test_tables_have_their_names_and_images_those_of_the_spec(run: Path) -> None:
    listed = {"images": {"ref/cup.png": f"sha256-{sha256(b'named')}.png"}, "patterns": {}}
    (run / "inputs.json").write_text(json.dumps(listed), encoding="utf-8")
    assert found_in(run) == {
        SpecInput("tables/prompts.csv", sha256(b"a,b\n")),
        SpecInput("other.tsv", sha256(b"c\n")),
        SpecInput("ref/cup.png", sha256(b"named")),
        SpecInput(f"sha256:{sha256(b'inline')}", sha256(b"inline")),
    }


@pytest.mark.parametrize("listed", ["", "[]", '{"images": []}', '{"images": {"a": null}}', "\0"])
def test_a_list_of_names_that_says_nothing_leaves_images_their_hash(run: Path, listed: str) -> None:
    (run / "inputs.json").write_text(listed, encoding="utf-8")
    assert SpecInput(f"sha256:{sha256(b'named')}", sha256(b"named")) in found_in(run)


def test_a_folder_that_read_nothing_has_none(tmp_path: Path) -> None:
    assert found_in(tmp_path) == set()
