"""Every name of a schema is explained on its page."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import catalog_dates, open_catalog
from qwave_batch.model.planned_stage import ChildSkip

CodeWords = Callable[[str], frozenset[str]]


def keys(schema: Any) -> Iterator[str]:
    """Every name that a schema gives a property, at any depth."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for value in schema.values():
            yield from keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from keys(value)


@pytest.mark.parametrize(
    ("schema", "page"),
    [("spec.structure.schema.json", "docs/spec.md"), ("manifest.schema.json", "docs/run-folder.md")],
)
def test_every_key_of_a_schema_is_on_its_page(schema: str, page: str, checkout: Path, code_words: CodeWords) -> None:
    named = set(keys(json.loads((checkout / "schemas" / schema).read_text(encoding="utf-8"))))
    assert len(named) > 10
    assert named - code_words(page) == set()


@pytest.mark.parametrize("date", catalog_dates())
def test_every_model_and_field_is_on_its_catalogs_page(date: str, code_words: CodeWords) -> None:
    catalog = open_catalog(date)
    words = code_words(f"docs/catalog-{date}.md")
    assert set(catalog.models) - words == set()
    assert {field for model in catalog.models.values() for field in model.fields} - words == set()
    assert {action for model in catalog.models.values() for action in model.actions} - words == set()


def test_every_reason_to_skip_a_child_is_among_the_errors_of_a_manifest(code_words: CodeWords) -> None:
    assert {reason.value for reason in ChildSkip} - code_words("docs/run-folder.md") == set()
