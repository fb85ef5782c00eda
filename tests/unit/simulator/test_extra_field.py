"""The name ``extra``: for most models a mapping that the API refuses unless it is empty, for one a field of its own."""

from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator.validation import ImageOrder, read_order
from tests.every_case import in_one_test

CATALOG = open_catalog("2026-10")
TAKES_IT = [name for name, model in CATALOG.models.items() if "extra" in model.fields]
OTHERS = [name for name in CATALOG.models if name not in TAKES_IT]


def ordered(name: str, extra: object) -> dict[str, Any] | str:
    """Return the request as it was ordered, or the field that the API names."""
    order = read_order({"model": name, "prompt": "A fox", "extra": extra}, CATALOG)
    if isinstance(order, ImageOrder):
        return dict(order.request)
    assert order.status == 400
    assert b'"param":"extra"' in order.body.replace(b" ", b"")
    return "extra"


def test_one_model_has_a_field_of_that_name() -> None:
    assert len(TAKES_IT) == 1
    assert len(OTHERS) == len(CATALOG.models) - 1


@in_one_test("name", OTHERS)
def test_an_empty_mapping_is_passed_over_and_any_other_is_refused(name: str) -> None:
    assert ordered(name, {}) == {"model": name, "prompt": "A fox"}
    assert ordered(name, {"seed": 1}) == "extra"
    assert ordered(name, "--no text") == "extra"


@pytest.mark.parametrize("name", TAKES_IT)
def test_the_field_is_a_text(name: str) -> None:
    assert ordered(name, "--no text") == {"model": name, "prompt": "A fox", "extra": "--no text"}
    assert ordered(name, {}) == "extra"
    assert ordered(name, {"seed": 1}) == "extra"
