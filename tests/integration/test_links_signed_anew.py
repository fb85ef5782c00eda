"""A run into a folder that has the same images from links signed another time says how many it makes anew."""

import re
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main

SPEC = """\
version: 1
name: shoes
catalog: "2026-05"
request: {{model: qwen-image-2.0, action: image2image, seed: 7}}
prompts:
  - {{text: "The shoe in blue", request: {{image_urls: ["https://pictures.example.com/shoe.jpg?{}"]}}}}
  - {{text: "The shoe in red", request: {{image_urls: ["https://pictures.example.com/shoe.jpg?{}"]}}}}
  - {{text: "The shoe in green", request: {{image_urls: ["https://pictures.example.com/shoe.jpg?w=200"]}}}}
"""
SIGNED = "X-Amz-Date=20261122T120000Z&X-Amz-Expires=3600&X-Amz-Signature=00aa11bb"


def run(source: str) -> str:
    err = StringIO()
    assert main(["run", source, "--simulate", "-o", "out"], StringIO(), err) == 0
    return re.sub(r"\s+", " ", err.getvalue())


def test_jobs_made_anew_for_their_signatures_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPEC.format(SIGNED, SIGNED), encoding="utf-8")
    assert "made and paid anew" not in run("spec.yaml")
    assert "made and paid anew" not in run("spec.yaml")
    spec.write_text(SPEC.format(SIGNED, SIGNED.replace("00aa", "11bb")), encoding="utf-8")
    assert "1 job is made and paid anew: the folder has the same with links that were signed another time" in run(
        "spec.yaml"
    )
    spec.write_text(SPEC.format(SIGNED.replace("00aa", "22cc"), SIGNED.replace("00aa", "33dd")), encoding="utf-8")
    assert main(["plan", "spec.yaml", "--out", "plan.jsonl"], StringIO(), StringIO()) == 0
    assert "2 jobs are made and paid anew" in run("plan.jsonl")
