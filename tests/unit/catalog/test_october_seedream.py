"""The Seedream models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "seedream")

FOURS = ["seedream-4.0", "seedream-4.5"]
LITE, PRO, FLASH = "seedream-5.0-lite", "seedream-5.0-pro", "seedream-5.0-flash"
FIVES = [LITE, PRO, FLASH]
ALL = [*FOURS, *FIVES]
NOT_FLASH = [*FOURS, LITE, PRO]

TEN = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "2:1", "1:2", "21:9"]
TIERS = {
    "seedream-4.0": ["1k", "2k", "4k"],
    "seedream-4.5": ["2k", "4k"],
    LITE: ["2k", "3k", "4k"],
    PRO: ["1k", "1.5k", "2k"],
    FLASH: ["1k", "1.5k", "2k"],
}
EDIT: dict[str, Any] = {"action": "edit", "image_urls": images(1)}
CLEAR: dict[str, Any] = {"background": "transparent", "output_format": "png"}

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, **EDIT),
    *case(*ALL, action="edit", image_urls=[DATA_URI]),
    *case(*ALL, action="edit", image_urls=[], blame=bad("image_urls")),
    *case(*NOT_FLASH, action="edit", image_urls=images(2), blame=bad("image_urls")),
    *case(FLASH, action="edit", image_urls=images(10)),
    *case(FLASH, action="edit", image_urls=images(11), blame=bad("image_urls")),
    *case(*ALL, image_urls=images(1), blame=rule("image_urls")),
    *case(*ALL, action="generate", image_urls=images(1), blame=rule("image_urls")),
    *[
        one
        for gone in ("image2image", "reference", "inpaint", "group", "interactive_edit", "search_grounded")
        for one in case(*ALL, action=gone, image_urls=images(1), blame=bad("action"))
    ],
    *[one for ratio in TEN for one in case(*ALL, aspect_ratio=ratio)],
    *case(*FOURS, aspect_ratio="9:21"),
    *case(*FIVES, aspect_ratio="9:21", blame=bad("aspect_ratio")),
    *case(*ALL, **EDIT, aspect_ratio="auto"),
    *case(*FOURS, LITE, aspect_ratio="auto", blame=rule("aspect_ratio")),
    *case(*FOURS, LITE, action="generate", aspect_ratio="auto", blame=rule("aspect_ratio")),
    *case(PRO, FLASH, aspect_ratio="auto"),
    *case(PRO, FLASH, action="generate", aspect_ratio="auto"),
    *[
        one
        for tier in ("0.5k", "1k", "1.5k", "2k", "3k", "4k")
        for name in ALL
        for one in case(name, resolution=tier, blame=None if tier in TIERS[name] else bad("resolution"))
    ],
    *case(*ALL, n=1),
    *case(*ALL, **EDIT, n=1),
    *case(*FOURS, n=2, blame=rule("n")),
    *case(*FOURS, action="generate", n=14, blame=rule("n")),
    *case(*FOURS, action="group", n=14, blame=bad("action")),
    *case(*FOURS, LITE, **EDIT, n=14),
    *case(*FOURS, **EDIT, n=15, blame=bad("n")),
    *case(LITE, n=15),
    *case(LITE, n=16, blame=bad("n")),
    *case(LITE, **EDIT, n=15, blame=rule("n")),
    *case(PRO, FLASH, n=2, blame=bad("n")),
    *case(PRO, FLASH, **EDIT, n=2, blame=bad("n")),
    *case("seedream-4.0", optimize_prompt_options="fast"),
    *case("seedream-4.0", optimize_prompt_options="slow", blame=bad("optimize_prompt_options")),
    *case("seedream-4.0", optimize_prompt_options={"mode": "fast"}, blame=bad("optimize_prompt_options")),
    *case("seedream-4.5", optimize_prompt_options={"mode": "standard"}),
    *case("seedream-4.5", optimize_prompt_options={}),
    *case("seedream-4.5", optimize_prompt_options={"mode": "slow"}, blame=bad("optimize_prompt_options")),
    *case("seedream-4.5", optimize_prompt_options="fast", blame=bad("optimize_prompt_options")),
    *case(*FIVES, optimize_prompt_options="fast", blame=unknown("optimize_prompt_options")),
    *case(*FIVES, output_format="png"),
    *case(*FIVES, output_format="webp", blame=bad("output_format")),
    *case(*FOURS, output_format="jpeg", blame=unknown("output_format")),
    *case(PRO, FLASH, background="opaque"),
    *case(*FOURS, LITE, background="opaque", blame=unknown("background")),
    *case(PRO, FLASH, background="auto", blame=bad("background")),
    *case(PRO, FLASH, **EDIT, **CLEAR),
    *case(PRO, FLASH, **CLEAR, blame=rule("background")),
    *case(PRO, FLASH, **EDIT, background="transparent", blame=rule("background")),
    *case(PRO, FLASH, **EDIT, background="transparent", output_format="jpeg", blame=rule("background")),
    *case(FLASH, action="edit", image_urls=images(2), **CLEAR, blame=rule("background")),
    *case(FLASH, action="edit", image_urls=images(2), background="opaque"),
    *case(*ALL, watermark=True),
    *case(*ALL, watermark="yes", blame=bad("watermark")),
    *case(*ALL, seed=1, blame=unknown("seed")),
    *case(*ALL, quality="high", blame=unknown("quality")),
    *case(*ALL, negative_prompt="dogs", blame=unknown("negative_prompt")),
    *case(*ALL, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(*ALL, sequential_image_generation="auto", blame=unknown("sequential_image_generation")),
    *case(
        *ALL,
        sequential_image_generation_options={"max_images": 3},
        blame=unknown("sequential_image_generation_options"),
    ),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_seedream_request_is_held_to_what_is_documented(
    name: str, fields: dict[str, Any], blame: list[Blame]
) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_seedream_models() -> None:
    assert sorted(MODELS) == sorted(ALL)


COMMON = {"action": "generate", "n": 1, "aspect_ratio": "1:1", "resolution": "2k", "watermark": False}
DEFAULTS = {
    "seedream-4.0": {**COMMON, "optimize_prompt_options": "standard"},
    "seedream-4.5": COMMON,
    LITE: {**COMMON, "output_format": "jpeg"},
    PRO: {**COMMON, "aspect_ratio": "auto", "resolution": "1.5k", "output_format": "jpeg", "background": "opaque"},
    FLASH: {**COMMON, "aspect_ratio": "auto", "resolution": "1k", "output_format": "jpeg", "background": "opaque"},
}


@pytest.mark.parametrize("name", ALL)
def test_a_seedream_model_has_its_documented_defaults(name: str) -> None:
    fields = MODELS[name].fields
    assert {field: part["default"] for field, part in fields.items() if "default" in part} == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        (PRO, {"image_urls": images(1)}, 'image_urls is taken with action "edit" only: write action: edit'),
        (LITE, {"aspect_ratio": "auto"}, 'aspect_ratio "auto" is taken with action "edit" only'),
        (FOURS[0], {"n": 3}, 'n 3 is taken with action "edit" only: generate makes 1 image, and repeat makes several'),
        (LITE, {**EDIT, "n": 15}, "n 15 and the image_urls together are more than 15"),
        (PRO, {**EDIT, "background": "transparent"}, 'background "transparent" needs output_format "png", written out'),
        (
            PRO,
            CLEAR,
            'background "transparent" is taken with action "edit" only, of an image that has an alpha channel',
        ),
        (
            FLASH,
            {"action": "edit", "image_urls": images(2), **CLEAR},
            'background "transparent" is taken with a single image in image_urls only',
        ),
        (
            FOURS[1],
            {"optimize_prompt_options": "fast"},
            'optimize_prompt_options is a mapping such as {mode: fast} on seedream-4.5, not "fast"',
        ),
    ],
)
def test_a_seedream_mistake_is_told_in_a_sentence(name: str, fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[name].violations(**fields)] == [message]
