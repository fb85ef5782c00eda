import types
from collections.abc import Mapping
from typing import Any

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.violation import Violation
from tests.every_case import in_one_test

CATALOG = open_catalog("2026-05")


def violations(model: str, **fields: Any) -> tuple[Violation, ...]:
    return CATALOG.model(model).violations({"model": model, "prompt": "A fox", **fields})


@in_one_test(
    ("model", "fields", "message", "suggestion"),
    [
        ("gpt-image-2", {"resolution": "8K"}, 'resolution "8K" is not offered by gpt-image-2', 'did you mean "4k"?'),
        (
            "imagen-4.0",
            {"aspect_ratio": "21:9"},
            'aspect_ratio "21:9" is not offered by imagen-4.0',
            'did you mean "16:9"?',
        ),
        ("gpt-image-2", {"quality": "hihg"}, 'quality "hihg" is not offered by gpt-image-2', 'did you mean "high"?'),
        ("gpt-image-2", {"quality": ["high"]}, 'quality ["high"] is not offered by gpt-image-2', None),
        (
            "gpt-image-2",
            {"aspect_ration": "1:1"},
            'gpt-image-2 takes no field "aspect_ration"',
            'did you mean "aspect_ratio"?',
        ),
        ("qwen-image-2.0", {"mask_url": "x"}, 'qwen-image-2.0 takes no field "mask_url"', None),
        ("imagen-4.0", {"seed": -7}, "seed -7 is below the minimum -1 of imagen-4.0", None),
        ("z-image-turbo", {"n": 3}, "n 3 is above the maximum 1 of z-image-turbo", None),
        ("imagen-4.0", {"seed": "seven"}, 'seed "seven" is not a whole number', None),
        ("imagen-4.0", {"prompt": ["x"]}, 'prompt ["x"] is not text', None),
        ("imagen-4.0", {"prompt": ""}, "prompt is empty", None),
        ("z-image-turbo", {"prompt": "x" * 801}, "prompt has 801 characters; z-image-turbo takes at most 800", None),
        (
            "wan2.7-image",
            {"image_urls": ["https://a.example"] * 10},
            "image_urls has 10 entries; wan2.7-image takes at most 9",
            None,
        ),
        ("qwen-image-2.0", {"image_urls": []}, "image_urls is empty", None),
        (
            "qwen-image-2.0",
            {"image_urls": ["cat.png"]},
            'image_urls[0] "cat.png" is no http or https address, and nothing else is taken',
            None,
        ),
        (
            "gpt-image-2",
            {"resolution": "4k"},
            'resolution "4k" is offered with aspect_ratio 16:9, 9:16, 2:1, 1:2, 21:9 or 9:21 only',
            None,
        ),
        ("gpt-image-2", {"action": "edit"}, 'action "edit" needs image_urls', None),
        (
            "wan2.7-image",
            {"enable_sequential": True, "resolution": "4K"},
            'resolution "4K" is not offered with enable_sequential, 2K is the most',
            'did you mean "2K"?',
        ),
        ("wan2.7-image", {"n": 9}, "n 9 is above the maximum 4 without enable_sequential: true", None),
        (
            "doubao-seedream-4.5",
            {"optimize_prompt_options": "fast"},
            'optimize_prompt_options is a mapping such as {mode: fast} on doubao-seedream-4.5, not "fast"',
            None,
        ),
        (
            "doubao-seedream-4.5",
            {"sequential_image_generation_options": {"max_image": 3}},
            'sequential_image_generation_options takes no field "max_image"',
            'did you mean "max_images"?',
        ),
    ],
)
def test_a_refusal_is_a_sentence(model: str, fields: dict[str, Any], message: str, suggestion: str | None) -> None:
    (one,) = violations(model, **fields)
    assert (one.message, one.suggestion) == (message, suggestion)


def colors(*ratios: float) -> list[dict[str, object]]:
    return [{"hex": "#aabbcc", "ratio": ratio} for ratio in ratios]


@pytest.mark.parametrize(
    ("ratios", "total"), [((33.3, 33.3, 33.3), "99.9"), ((50, 50, 1e-17), "almost 100"), ((99, 99, 99), "297")]
)
def test_a_palette_is_told_its_sum(ratios: tuple[float, ...], total: str) -> None:
    (one,) = violations("wan2.7-image", color_palette=colors(*ratios))
    assert one.message == f"color_palette has ratios that add up to {total}, not exactly 100"


def test_a_bad_color_is_found_by_its_path() -> None:
    (one,) = violations("wan2.7-image", color_palette=[*colors(40, 60), {"hex": "red", "ratio": 0}])
    assert (one.field, one.path, one.value) == ("color_palette", ("color_palette", 2, "hex"), "red")
    assert one.message == 'color_palette[2].hex "red" is no color such as #1A2b3C'


def test_what_was_allowed_is_listed() -> None:
    (one,) = violations("gpt-image-2", resolution="8K")
    assert (one.kind, one.path, one.value, one.allowed) == ("bad_value", ("resolution",), "8K", ("1k", "2k", "4k"))


def test_everything_wrong_is_said_at_once_in_the_order_of_the_fields() -> None:
    found = violations("gpt-image-2", zoo=1, seed=-5, action="inpaint", ants=2, n=0, resolution="4k")
    assert [(one.kind, one.field) for one in found] == [
        ("bad_value", "n"),
        ("bad_value", "seed"),
        ("rule", "resolution"),
        ("missing_field", "image_urls"),
        ("missing_field", "mask_url"),
        ("unknown_field", "ants"),
        ("unknown_field", "zoo"),
    ]


def test_the_order_of_a_request_does_not_change_what_is_said() -> None:
    request: dict[str, Any] = {"model": "gpt-image-2", "zoo": 1, "seed": -5, "prompt": "", "ants": 2}
    model = CATALOG.model("gpt-image-2")
    assert model.violations(dict(reversed(list(request.items())))) == model.violations(request)


def test_a_rule_adds_nothing_about_a_value_that_is_wrong_already() -> None:
    found = violations("gpt-image-2", resolution="4k", aspect_ratio="17:9")
    assert [(one.kind, one.field) for one in found] == [("bad_value", "aspect_ratio")]


def test_long_values_are_cut_in_sentences() -> None:
    (one,) = violations("gpt-image-2", quality="x" * 5_000_000)
    assert len(one.message) < 120
    assert len(str(one.value)) == 5_000_000


def test_a_request_may_be_any_mapping_with_any_sequence() -> None:
    request: Mapping[str, Any] = types.MappingProxyType(
        {
            "model": "wan2.7-image",
            "prompt": "A fox",
            "image_urls": ("https://a.example/1.png",),
            "color_palette": tuple(types.MappingProxyType(color) for color in colors(20, 30, 50)),
        }
    )
    assert CATALOG.model("wan2.7-image").violations(request) == ()


def test_a_wrong_mapping_of_any_kind_is_shown() -> None:
    (one,) = violations("doubao-seedream-4.0", optimize_prompt_options=types.MappingProxyType({"mode": "fast"}))
    assert one.message.startswith('optimize_prompt_options {"mode": "fast"} is not offered')
