"""The Gemini models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "gemini")

PRO = ["gemini-3-pro-image", "gemini-3-pro-image-rev"]
FLASH = ["gemini-3.1-flash-image", "gemini-3.1-flash-image-rev"]
LITE = ["gemini-3.1-flash-lite-image", "gemini-3.1-flash-lite-image-rev"]
OLD = "gemini-2.5-flash-image-preview-rev"
NANO, NANO_REV = "gemini-nano-banana-2.1", "gemini-nano-banana-2.1-rev"
ALL = [*PRO, *FLASH, *LITE, OLD, NANO, NANO_REV]
NARROW = [*PRO, *LITE, OLD]
WIDE = [*FLASH, NANO, NANO_REV]

NANO11 = ["auto", "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"]
EXTREME4 = ["1:4", "4:1", "1:8", "8:1"]

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, action="edit", image_urls=images(1)),
    *case(*ALL, action="edit", image_urls=images(14)),
    *case(*ALL, action="edit", image_urls=images(15), blame=bad("image_urls")),
    *case(*ALL, action="edit", image_urls=[], blame=bad("image_urls")),
    *case(*ALL, action="edit", image_urls=[DATA_URI]),
    *case(*ALL, action="edit", image_urls=["data:image/gif;base64,R0lGOD"], blame=bad("image_urls")),
    *case(*ALL, image_urls=images(2)),
    *case(*ALL, action="generate", image_urls=images(14)),
    *[
        one
        for gone in ("image2image", "reference", "inpaint", "group", "interactive_edit", "search_grounded")
        for one in case(*ALL, action=gone, blame=bad("action"))
    ],
    *[one for ratio in NANO11 for one in case(*ALL, aspect_ratio=ratio)],
    *[one for ratio in EXTREME4 for one in case(*WIDE, aspect_ratio=ratio)],
    *[one for ratio in EXTREME4 for one in case(*NARROW, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for ratio in ("9:21", "2:1", "1:2") for one in case(*ALL, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for tier in ("1k", "2k", "4k") for one in case(*PRO, *FLASH, NANO, NANO_REV, resolution=tier)],
    *case(*FLASH, resolution="0.5k"),
    *case(*PRO, OLD, NANO, NANO_REV, resolution="0.5k", blame=bad("resolution")),
    *case(OLD, resolution="1k"),
    *case(OLD, resolution="2k", blame=bad("resolution")),
    *case(*LITE, resolution="1k", blame=unknown("resolution")),
    *case(*PRO, resolution="3k", blame=bad("resolution")),
    *[one for ratio in EXTREME4 for one in case(NANO_REV, aspect_ratio=ratio, resolution="1k")],
    *[
        one
        for ratio in EXTREME4
        for tier in ("2k", "4k")
        for one in case(NANO_REV, aspect_ratio=ratio, resolution=tier, blame=rule("resolution"))
    ],
    *[one for ratio in EXTREME4 for one in case(*FLASH, NANO, aspect_ratio=ratio, resolution="4k")],
    *case(NANO_REV, aspect_ratio="21:9", resolution="4k"),
    *case(NANO_REV, resolution="4k"),
    *case(*ALL, n=1),
    *case(*ALL, n=0, blame=bad("n")),
    *case(*[name for name in ALL if name != NANO], n=2, blame=bad("n")),
    *case(NANO, n=4),
    *case(NANO, n=5, blame=bad("n")),
    *case(*FLASH, google_search=True),
    *case(*FLASH, google_search=True, google_image_search=True),
    *case(*FLASH, google_search=False, google_image_search=False),
    *case(*FLASH, google_image_search=False),
    *case(*FLASH, google_image_search=True, blame=rule("google_image_search")),
    *case(*FLASH, google_search=False, google_image_search=True, blame=rule("google_image_search")),
    *case(*FLASH, google_search="yes", blame=bad("google_search")),
    *case(*NARROW, NANO, NANO_REV, google_search=True, blame=unknown("google_search")),
    *case(*NARROW, NANO, NANO_REV, google_image_search=False, blame=unknown("google_image_search")),
    *case(*ALL, seed=-1, blame=unknown("seed")),
    *case(*ALL, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(*ALL, quality="high", blame=unknown("quality")),
    *case(*ALL, official_fallback=False, blame=unknown("official_fallback")),
    *case(*ALL, prompt="", blame=bad("prompt")),
    *case(*ALL, prompt="画一只狐狸" * 2000),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_gemini_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_gemini_models() -> None:
    assert sorted(MODELS) == sorted(ALL)


DEFAULTS = {
    **dict.fromkeys([*PRO, *FLASH], ("1:1", "1k")),
    **dict.fromkeys(LITE, ("1:1", None)),
    OLD: (None, "1k"),
    **dict.fromkeys((NANO, NANO_REV), ("auto", "1k")),
}


@pytest.mark.parametrize("name", ALL)
def test_a_gemini_model_has_its_documented_defaults(name: str) -> None:
    fields = MODELS[name].fields
    assert fields["action"]["default"] == "generate"
    assert fields["n"]["default"] == 1
    assert (fields["aspect_ratio"].get("default"), fields.get("resolution", {}).get("default")) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        (FLASH[0], {"google_image_search": True}, "google_image_search: true needs google_search: true"),
        (
            NANO_REV,
            {"aspect_ratio": "8:1", "resolution": "4k"},
            'aspect_ratio 1:4, 4:1, 1:8 and 8:1 are offered with resolution "1k" only, not with "4k"',
        ),
        (PRO[0], {"action": "edit"}, 'action "edit" needs image_urls'),
        (LITE[0], {"resolution": "1k"}, 'gemini-3.1-flash-lite-image takes no field "resolution"'),
        (PRO[1], {"n": 2}, "n 2 is above the maximum 1 of gemini-3-pro-image-rev"),
    ],
)
def test_a_gemini_mistake_is_told_in_a_sentence(name: str, fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[name].violations(**fields)] == [message]
