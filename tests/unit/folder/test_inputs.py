import base64
import hashlib
from pathlib import Path

import pytest

from qwave_batch.folder.inputs import (
    keep_input_file,
    keep_spec,
    references,
    store_input,
    stored_input,
    without_inline,
)
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.jsontypes import Json

GIF = b"GIF89a\x01\x00\x01\x00"
URI = "data:image/gif;base64," + base64.b64encode(GIF).decode()
SHA = "sha256:" + hashlib.sha256(GIF).hexdigest()


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path / "run")
    layout.create()
    return layout


def test_inline_images_stand_as_their_hash() -> None:
    request: Json = {"prompt": "data: not a URI", "image_urls": [URI, "https://x/y.png"], "n": 2, "deep": {"mask": URI}}
    assert without_inline(request) == {
        "prompt": "data: not a URI",
        "image_urls": [SHA, "https://x/y.png"],
        "n": 2,
        "deep": {"mask": SHA},
    }
    kept: list[bytes] = []

    def keep(data: bytes) -> str:
        kept.append(data)
        return SHA

    without_inline(request, keep)
    assert kept == [GIF, GIF]
    assert list(references(without_inline(request))) == [SHA, SHA]


@pytest.mark.parametrize("text", ["data:", "data:image/png;base64", "data:image/png;base64,a", "database, of data"])
def test_what_only_looks_like_a_data_uri_is_text(text: str) -> None:
    assert without_inline(text) == text


def test_bytes_are_kept_once(layout: RunLayout) -> None:
    assert store_input(layout, GIF) == store_input(layout, GIF) == SHA
    (file,) = layout.inputs.iterdir()
    assert layout.relative(file) == stored_input(layout, SHA)
    assert file.name == SHA.replace(":", "-") + ".gif"
    assert file.read_bytes() == GIF


def test_a_reference_is_never_a_pattern_or_a_path(layout: RunLayout) -> None:
    store_input(layout, GIF)
    assert stored_input(layout, "sha256:*") is None
    assert stored_input(layout, "sha256:../../x") is None


def test_the_spec_is_kept_byte_for_byte(layout: RunLayout) -> None:
    source = "name: \ufeffx\r\n# é\n".encode()
    keep_spec(layout, source)
    keep_spec(layout, source)
    assert layout.spec.read_bytes() == source


def test_tables_keep_their_place_beside_the_spec(layout: RunLayout, tmp_path: Path) -> None:
    table = tmp_path / "specs" / "prompts" / "parti.tsv"
    table.parent.mkdir(parents=True)
    table.write_bytes(b"one")
    assert keep_input_file(layout, table, "./prompts/parti.tsv") == "inputs/prompts/parti.tsv"
    table.write_bytes(b"two")
    assert keep_input_file(layout, table, "./prompts/parti.tsv") == "inputs/prompts/parti.tsv"
    assert (layout.inputs / "prompts" / "parti.tsv").read_bytes() == b"two"


def test_files_from_elsewhere_of_one_name_do_not_meet(layout: RunLayout, tmp_path: Path) -> None:
    kept = set()
    for name in ("a", "b"):
        file = tmp_path / name / "words.txt"
        file.parent.mkdir()
        file.write_text(name, encoding="utf-8")
        kept.add(keep_input_file(layout, file, f"../{name}/words.txt"))
    assert len(kept) == 2
    assert all(path.startswith("inputs/elsewhere/") for path in kept)
