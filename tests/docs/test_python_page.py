"""docs/python.md names all that is public, and all its examples run as they stand."""

import ast
import asyncio
import builtins
import re
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


def test_every_public_module_has_a_section(checkout: Path) -> None:
    page = (checkout / "docs" / "python.md").read_text(encoding="utf-8")
    sections = "\n".join(re.findall(r"^### .*$", page, flags=re.MULTILINE))
    assert set(re.findall(r"`qwave_batch\.(\w+)`", sections)) == set(qwave_batch.PUBLIC_MODULES)


def test_the_page_names_nothing_that_does_not_exist(checkout: Path) -> None:
    used = {name for block in blocks(checkout) for name in re.findall(r"\bqb\.(\w+)", block)}
    assert used <= {*qwave_batch.__all__, *qwave_batch.PUBLIC_MODULES}


def test_the_page_runs_as_a_notebook_from_top_to_bottom(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("specs", "schemas"):
        (tmp_path / folder).symlink_to(checkout / folder)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__", "__builtins__": builtins}
    told: list[list[str]] = []

    async def kernel() -> None:
        for number, cell in enumerate(blocks(checkout)):
            code = compile(cell, f"docs/python.md[{number}]", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            running = FunctionType(code, names)()
            if running is not None:  # a cell that awaits
                await running
            told.append(capsys.readouterr().out.splitlines())

    asyncio.run(kernel())
    check, look, run, again, read, images, follow, error, *_, requested, logged = told
    assert check == []
    assert look[0].startswith("Plan(quickstart: 8 jobs")
    assert look[1] == "8 jobs for at most 0.378 USD"
    assert run[0].startswith("RunSummary(notebook: 8 of 8 jobs done")
    assert run[1].startswith("0 8 0.37")
    assert again == ["0 0.0"]
    assert (len(read), read[-1]) == (10, "True")
    assert images[0].startswith("FolderHeader(root=")
    assert [line.endswith(" bytes") for line in images[1:]] == [True] * 4
    assert [line for line in follow if line.startswith("stored images/wan2.7-image/")]
    assert "1 of 1" in follow
    assert error[0].endswith(" 2")
    assert (requested, logged) == (["2"], ["True"])
