"""Locks: written from a spec, and a run or a plan held to them."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from qwave_batch.cli.main import main
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.plans import open_plan
from qwave_batch.reproductions import check_lock, lock_file_of, write_lock

SPEC = """\
version: 1
name: tea
catalog: "2026-05"
extends: base.yaml
prompts:
  - {from: tea.tsv, text: "{{ row.Prompt }}", id: "{{ row.Id }}"}
matrix:
  model: [gpt-image-2, z-image-turbo]
"""
TABLE = "Id\tPrompt\nfox\tA fox\nhen\tA hen\n"
MANY = SPEC.replace("matrix:", "matrix:\n  seed: {start: 1, count: 400}")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "tea.yaml"
    file.write_text(SPEC, encoding="utf-8")
    (tmp_path / "tea.tsv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "base.yaml").write_text("request: {resolution: 1K}\n", encoding="utf-8")
    return file


def called(*argv: object) -> tuple[int, str, str]:
    stdout, stderr = StringIO(), StringIO()
    status = main([str(argument) for argument in argv], stdout, stderr, environ={"COLUMNS": "600"})
    return status, stdout.getvalue(), stderr.getvalue()


def refusal(spec: Path, *argv: object) -> str:
    """Return what a locked run of a spec says, which sends nothing and makes no folder."""
    out = spec.parent / "made"
    status, printed, said = called("run", spec, "--simulate", "-o", out, "--locked", *argv)
    assert (status, printed, out.exists()) == (2, "", False), said
    return said


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_spec_as_it_was_locked_runs(spec: Path) -> None:
    assert called("lock", spec)[0] == 0
    assert called("run", spec, "--simulate", "--locked", "--dry-run")[0] == 0
    assert called("plan", spec, "--locked")[0] == 0


def test_the_bytes_are_the_same_each_time(spec: Path) -> None:
    first = write_lock(open_plan(spec))[0].read_bytes()
    second = write_lock(open_plan(spec), spec.parent / "other.lock.json")[0].read_bytes()
    assert first == second
    names = {"a/tea.yaml": "a/tea.lock.json", "my.tea.yaml": "my.tea.lock.json", "tea": "tea.lock.json"}
    assert {name: str(lock_file_of(name)) for name in names} == names


def test_a_changed_table_is_named_with_the_jobs_that_it_changes(spec: Path) -> None:
    called("lock", spec)
    edit(spec.parent / "tea.tsv", "A hen", "A red hen")
    said = refusal(spec)
    assert "tea.tsv: this file has changed since it was locked" in said
    assert "2 jobs added: gpt-image-2 hen: A red hen; z-image-turbo hen: A red hen" in said
    assert "2 jobs removed: gpt-image-2 hen: A hen; z-image-turbo hen: A hen" in said
    assert "base.yaml" not in said
    assert f"qwave-batch lock {spec}" in said


def test_a_comment_in_the_spec_is_a_change_that_leaves_the_jobs(spec: Path) -> None:
    called("lock", spec)
    edit(spec, "version: 1", "# for the autumn\nversion: 1")
    said = refusal(spec)
    assert "tea.yaml is another one than was locked" in said
    assert "the 4 jobs are the same" in said


def test_a_changed_base_and_a_file_that_is_read_no_more_are_named(spec: Path) -> None:
    called("lock", spec)
    edit(spec, "extends: base.yaml\n", "")
    assert "base.yaml: this file was read when it was locked, and is not read now" in refusal(spec)


def test_overrides_are_a_part_of_what_was_locked(spec: Path) -> None:
    change = ("--set", "matrix.model=[gpt-image-2]")
    called("lock", spec, *change)
    said = refusal(spec)
    assert "locked with the changes matrix.model=[gpt-image-2], and planned now with no change" in said
    assert "2 jobs added: z-image-turbo fox: A fox; z-image-turbo hen: A hen" in said
    assert called("plan", spec, "--locked", *change)[0] == 0


def test_another_catalog_is_named(spec: Path) -> None:
    called("lock", spec)
    edit(spec, '"2026-05"', '"2026-10"')
    edit(spec, "gpt-image-2, z-image-turbo", "flux-2-pro")
    edit(spec.parent / "base.yaml", "1K", "1mp")
    assert "locked with catalog 2026-05 " in refusal(spec)


def test_input_images_are_locked_by_their_bytes(spec: Path, checkout: Path) -> None:
    (spec.parent / "ref.png").write_bytes(next((checkout / "specs").rglob("*.png")).read_bytes())
    edit(spec, "matrix:", "request: {action: edit, image_urls: [ref.png]}\nmatrix:")
    edit(spec, "gpt-image-2, z-image-turbo", "gpt-image-2")
    _, lock = write_lock(open_plan(spec))
    assert list(lock.images.listed or ()) == ["ref.png"]
    assert check_lock(open_plan(spec)) == ()


def test_of_many_jobs_the_ones_that_differ_are_still_named(spec: Path) -> None:
    spec.write_text(MANY, encoding="utf-8")
    path, lock = write_lock(open_plan(spec))
    assert (lock.jobs.count, lock.jobs.listed) == (1_600, None)
    assert path.stat().st_size < 40_000
    edit(spec, "count: 400", "count: 401")
    with pytest.raises(SpecError, match=r"4 jobs added: gpt-image-2 fox 401: A fox; "):
        check_lock(open_plan(spec))
    edit(spec, "count: 401", "count: 10")
    with pytest.raises(SpecError, match=r"differ in too many to name them; by model: gpt-image-2 -780, z-image-turbo"):
        check_lock(open_plan(spec))


def test_versions_are_no_more_than_a_note(spec: Path) -> None:
    path, lock = write_lock(open_plan(spec))
    path.write_text(replace(lock, versions={"qwave-batch": "0.0.1"}).text(), encoding="utf-8")
    status, _, said = called("plan", spec, "--locked")
    assert status == 0
    assert "note: locked with qwave-batch 0.0.1 (now " in said


def test_a_plan_is_not_written_where_it_differs(spec: Path) -> None:
    called("lock", spec)
    out = spec.parent / "tea.jsonl"
    assert called("plan", spec, "--locked", "--out", out)[0] == 0
    assert out.exists()
    out.unlink()
    edit(spec.parent / "tea.tsv", "A hen", "A red hen")
    assert called("plan", spec, "--locked", "--out", out)[0] == 2
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, "there is no lock"),
        (lambda text: text.replace("fox", "cat"), "was edited since it was written"),
        (lambda text: f"<<<<<<< HEAD\n{text}", "a merge that was not finished"),
        (lambda text: text[:100], "is not JSON"),
        (lambda _: json.dumps({"lock": 9}), "is a lock of version 9"),
    ],
)
def test_a_lock_that_is_not_as_it_was_written_is_an_error(
    spec: Path, change: Callable[[str], str | None], said: str
) -> None:
    called("lock", spec)
    file = spec.parent / "tea.lock.json"
    text = change(file.read_text(encoding="utf-8"))
    file.unlink()
    if text is not None:
        file.write_text(text, encoding="utf-8")
    told = refusal(spec)
    assert said in told
    assert "nothing was sent" in told


def test_only_a_spec_is_locked_and_only_into_a_lock(spec: Path) -> None:
    before = spec.read_bytes()
    status, _, said = called("lock", spec, "-o", spec)
    assert (status, spec.read_bytes()) == (2, before)
    assert "a lock's file ends in .lock.json" in said
    called("plan", spec, "--out", spec.parent / "tea.jsonl")
    with pytest.raises(UsageError, match="a plan in a file is run as it stands"):
        write_lock(open_plan(spec.parent / "tea.jsonl"))
    assert called("run", spec.parent / "tea.jsonl", "--locked", "--simulate")[0] == 2
