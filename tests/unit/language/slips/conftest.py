"""Whole specs, checked as ``validate`` checks them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from qwave_batch.api.spec_files import check_spec
from qwave_batch.model.problem import Problem

HEAD = 'version: 1\nname: trial\ncatalog: "2026-05"\n'

Check = Callable[..., list[Problem]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The problems that ``validate`` finds in a spec given without its head, whose first line is the fourth."""

    def check(body: str, *overrides: str, files: Mapping[str, str] | None = None, head: str = HEAD) -> list[Problem]:
        monkeypatch.chdir(tmp_path)
        for name, text in {**(files or {}), "spec.yaml": head + body}.items():
            Path(name).write_text(text, encoding="utf-8")
        return check_spec("spec.yaml", overrides=overrides)

    return check
