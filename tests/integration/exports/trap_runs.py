"""Runs to export, made by the simulator: with everything in them that loaders of datasets trip over."""

import fcntl
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import qwave_batch as qb
from qwave_batch.resources import shipped
from tests.voted_folders import a_vote, write_lines

SPEC = r"""
version: 1
name: traps
description: "Prompts, names & images that loaders trip over: pipes |, \"quotes\", 🎏"
catalog: "2026-10"

request:
  aspect_ratio: "1:1"

prompts:
  - {id: test, text: A test card, tags: [test, "street | night"]}
  - {id: a.b, text: "A sign that reads \"a.b | c\", 🦊 and ünïcode in `ink`", tags: [train], meta: {text: a.b}}
  - {id: train, text: "A train, 'seen' from above", tags: [train], meta: {text: null, level: 3}}
  - {id: dev-validation-eval, text: "{% raw %}{x} {{ braces }}{% endraw %} <b>bold</b> & $co", tags: [eval]}
  - {id: "🎏", text: "鯉のぼり 🎏👩‍👩‍👧 e\u0301 \u200f\u05e2\u05d1\u05e8\u05d9\u05ea", tags: [test]}
  - {id: lines, text: "---\n- first: line\r\n# second\t|\n\n  last  ", tags: [train]}
  - {id: long, text: "{{ 'very long, ' * 1820 }}end 🎏", tags: [train]}
  - id: one-input
    text: The same cup in snow
    tags: [test]
    request: {action: edit, image_urls: [ref/cup.png]}
  - id: two-inputs
    text: Both in one room
    tags: [train]
    request: {action: edit, image_urls: [ref/cup.png, ref/test.jpg]}
  - id: masked
    text: Another handle
    request: {action: edit, image_urls: [ref/cup.png], mask_url: ref/mask.png}
  - id: web-input
    text: The picture of another host, at night
    request: {action: edit, image_urls: ["http://127.0.0.1:9/picture.png"]}

matrix:
  model:
    - qwen-image-2.0
    - {id: gpt-image-2.jpeg, model: gpt-image-2, output_format: jpeg}
    - {id: gpt-image-2.png, model: gpt-image-2, output_format: png}
    - {model: seedream-5.0-lite, n: 3}
  level: [1]
  nothing: [null]
  later: [null]
  sketch_file_name: [no-such-file.png]
  include:
    - {model: gpt-image-2, output_format: webp, level: 2.5, later: 7}
    - {model: wan2.7-image, seed: 7, enable_sequential: true, n: 4, level: two}

unsupported: skip
output:
  path: "{{ model }}/{{ prompt.id }}-{{ level }}{{ nothing | default(later | default('', true), true) }}-{{ job_id }}\
    {{ (sketch_file_name | default(''))[:0] }}"
"""

OTHER_SPEC = """\
version: 1
name: more-traps
catalog: "2026-05"
prompts:
  - {id: test, text: A test card, tags: [train]}
  - {id: one, text: 'Another run, of the "same" prompts', tags: [test]}
matrix:
  model: [gpt-image-2, qwen-image-2.0-pro]
  level: [1, 2]
output: {path: "{{ model }}/{{ prompt.id }}-{{ level }}"}
"""

Line = dict[str, Any]
WINNERS = ("left", "right", "tie", "both_bad")


def lines_of(folder: Path) -> list[Line]:
    """The manifest's lines of a run folder."""
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").split("\n") if line]


def run(home: Path, spec: str, *, faults: str = "") -> None:
    """Run a spec in the folder ``run`` of ``home`` against the simulator, which fails the same jobs every time."""
    (home / "ref").mkdir()
    Image.new("RGB", (24, 16), "red").save(home / "ref" / "cup.png")
    Image.new("RGB", (16, 24), "blue").save(home / "ref" / "test.jpg")
    Image.new("RGBA", (24, 16), (0, 0, 0, 0)).save(home / "ref" / "mask.png")
    (home / "spec.yaml").write_text(spec, encoding="utf-8")
    connection = qb.Simulated(seed=1, latency="0", faults=faults)
    qb.run_batch_sync(home / "spec.yaml", connection=connection, out_dir=home / "run")


def vote_on(folder: Path) -> None:
    """Have somebody vote on each two jobs of a prompt that follow each other, as an import leaves it in the folder."""
    header = qb.open_run(folder).header()
    spec_sha256 = None if header.summary is None else header.summary["spec_sha256"]
    told = {"folders": [{"id": header.folder_id, "spec_sha256": spec_sha256}]}
    made = [line for line in lines_of(folder) if line["images"]]
    votes = [
        a_vote(left["job_id"], right["job_id"], WINNERS[number % len(WINNERS)], run=told, rater="Ann 🎏")
        for number, (left, right) in enumerate(pairwise(made))
        if left["prompt_id"] == right["prompt_id"]
    ]
    write_lines(folder / "votes.jsonl", votes)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The run folder below a temporary folder that all workers share: the first of them makes it."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = shared / f"export-{name}"
    with (shared / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "whole").exists():
            home.mkdir()
            make(home)
            (home / "whole").touch()
    return home / "run"


def folder_of_many(home: Path, source: Path, number: int) -> Path:
    """A copy of a run folder without its ledger: its first image, as if so many jobs had made it."""
    line = next(line for line in lines_of(source) if line["images"])
    return folder_of(home / "many", (source / line["images"][0]["path"]).read_bytes(), line, number)


def folder_of(folder: Path, image: bytes, line: Line, number: int = 1) -> Path:
    """A folder without a ledger, in which so many jobs like that of a line have made an image."""
    with Image.open(io.BytesIO(image)) as opened:
        width, height = opened.size
    facts = {"sha256": hashlib.sha256(image).hexdigest(), "bytes": len(image), "width": width, "height": height}
    made = {**line["images"][0], **facts}
    (folder / made["path"]).parent.mkdir(parents=True)
    (folder / made["path"]).write_bytes(image)
    texts = (json.dumps({**line, "images": [made], "job_id": f"{at:016x}", "index": at}) for at in range(number))
    (folder / "manifest.jsonl").write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return folder


def copied_with_own_catalog(folder: Path, home: Path) -> tuple[Path, Path]:
    """A copy of a folder that names a catalog without ``mask_fields``, and the folder in which that one lies."""
    mine = home / "catalogs" / "2027-01"
    shutil.copytree(shipped("schemas/2026-10"), mine)
    listing = (mine / "catalog.yaml").read_text(encoding="utf-8")
    listing = listing.replace("mask_fields: [mask_url]\n", "").replace('catalog: "2026-10"', 'catalog: "2027-01"')
    (mine / "catalog.yaml").write_text(listing, encoding="utf-8")
    copy = Path(shutil.copytree(folder, home / "copy", ignore=shutil.ignore_patterns(".qwave")))
    summary = json.loads((copy / "summary.json").read_text(encoding="utf-8"))
    (copy / "summary.json").write_text(json.dumps({**summary, "catalog": "2027-01"}), encoding="utf-8")
    return copy, mine.parent
