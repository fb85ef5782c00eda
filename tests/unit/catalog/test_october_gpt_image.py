"""The GPT image models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "gpt-image")

FIRST = ["gpt-image-1", "gpt-image-1.5"]
SECOND = "gpt-image-2"
YOUNG = ["gpt-image-2.5-flare", "gpt-image-2.5-sunburst"]
LATER = [SECOND, *YOUNG]
OFFICIAL = [*FIRST, *LATER]
SECOND_REV = "gpt-image-2-rev"
YOUNG_REV = ["gpt-image-2.5-flare-rev", "gpt-image-2.5-sunburst-rev"]
REVERSE = [SECOND_REV, *YOUNG_REV]
ALL = [*OFFICIAL, *REVERSE]

THREE = ["1:1", "2:3", "3:2"]
OF_BOTH = ["4:3", "3:4", "5:4", "4:5", "16:9", "9:16", "21:9"]
FIFTEEN_ONLY = ["2:1", "1:2", "3:1", "1:3", "9:21"]
HOOK: dict[str, Any] = {"callback_url": "https://example.com/hook", "callback_events": ["completed"]}
EDIT: dict[str, Any] = {"action": "edit", "image_urls": images(1)}
JPEG, WEBP = "data:image/jpeg;base64,/9j/4AAQ", "data:image/webp;base64,UklGRg=="

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate", **HOOK),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, **EDIT),
    *case(*ALL, action="edit", image_urls=[DATA_URI, JPEG, WEBP]),
    *case(*ALL, action="edit", image_urls=images(15)),
    *case(*LATER, *YOUNG_REV, action="edit", image_urls=images(16)),
    *case(*FIRST, SECOND_REV, action="edit", image_urls=images(16), blame=bad("image_urls")),
    *case(*LATER, *YOUNG_REV, action="edit", image_urls=images(17), blame=bad("image_urls")),
    *case(*ALL, image_urls=images(3)),
    *[
        one
        for gone in ("image2image", "reference", "inpaint", "group", "interactive_edit", "search_grounded")
        for one in case(*ALL, action=gone, blame=bad("action"))
    ],
    *[one for ratio in THREE for one in case(*ALL, aspect_ratio=ratio)],
    *[one for ratio in OF_BOTH for one in case(*LATER, *REVERSE, aspect_ratio=ratio)],
    *[one for ratio in OF_BOTH for one in case(*FIRST, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for ratio in FIFTEEN_ONLY for one in case(*LATER, SECOND_REV, aspect_ratio=ratio)],
    *[one for ratio in FIFTEEN_ONLY for one in case(*FIRST, *YOUNG_REV, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *case(*YOUNG_REV, aspect_ratio="auto"),
    *case(*OFFICIAL, SECOND_REV, aspect_ratio="auto", blame=bad("aspect_ratio")),
    *[one for tier in ("1k", "2k", "4k") for one in case(*LATER, *REVERSE, resolution=tier)],
    *case(*LATER, *REVERSE, resolution="4k", aspect_ratio="1:1"),
    *case(*LATER, *REVERSE, resolution="3k", blame=bad("resolution")),
    *case(*FIRST, resolution="1k", blame=unknown("resolution")),
    *case(*ALL, n=1),
    *case(*ALL, n=2, blame=bad("n")),
    *case(*ALL, seed=7, blame=unknown("seed")),
    *case(*ALL, style="vivid", blame=unknown("style")),
    *case(*ALL, official_fallback=True, blame=unknown("official_fallback")),
    *[one for level in ("low", "medium", "high") for one in case(*OFFICIAL, quality=level)],
    *case(*FIRST, quality="auto"),
    *case(*LATER, quality="auto", blame=bad("quality")),
    *[one for level in ("xhigh", "max") for one in case(*YOUNG, quality=level)],
    *[one for level in ("xhigh", "max") for one in case(*FIRST, SECOND, quality=level, blame=bad("quality"))],
    *case(*OFFICIAL, moderation="low"),
    *case(*OFFICIAL, moderation="auto"),
    *case(*OFFICIAL, moderation="high", blame=bad("moderation")),
    *case(*OFFICIAL, output_format="png"),
    *case(*OFFICIAL, output_format="jpeg"),
    *case(*LATER, output_format="webp"),
    *case(*FIRST, output_format="webp", blame=bad("output_format")),
    *case(*OFFICIAL, background="opaque", output_format="jpeg"),
    *case(*OFFICIAL, background="transparent"),
    *case(*OFFICIAL, background="transparent", output_format="png"),
    *case(*OFFICIAL, background="transparent", output_format="jpeg", blame=rule("background")),
    *case(*LATER, background="transparent", output_format="webp"),
    *case(*OFFICIAL, output_format="jpeg", output_compression=0),
    *case(*OFFICIAL, output_format="jpeg", output_compression=100),
    *case(*LATER, output_format="webp", output_compression=50),
    *case(*OFFICIAL, output_compression=50, blame=rule("output_compression")),
    *case(*OFFICIAL, output_format="png", output_compression=50, blame=rule("output_compression")),
    *case(*OFFICIAL, output_format="jpeg", output_compression=101, blame=bad("output_compression")),
    *case(*OFFICIAL, output_format="jpeg", output_compression=-1, blame=bad("output_compression")),
    *case(*OFFICIAL, **EDIT, mask_url="https://example.com/mask.png"),
    *case(*OFFICIAL, **EDIT, mask_url=DATA_URI),
    *case(*FIRST, SECOND, **EDIT, mask_url=WEBP),
    *case(*YOUNG, **EDIT, mask_url=WEBP, blame=bad("mask_url")),
    *case(*FIRST, *YOUNG, **EDIT, mask_url=JPEG, blame=bad("mask_url")),
    *case(SECOND, **EDIT, mask_url=JPEG),
    *case(*OFFICIAL, action="edit", mask_url=DATA_URI, blame=missing("image_urls")),
    *case(*OFFICIAL, mask_url=DATA_URI, blame=rule("mask_url")),
    *case(*OFFICIAL, mask_url=DATA_URI, image_urls=images(1), blame=rule("mask_url")),
    *case(*OFFICIAL, action="generate", mask_url=DATA_URI, image_urls=images(1), blame=rule("mask_url")),
    *case(*REVERSE, **EDIT, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(*REVERSE, quality="low", blame=unknown("quality")),
    *case(*REVERSE, background="auto", blame=unknown("background")),
    *case(*REVERSE, output_format="png", blame=unknown("output_format")),
    *case(*REVERSE, output_compression=50, blame=unknown("output_compression")),
    *case(*REVERSE, moderation="auto", blame=unknown("moderation")),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_gpt_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_gpt_models() -> None:
    assert sorted(MODELS) == sorted(ALL)


COMMON = {"action": "generate", "n": 1, "aspect_ratio": "1:1"}
TIERED = {**COMMON, "resolution": "1k"}
FORMAT = {"output_format": "png"}
DEFAULTS = {
    **{name: {**COMMON, **FORMAT, "quality": "auto", "background": "auto", "moderation": "auto"} for name in FIRST},
    SECOND: {**TIERED, **FORMAT, "quality": "low", "background": "auto", "moderation": "auto"},
    **{name: {**TIERED, **FORMAT, "quality": "low", "moderation": "low"} for name in YOUNG},
    **dict.fromkeys(REVERSE, TIERED),
}


@pytest.mark.parametrize("name", ALL)
def test_a_gpt_model_has_its_documented_defaults(name: str) -> None:
    fields = MODELS[name].fields
    assert {field: part["default"] for field, part in fields.items() if "default" in part} == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        (SECOND, {"mask_url": DATA_URI}, 'mask_url is taken with action "edit" and image_urls only'),
        (
            FIRST[0],
            {"output_compression": 50},
            'output_compression is taken with output_format "jpeg" only, written out',
        ),
        (
            SECOND,
            {"output_compression": 50},
            'output_compression is taken with output_format "jpeg" or "webp" only, written out',
        ),
        (
            FIRST[1],
            {"background": "transparent", "output_format": "jpeg"},
            'background "transparent" needs output_format "png"',
        ),
        (
            YOUNG[0],
            {"background": "transparent", "output_format": "jpeg"},
            'background "transparent" needs output_format "png" or "webp"',
        ),
        (SECOND, {"quality": "xhigh"}, 'quality "xhigh" is not offered by gpt-image-2'),
        (
            YOUNG[0],
            {**EDIT, "mask_url": "mask.png"},
            'mask_url "mask.png" is neither an http or https address nor a data: URI of a PNG of at most 30 MB',
        ),
    ],
)
def test_a_gpt_mistake_is_told_in_a_sentence(name: str, fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[name].violations(**fields)] == [message]
