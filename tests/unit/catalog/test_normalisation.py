from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.nearest_choice import nearest_choice

CATALOG = open_catalog("2026-05")


@pytest.mark.parametrize(
    ("model", "fields", "sent"),
    [
        ("gpt-image-2", {"resolution": "1K"}, {"resolution": "1k"}),
        ("qwen-image-2.0", {"resolution": "1k"}, {"resolution": "1K"}),
        ("gemini-3.1-flash-image-preview", {"resolution": "0.5k"}, {"resolution": "0.5K"}),
        ("gpt-image-2", {"output_format": "PNG"}, {"output_format": "png"}),
        ("gpt-image-2", {"resolution": "8K"}, {"resolution": "8K"}),
        ("gpt-image-2", {"resolution": 2}, {"resolution": 2}),
        ("gpt-image-2", {"quality": "HIGH"}, {"quality": "HIGH"}),
        ("gpt-image-2", {"prompt": "1K"}, {"prompt": "1K"}),
        ("imagen-4.0", {"resolution": "1k"}, {"resolution": "1k"}),
        ("imagen-4.0", {}, {}),
    ],
)
def test_only_tiers_and_formats_are_evened_out(model: str, fields: dict[str, Any], sent: dict[str, Any]) -> None:
    assert CATALOG.model(model).normalise(fields) == sent


def test_the_request_itself_stays_as_it_was() -> None:
    request = {"resolution": "1K"}
    CATALOG.model("gpt-image-2").normalise(request)
    assert request == {"resolution": "1K"}


@pytest.mark.parametrize(
    ("value", "choices", "nearest"),
    [
        ("8K", ("1k", "2k", "4k"), "4k"),
        ("0.5k", ("1K", "2K"), "1K"),
        ("3k", ("2K", "4K"), "2K"),
        ("16:10", ("1:1", "16:9", "4:3"), "16:9"),
        ("2:3", ("16:9", "9:16", "1:1"), "9:16"),
        ("0:0", ("1:1",), None),
        ("atuo", ("auto", "1:1"), "auto"),
        ("8K", ("low", "high"), None),
        (2, ("1K", "2K"), "2K"),
        (None, ("1K",), None),
        (["1K"], ("1K",), None),
        ("standrad", (1, "standard"), "standard"),
        ("x" * 101, ("x" * 100,), None),
        ("1K", (), None),
    ],
)
def test_the_nearest_choice_is_by_size_shape_or_spelling(value: Any, choices: Any, nearest: str | None) -> None:
    assert nearest_choice(value, choices) == nearest
