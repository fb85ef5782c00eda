"""The MAI-Image models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "mai-image")

FULL, FLASH = "mai-image-2.6", "mai-image-2.6-flash"
ALL = [FULL, FLASH]

LONG = ["auto", "1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "2:1", "1:2", "21:9", "9:21", "4:1", "1:4"]
EDIT: dict[str, Any] = {"action": "edit", "image_urls": images(1)}

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, **EDIT),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, action="edit", image_urls=images(5)),
    *case(*ALL, action="edit", image_urls=images(6), blame=bad("image_urls")),
    *case(*ALL, action="edit", image_urls=[DATA_URI]),
    *case(*ALL, image_urls=images(1), blame=rule("image_urls")),
    *case(*ALL, action="inpaint", blame=bad("action")),
    *[one for ratio in LONG for one in case(*ALL, aspect_ratio=ratio)],
    *case(*ALL, aspect_ratio="5:4", blame=bad("aspect_ratio")),
    *[one for tier in ("1k", "2k") for one in case(*ALL, resolution=tier)],
    *case(*ALL, resolution="4k", blame=bad("resolution")),
    *case(*ALL, **EDIT, aspect_ratio="21:9", resolution="2k"),
    *case(*ALL, n=1),
    *case(*ALL, n=2, blame=bad("n")),
    *case(*ALL, web_grounding=True),
    *case(*ALL, **EDIT, web_grounding=True),
    *case(*ALL, web_grounding="on", blame=bad("web_grounding")),
    *case(*ALL, width=768, height=768),
    *case(*ALL, width=1536, height=1536),
    *case(*ALL, width=3072, height=768),
    *case(*ALL, width=1000, height=777),
    *case(*ALL, width=1024, height=1024, aspect_ratio="16:9", resolution="2k"),
    *case(*ALL, width=1537, height=1536, blame=rule("width")),
    *case(*ALL, width=2048, height=2048, blame=rule("width")),
    *case(*ALL, width=767, height=1024, blame=bad("width")),
    *case(*ALL, width=1024, height=767, blame=bad("height")),
    *case(*ALL, width=1024.5, height=1024, blame=bad("width")),
    *case(*ALL, width=1024, height="1024", blame=bad("height")),
    *case(*ALL, width=1024, blame=rule("width")),
    *case(*ALL, height=1024, blame=rule("height")),
    *[
        one
        for field, value in {
            "seed": 7,
            "quality": "high",
            "background": "opaque",
            "output_format": "png",
            "negative_prompt": "rain",
            "mask_url": DATA_URI,
        }.items()
        for one in case(*ALL, **{field: value}, blame=unknown(field))
    ],
    *case(*ALL, prompt="", blame=bad("prompt")),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_mai_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


@pytest.mark.parametrize("name", ALL)
def test_an_edit_takes_no_size(name: str) -> None:
    found = MODELS[name].violations(**EDIT, width=1024, height=1024)
    assert blames(found) == [rule("width"), rule("height")]


@pytest.mark.parametrize("name", ALL)
def test_a_mai_model_has_its_documented_defaults(name: str) -> None:
    model = MODELS[name]
    assert model.defaults == {
        "action": "generate",
        "n": 1,
        "aspect_ratio": "1:1",
        "resolution": "1k",
        "web_grounding": False,
    }
    assert model.violations(**model.defaults) == ()
    assert model.violations(**{**model.defaults, **EDIT}) == ()
    assert model.violations(**model.defaults, width=1024, height=800) == ()


def test_these_are_the_mai_models() -> None:
    assert list(MODELS) == ALL


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image_urls": images(1)}, 'image_urls is taken with action "edit" only: write action: edit'),
        ({"width": 1024}, "width is taken together with height only"),
        ({"height": 1024}, "height is taken together with width only"),
        (
            {"width": 1600, "height": 1500},
            "width 1600 times height is more than 2359296 pixels, the most that an image may have",
        ),
        ({"width": 700, "height": 5000}, "width 700 is below the minimum 768 of mai-image-2.6"),
        ({"quality": "high"}, 'mai-image-2.6 takes no field "quality"'),
    ],
)
def test_a_mai_mistake_is_told_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[FULL].violations(**fields)] == [message]


def test_a_size_with_an_edit_is_told_why() -> None:
    found = MODELS[FULL].violations(**EDIT, width=1024, height=1024)
    assert [one.message for one in found] == [
        'width is taken with action "generate" only, the model sets the size of an edit',
        'height is taken with action "generate" only, the model sets the size of an edit',
    ]
