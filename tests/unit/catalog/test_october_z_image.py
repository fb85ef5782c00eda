"""Z-Image of October 2026: text to image, one image, and hardly a setting."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "z-image")

TURBO = "z-image-turbo"
REFUSED = {
    "image_urls": images(1),
    "n": 1,
    "seed": 7,
    "quality": "high",
    "negative_prompt": "rain",
    "mask_url": DATA_URI,
    "prompt_extend": False,
}

CASES = [
    *case(TURBO),
    *case(TURBO, action="generate"),
    *case(TURBO, action="edit", blame=bad("action")),
    *[one for ratio in ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3") for one in case(TURBO, aspect_ratio=ratio)],
    *[one for ratio in ("21:9", "auto") for one in case(TURBO, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *case(TURBO, resolution="1k"),
    *case(TURBO, resolution="2k"),
    *case(TURBO, resolution="4k", blame=bad("resolution")),
    *case(TURBO, prompt="x" * 801),
    *case(TURBO, prompt="", blame=bad("prompt")),
    *case(TURBO, callback_url="https://example.com/hook", callback_events=["completed"]),
    *[one for field, value in REFUSED.items() for one in case(TURBO, **{field: value}, blame=unknown(field))],
]


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_z_image_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_z_image_is_one_model_and_only_its_action_has_a_default() -> None:
    assert list(MODELS) == [TURBO]
    assert MODELS[TURBO].defaults == {"action": "generate"}


@pytest.mark.parametrize("field", REFUSED)
def test_z_image_says_which_field_it_does_not_take(field: str) -> None:
    (one,) = MODELS[TURBO].violations(**{field: REFUSED[field]})
    assert one.message == f'z-image-turbo takes no field "{field}"'
