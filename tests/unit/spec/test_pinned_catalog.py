"""A spec names the date of its catalog; a mistake there says which dates there are, and what to write."""

from pathlib import Path

import pytest

import qwave_batch as qb

BODY = "version: 1\nname: c\nprompts: [a]\nrequest: {model: seedream-4.5}\n"


@pytest.mark.parametrize(
    ("written", "line", "key"),
    [
        ("catalog:\n", "catalog: ", "catalog"),
        ("catalog: # later\n", "catalog: ", "catalog"),
        ("catalog: ''\n", "catalog: ", "catalog"),
        ("catalog: 2026\n", "catalog: ", "catalog"),
        ("catalog: [2026-10]\n", "catalog: ", "catalog"),
        ("catalog: {}\n", "catalog: ", "date"),
        ("catalog: {date: 3}\n", "catalog.date: ", "date"),
        ("catalog: {date: }\n", "catalog.date: ", "date"),
    ],
)
def test_a_catalog_without_a_date_is_told_the_dates(tmp_path: Path, written: str, line: str, key: str) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(BODY + written, encoding="utf-8")
    (problem,) = qb.check_spec(spec)
    assert f"{problem.path}: " == line
    assert problem.allowed == ("2026-05", "2026-10")
    assert problem.suggestion == f'write {key}: "2026-10"'


def test_a_null_for_the_catalog_is_told_that_it_is_needed_and_the_dates(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"{BODY}catalog: null\n", encoding="utf-8")
    (problem,) = qb.check_spec(spec)
    assert problem.allowed == ("2026-05", "2026-10")
    assert problem.suggestion == 'catalog is required, so null cannot remove it; write catalog: "2026-10"'


@pytest.mark.parametrize("written", ["catalog: latest\n", "catalog: {date: latest}\n"])
def test_the_newest_catalog_is_no_date(tmp_path: Path, written: str) -> None:
    """A spec that followed the newest catalog would mean something else after an update."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(BODY + written, encoding="utf-8")
    (problem,) = qb.check_spec(spec)
    assert problem.message == 'unknown catalog "latest"'


def test_a_date_that_is_there_twice_is_told_as_any_key(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f'{BODY}catalog: "2026-10"\ncatalog: "2026-05"\n', encoding="utf-8")
    (problem,) = qb.check_spec(spec)
    assert problem.suggestion == "keep one of them"
