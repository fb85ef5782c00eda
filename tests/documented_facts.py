"""The facts that the catalogs were written from, a file for each date; not part of the project, nor always at hand."""

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

_FOLDER = Path(os.environ.get("QWAVE_FACTS") or Path(__file__).parents[2] / "shared" / "api")
"""Beside the checkout, unless the environment says otherwise."""


def facts_file(date: str) -> Path:
    """Return where the facts of a date would be."""
    return _FOLDER / f"catalog-{date}.yaml"


@cache
def documented_facts(date: str) -> dict[str, Any]:
    """Return the facts of a date; the test that asks is skipped where they are not at hand."""
    file = facts_file(date)
    if not file.is_file():
        pytest.skip(f"no {file.name} beside the checkout; QWAVE_FACTS can name its folder")
    facts: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return facts
