"""Folders with small pictures to score."""

from pathlib import Path

import pytest

from tests.painted_folders import painted, painted_folder


@pytest.fixture
def plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed packages; a test writes modules and ``entry_points`` into it."""
    site = tmp_path / "site"
    (site / "plug.dist-info").mkdir(parents=True)
    (site / "plug.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 3\n")
    monkeypatch.syspath_prepend(site)
    return site


@pytest.fixture
def six_pictures(tmp_path: Path) -> Path:
    """Three prompts by two models; the first prompt is to be shown as text, too."""
    cells = {(prompt, model): [painted(at)] for at, (prompt, model) in enumerate(_CELLS)}
    return painted_folder(tmp_path / "run", cells, meta={prompt: {"text": "tea"} for prompt in ("p", "q", "r")})


_CELLS = [(prompt, model) for prompt in ("p", "q", "r") for model in ("a", "b")]
