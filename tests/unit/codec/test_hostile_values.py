"""Files damaged by other programs are refused with the place of the damage."""

import json
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import MANIFEST
from qwave_batch.folder.layout import RunLayout
from qwave_batch.output.manifest import read_manifest
from qwave_batch.output.manifest_line import encode_line
from tests.unit.codec import values

HUGE = 10**400
LINE = json.loads(encode_line(values.LINES[1]))


def changed(way: tuple[str | int, ...], value: object) -> Any:
    line = json.loads(json.dumps(LINE))
    place = line
    for step in way[:-1]:
        place = place[step]
    if value is ...:
        del place[way[-1]]
    else:
        place[way[-1]] = value
    return line


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [
        (("index",), -1, "index: expected a non-negative integer"),
        (("index",), "7", "index: expected a non-negative integer"),
        (("index",), True, "index: expected a non-negative integer"),
        (("attempts",), float("inf"), "attempts: expected a non-negative integer"),
        (("seconds",), float("nan"), "seconds: expected a finite number or null"),
        (("cost_usd",), "0.1", "cost_usd: expected a finite number"),
        (("cost_usd",), ..., "cost_usd is missing"),
        (("cost_from",), "them", "cost_from: expected one of api, catalog or null"),
        (("status",), "done", "status: expected one of completed, failed, "),
        (("request",), None, "request: expected an object"),
        (("tags",), "ab", "tags: expected a list of strings"),
        (("also", 1, "index"), None, "also[1].index: expected a non-negative integer"),
        (("also", 0), [], "also[0]: expected an object"),
        (("images", 1, "bytes"), 1.5, "images[1].bytes: expected a non-negative integer"),
        (("images", 1, "bytes"), ..., "images[1].bytes is missing"),
        (("images",), {}, "images: expected a list of objects"),
        (("error",), "lost", "error: expected an object or null"),
        (("error", "code"), 5, "error.code: expected a string"),
        (("reused_from", "cost_usd"), [], "reused_from.cost_usd: expected a finite number"),
        (("submitted_at",), HUGE, "submitted_at: "),
        (("submitted_at",), "2026-13-01T00:00:00.000Z", "submitted_at: "),
        (("completed_at",), "x", "completed_at: "),
    ],
)
def test_a_manifests_line_is_refused_with_its_number_and_key(
    tmp_path: Path, way: tuple[str | int, ...], value: object, said: str
) -> None:
    layout = RunLayout(tmp_path)
    lines = [encode_line(values.LINES[0]), json.dumps(changed(way, value)).encode() + b"\n"]
    (tmp_path / MANIFEST).write_bytes(b"".join(lines))
    with pytest.raises(FolderError) as caught:
        list(read_manifest(layout))
    assert str(caught.value).startswith(f"{layout.manifest}:2: not a line of a manifest ({said}")


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '"x"', "[" * 100_000, "1" * 5000, '{"index": ' + "9" * 5000])
def test_a_line_that_is_something_else_is_refused_with_its_number(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text + "\n", encoding="utf-8")
    with pytest.raises(FolderError, match=r"manifest\.jsonl:1: not a line of a manifest \("):
        list(read_manifest(RunLayout(tmp_path)))


def test_a_number_that_another_program_wrote_in_its_own_way_is_read(tmp_path: Path) -> None:
    line = changed(("images", 0, "width"), 1024.0)
    (tmp_path / MANIFEST).write_text(json.dumps({**line, "more": 1, "index": 7.0}), encoding="utf-8")
    assert list(read_manifest(RunLayout(tmp_path))) == [values.LINES[1]]
