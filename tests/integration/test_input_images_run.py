"""Runs over image files, on the simulator: what is kept, what goes on elsewhere, and what is refused unpaid."""

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from qwave_batch.cli.main import main

SPEC = """\
version: 1
name: refs
catalog: "2026-05"
request: {model: gpt-image-2, action: edit, seed: 7}
prompts:
  - {text: "Snow on {{ ref }}", request: {image_urls: ["{{ ref }}"]}}
  - {text: "All of them", request: {image_urls: {from: ref/*.png}}}
matrix: {ref: {from: ref/*.png}}
"""


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(out, "PNG")
    return out.getvalue()


def typed(*argv: str | Path) -> tuple[int, str]:
    said = io.StringIO()
    status = main([str(part) for part in argv], stdout=said, stderr=said, environ={})
    return status, " ".join(said.getvalue().split())


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ref").mkdir()
    for name, colour in (("cat", "red"), ("dog", "blue")):
        (tmp_path / "ref" / f"{name}.png").write_bytes(png(colour))
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def made(folder: str = "out", spec: str = "spec.yaml") -> str:
    status, said = typed("run", spec, "--simulate", "-o", folder, "--yes")
    assert status == 0, said
    return said


def test_the_bytes_stand_once_in_inputs_and_the_folder_is_sound(desk: Path) -> None:
    made()
    kept = sorted((desk / "out" / "inputs").iterdir())
    assert {file.read_bytes() for file in kept} == {png("red"), png("blue")}
    assert len(kept) == 2
    assert all(text.startswith("sha256:") for line in lines(desk / "out") for text in line["request"]["image_urls"])
    assert typed("verify", "out")[0] == 0
    kept[0].write_bytes(b"other bytes")
    assert typed("verify", "out")[0] == 1


def test_renaming_a_file_costs_nothing_and_changing_it_makes_another_job(desk: Path) -> None:
    made()
    before = [line["task_id"] for line in lines(desk / "out")]
    (desk / "ref").rename(desk / "pictures")
    (desk / "pictures" / "cat.png").rename(desk / "pictures" / "a cat.png")
    (desk / "spec.yaml").write_text(SPEC.replace("Snow on {{ ref }}", "Snow").replace("ref/*", "pictures/*"))
    made("again")
    (desk / "pictures" / "a cat.png").rename(desk / "pictures" / "cat.png")
    made("again")
    assert len({line["task_id"] for line in lines(desk / "again")}) == 3
    assert [line["attempts"] for line in lines(desk / "again")] == [1, 1, 1]
    (desk / "pictures" / "cat.png").write_bytes(png("green"))
    made("again")
    again = [line["job_id"] for line in lines(desk / "again")]
    assert len(set(again)) == 3
    assert len(before) == 3


def test_a_folder_that_is_moved_plans_and_runs_on_without_the_files(desk: Path) -> None:
    made()
    shutil.move(desk / "out", desk / "elsewhere")
    shutil.rmtree(desk / "ref")
    status, said = typed("plan", "elsewhere/spec.yaml", "--against", "elsewhere")
    assert status == 0, said
    assert "nothing: all of it is there" in said
    status, said = typed("run", "elsewhere/spec.yaml", "--simulate", "-o", "elsewhere", "--yes", "--adopt")
    assert status == 0, said


def test_a_plan_file_runs_with_its_files_and_then_without_them(desk: Path) -> None:
    assert typed("plan", "spec.yaml", "--out", "plan.jsonl")[0] == 0
    text = (desk / "plan.jsonl").read_text(encoding="utf-8")
    assert "base64" not in text
    (desk / "ref").rename(desk / "away")
    status, said = typed("run", "plan.jsonl", "--simulate", "-o", "out", "--yes")
    assert (status, (desk / "out").exists()) == (2, False)
    assert "ref/cat.png, which the plan sends, can't be read" in said
    (desk / "away").rename(desk / "ref")
    made(spec="plan.jsonl")
    shutil.rmtree(desk / "ref")
    (desk / "out" / "images").rename(desk / "out" / "lost")
    made(spec="plan.jsonl")


def grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"!")


def recolour(file: Path) -> None:
    data = png("green")
    file.write_bytes(data + b"\0" * (file.stat().st_size - len(data)))


@pytest.mark.parametrize("change", [grow, recolour, Path.unlink, lambda file: file.unlink() or file.mkdir()])
def test_a_file_that_changes_between_plan_and_run_ends_the_run_unpaid(
    desk: Path, change: Callable[[Path], object]
) -> None:
    (desk / "ref" / "cat.png").write_bytes(png("red") + b"\0" * 100)
    assert typed("plan", "spec.yaml", "--out", "plan.jsonl")[0] == 0
    change(desk / "ref" / "cat.png")
    status, said = typed("run", "plan.jsonl", "--simulate", "-o", "out", "--yes")
    assert status == 2, said
    assert "nothing was sent" in said
    assert not (desk / "out" / "manifest.jsonl").exists()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace('"format":"png"', '"format":"exe"', 1),
        lambda text: text.replace('"path":"ref/cat.png"', '"path":""', 1),
        lambda text: text.replace('"bytes":', '"size":', 1),
    ],
)
def test_an_edited_header_is_refused(desk: Path, edit: Callable[[str], str]) -> None:
    typed("plan", "spec.yaml", "--out", "plan.jsonl")
    text = (desk / "plan.jsonl").read_text(encoding="utf-8")
    (desk / "plan.jsonl").write_text(edit(text), encoding="utf-8")
    assert edit(text) != text
    status, said = typed("run", "plan.jsonl", "--simulate", "-o", "out", "--yes")
    assert (status, (desk / "out").exists()) == (2, False), said


def test_other_folders_give_what_they_have_and_prune_removes_what_nobody_uses(desk: Path) -> None:
    made()
    said = typed("run", "spec.yaml", "--simulate", "-o", "second", "--yes", "--reuse", "out")
    assert said[0] == 0, said
    assert all(line["cost_usd"] == 0 for line in lines(desk / "second"))
    (desk / "ref" / "dog.png").unlink()
    made()
    assert typed("prune", "out", "--yes")[0] == 0
    assert [file.read_bytes() for file in (desk / "out" / "inputs").iterdir()] == [png("red")]
    assert typed("verify", "out")[0] == 0


def test_inline_images_go_on_as_ever(desk: Path) -> None:
    uri = "data:image/png;base64," + base64.b64encode(png("red")).decode()
    text = (
        SPEC.replace("{{ ref }}", uri)
        .replace("matrix: {ref: {from: ref/*.png}}\n", "")
        .replace(f"Snow on {uri}", "Snow")
    )
    (desk / "spec.yaml").write_text(text, encoding="utf-8")
    made()
    assert typed("verify", "out")[0] == 0
    assert len(list((desk / "out" / "inputs").iterdir())) == 2


def git(*argv: str) -> None:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.org")
    subprocess.run(["git", *who, *argv], check=True, capture_output=True)


def test_a_revision_has_the_files_of_then(desk: Path) -> None:
    git("init", "-q", ".")
    git("add", "-A")
    git("commit", "-qm", "Two pictures")
    status, said = typed("plan", "spec.yaml", "--against", "HEAD")
    assert (status, "against HEAD: the same 3 jobs" in said) == (0, True), said
    (desk / "ref" / "dog.png").write_bytes(png("green"))
    status, said = typed("plan", "spec.yaml", "--against", "HEAD")
    assert (status, "against HEAD: 2 added, 2 removed, 1 unchanged" in said) == (0, True), said
