"""docs/python.md names all that is public, and its first example runs."""

import ast
import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest

import qwave_batch


def blocks(checkout: Path) -> list[str]:
    page = (checkout / "docs" / "python.md").read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)


def test_every_public_name_is_on_the_page(checkout: Path) -> None:
    page = (checkout / "docs" / "python.md").read_text(encoding="utf-8")
    public = {name for module in qwave_batch.PUBLIC_MODULES for name in getattr(qwave_batch, module).__all__}
    assert public - set(re.findall(r"\w+", page)) == set()


def test_the_page_names_nothing_that_does_not_exist(checkout: Path) -> None:
    used = {name for block in blocks(checkout) for name in re.findall(r"\bqb\.(\w+)", block)}
    assert used <= {*qwave_batch.__all__, *qwave_batch.PUBLIC_MODULES}


def test_the_first_example_runs_as_it_stands(checkout: Path, tmp_path: Path) -> None:
    for folder in ("specs", "schemas"):
        (tmp_path / folder).symlink_to(checkout / folder)
    ended = subprocess.run(
        (sys.executable, "-c", blocks(checkout)[0]),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (ended.returncode, ended.stdout.split()[:2]) == (0, ["0", "8"]), ended.stderr


def test_the_notebook_s_cell_runs_inside_a_loop(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "specs").symlink_to(checkout / "specs")
    monkeypatch.chdir(tmp_path)
    (cell,) = [block for block in blocks(checkout) if 'out_dir="notebook"' in block]

    async def kernel() -> None:
        code = compile(cell, "docs/python.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        await FunctionType(code, {})()

    asyncio.run(kernel())
    plan, summary, again = capsys.readouterr().out.splitlines()
    assert plan.startswith("Plan(quickstart: 8 jobs")
    assert summary.startswith("RunSummary(notebook: 8 of 8 jobs done")
    assert again == "0 0"


def test_the_other_examples_parse(checkout: Path) -> None:
    for block in blocks(checkout):
        compile(block, "docs/python.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
