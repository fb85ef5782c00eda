"""The Wan models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "wan-image")

PLAIN, PRO = "wan2.7-image", "wan2.7-image-pro"
ALL = [PLAIN, PRO]


def palette(*ratios: object) -> list[dict[str, object]]:
    return [{"hex": "#a0B1c2", "ratio": ratio} for ratio in ratios]


EDIT: dict[str, Any] = {"action": "edit", "image_urls": images(1)}
BOX = [10, 20, 30, 40]

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, **EDIT),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, action="edit", image_urls=images(9)),
    *case(*ALL, action="edit", image_urls=images(10), blame=bad("image_urls")),
    *case(*ALL, action="edit", image_urls=[], blame=bad("image_urls")),
    *case(*ALL, action="edit", image_urls=[DATA_URI, *images(2)]),
    *case(*ALL, image_urls=images(1), blame=rule("image_urls")),
    *case(*ALL, action="generate", image_urls=images(1), blame=rule("image_urls")),
    *[
        one
        for gone in ("image2image", "reference", "group", "interactive_edit")
        for one in case(*ALL, action=gone, blame=bad("action"))
    ],
    *[one for ratio in ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3") for one in case(*ALL, aspect_ratio=ratio)],
    *[one for ratio in ("21:9", "auto", "2:1") for one in case(*ALL, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for tier in ("1k", "2k") for one in case(*ALL, resolution=tier)],
    *case(*ALL, **EDIT, resolution="2k"),
    *case(PRO, resolution="4k"),
    *case(PRO, action="generate", resolution="4k", enable_sequential=False, n=4),
    *case(PRO, **EDIT, resolution="4k", blame=rule("resolution")),
    *case(PRO, resolution="4k", enable_sequential=True, blame=rule("resolution")),
    *case(PLAIN, resolution="4k", blame=bad("resolution")),
    *case(PRO, resolution="3k", blame=bad("resolution")),
    *case(*ALL, n=4),
    *case(*ALL, n=5, blame=rule("n")),
    *case(*ALL, n=5, enable_sequential=False, blame=rule("n")),
    *case(*ALL, n=12, enable_sequential=True),
    *case(*ALL, n=13, enable_sequential=True, blame=rule("n")),
    *case(*ALL, n=0, blame=bad("n")),
    *case(*ALL, **EDIT, n=4),
    *case(*ALL, **EDIT, n=12, enable_sequential=True),
    *case(*ALL, seed=7),
    *case(*ALL, seed=-1),
    *case(*ALL, seed=2**62),
    *case(*ALL, seed=1.5, blame=bad("seed")),
    *case(*ALL, negative_prompt="x" * 5000),
    *case(*ALL, negative_prompt=5, blame=bad("negative_prompt")),
    *case(*ALL, watermark=True),
    *case(*ALL, watermark="no", blame=bad("watermark")),
    *case(*ALL, thinking_mode=False),
    *case(*ALL, **EDIT, thinking_mode=True),
    *case(*ALL, thinking_mode=True, enable_sequential=True),
    *case(*ALL, **EDIT, bbox_list=[[BOX, BOX]]),
    *case(*ALL, **EDIT, bbox_list=[[]]),
    *case(*ALL, action="edit", image_urls=images(3), bbox_list=[[BOX], [], [BOX, BOX]]),
    *case(*ALL, **EDIT, bbox_list=[[BOX, BOX, BOX]], blame=bad("bbox_list")),
    *case(*ALL, **EDIT, bbox_list=[[[1, 2, 3]]], blame=bad("bbox_list")),
    *case(*ALL, **EDIT, bbox_list=[[[1, 2, 3, 4.5]]], blame=bad("bbox_list")),
    *case(*ALL, **EDIT, bbox_list=[BOX], blame=bad("bbox_list")),
    *case(*ALL, **EDIT, bbox_list=[[], []], blame=rule("bbox_list")),
    *case(*ALL, action="edit", image_urls=images(2), bbox_list=[[BOX]], blame=rule("bbox_list")),
    *case(*ALL, bbox_list=[[BOX]], blame=rule("bbox_list")),
    *case(*ALL, color_palette=palette(40, 60), blame=bad("color_palette")),
    *case(*ALL, color_palette=palette(33.3, 33.3, 33.4)),
    *case(*ALL, color_palette=palette(*[10] * 10)),
    *case(*ALL, color_palette=palette(*[10] * 9, 5, 5), blame=bad("color_palette")),
    *case(*ALL, color_palette=palette(33.3, 33.3, 33.3), blame=bad("color_palette")),
    *case(*ALL, color_palette=palette(33.33, 33.33, 33.35), blame=bad("color_palette")),
    *case(*ALL, color_palette=[*palette(40, 60), {"hex": "red", "ratio": 0}], blame=bad("color_palette")),
    *case(*ALL, color_palette=[*palette(40, 60), {"hex": "#aabbcc"}], blame=bad("color_palette")),
    *case(*ALL, color_palette=palette(20, 30, 50), enable_sequential=True),
    *case(*ALL, quality="high", blame=unknown("quality")),
    *case(*ALL, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(*ALL, prompt="", blame=bad("prompt")),
    *case(*ALL, prompt="画一只狐狸" * 2000),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_wan_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_wan_models() -> None:
    assert list(MODELS) == ALL


@pytest.mark.parametrize("name", ALL)
def test_a_wan_model_has_its_documented_defaults(name: str) -> None:
    assert MODELS[name].defaults == {
        "action": "generate",
        "n": 1,
        "aspect_ratio": "1:1",
        "resolution": "2k",
        "thinking_mode": True,
        "enable_sequential": False,
    }


@pytest.mark.parametrize("action", [{}, EDIT, {"enable_sequential": True}])
def test_the_defaults_of_wan_written_out_change_no_verdict(action: dict[str, Any]) -> None:
    for model in MODELS.values():
        assert model.violations(**{**model.defaults, **action}) == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image_urls": images(1)}, 'image_urls is taken with action "edit" only: write action: edit'),
        ({"action": "edit"}, 'action "edit" needs image_urls'),
        ({"n": 9}, "n 9 is above the maximum 4 without enable_sequential: true"),
        ({"n": 13, "enable_sequential": True}, "n 13 is above the maximum 12 with enable_sequential"),
        (
            {**EDIT, "resolution": "4k"},
            'resolution "4k" is offered with action "generate" only, 2k is the most with "edit"',
        ),
        (
            {"resolution": "4k", "enable_sequential": True},
            'resolution "4k" is not offered with enable_sequential, 2k is the most',
        ),
        ({"bbox_list": [[BOX]]}, 'bbox_list is taken with action "edit" only'),
        ({**EDIT, "bbox_list": []}, "bbox_list needs one entry for each of image_urls"),
        (
            {"color_palette": palette(50, 30, 30)},
            "color_palette has ratios that add up to 110, not exactly 100",
        ),
        ({"mask_url": "x"}, 'wan2.7-image-pro takes no field "mask_url"'),
    ],
)
def test_a_wan_mistake_is_told_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[PRO].violations(**fields)] == [message]
