"""The Grok Imagine models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "grok-imagine")

FIRST, FINE, SECOND = "grok-imagine-image", "grok-imagine-image-quality", "grok-imagine-image-2.0"
OFFICIAL = [FIRST, FINE, SECOND]
SECOND_REV, OLD, OLD_EDIT = "grok-imagine-image-2.0-rev", "grok-imagine-1.5-rev", "grok-imagine-1.5-edit-rev"
ALL = [*OFFICIAL, SECOND_REV, OLD, OLD_EDIT]
EDITORS = [*OFFICIAL, OLD_EDIT]

FIVE = ["1:1", "16:9", "9:16", "3:2", "2:3"]
SEVEN = [*FIVE, "3:4", "4:3"]
MORE = ["auto", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1"]


def edit(count: int) -> dict[str, Any]:
    return {"action": "edit", "image_urls": images(count)}


CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*EDITORS, **edit(1)),
    *case(*EDITORS, action="edit", blame=missing("image_urls")),
    *case(SECOND_REV, OLD, action="edit", blame=bad("action")),
    *case(FIRST, OLD_EDIT, **edit(5)),
    *case(FIRST, OLD_EDIT, **edit(6), blame=bad("image_urls")),
    *case(FINE, SECOND, **edit(3)),
    *case(FINE, SECOND, **edit(4), blame=bad("image_urls")),
    *case(*OFFICIAL, image_urls=images(1), blame=rule("image_urls")),
    *case(*OFFICIAL, action="generate", image_urls=images(1), blame=rule("image_urls")),
    *case(SECOND_REV, image_urls=images(1), blame=unknown("image_urls")),
    *case(OLD, OLD_EDIT, image_urls=images(5)),
    *case(OLD, OLD_EDIT, action="generate", image_urls=images(1)),
    *case(OLD, image_urls=images(6), blame=bad("image_urls")),
    *case(*EDITORS, action="edit", image_urls=[DATA_URI], blame=bad("image_urls")),
    *case(OLD, image_urls=[DATA_URI], blame=bad("image_urls")),
    *[one for ratio in [*SEVEN, *MORE] for one in case(*OFFICIAL, aspect_ratio=ratio)],
    *[one for ratio in SEVEN for one in case(SECOND_REV, aspect_ratio=ratio)],
    *[one for ratio in FIVE for one in case(OLD, aspect_ratio=ratio)],
    *[one for ratio in MORE for one in case(SECOND_REV, OLD, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *case(OLD, aspect_ratio="3:4", blame=bad("aspect_ratio")),
    *case(*OFFICIAL, aspect_ratio="21:9", blame=bad("aspect_ratio")),
    *case(OLD_EDIT, aspect_ratio="1:1", blame=unknown("aspect_ratio")),
    *case(OLD_EDIT, **edit(1), aspect_ratio="1:1", blame=unknown("aspect_ratio")),
    *[one for tier in ("1k", "2k") for one in case(*OFFICIAL, resolution=tier)],
    *case(*OFFICIAL, resolution="4k", blame=bad("resolution")),
    *case(SECOND_REV, OLD, OLD_EDIT, resolution="1k", blame=unknown("resolution")),
    *case(*ALL, n=10),
    *case(SECOND_REV, n=12),
    *case(SECOND_REV, n=13, blame=bad("n")),
    *case(*OFFICIAL, OLD, OLD_EDIT, n=11, blame=bad("n")),
    *case(*ALL, n=0, blame=bad("n")),
    *case(FIRST, **edit(1), n=1),
    *case(FIRST, **edit(1), n=2, blame=rule("n")),
    *case(FINE, SECOND, OLD_EDIT, **edit(1), n=10),
    *case(SECOND, quality="low"),
    *case(SECOND, action="generate", quality="medium", n=10),
    *case(SECOND, quality="high", blame=bad("quality")),
    *case(SECOND, **edit(1), quality="low", blame=rule("quality")),
    *case(FIRST, FINE, SECOND_REV, OLD, OLD_EDIT, quality="low", blame=unknown("quality")),
    *case(*ALL, seed=7, blame=unknown("seed")),
    *case(*ALL, mask_url=images(1)[0], blame=unknown("mask_url")),
    *case(*ALL, prompt="", blame=bad("prompt")),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_grok_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_grok_models() -> None:
    assert list(MODELS) == ALL


LONG = {"action": "generate", "n": 1, "aspect_ratio": "auto", "resolution": "1k"}
DEFAULTS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(OFFICIAL, LONG),
    SECOND_REV: {"action": "generate", "n": 1, "aspect_ratio": "1:1"},
    **{key: {"action": "generate", "n": 1} for key in (OLD, OLD_EDIT)},
}


@pytest.mark.parametrize("name", ALL)
def test_a_grok_model_has_its_documented_defaults(name: str) -> None:
    assert MODELS[name].defaults == DEFAULTS[name]
    assert MODELS[name].violations(**DEFAULTS[name]) == ()


@pytest.mark.parametrize("name", EDITORS)
def test_the_defaults_of_grok_written_out_change_no_edit(name: str) -> None:
    assert MODELS[name].violations(**{**DEFAULTS[name], **edit(1)}) == ()


@pytest.mark.parametrize(
    ("name", "fields", "messages"),
    [
        (FIRST, {"image_urls": images(1)}, ['image_urls is taken with action "edit" only: write action: edit']),
        (FIRST, {**edit(1), "n": 3}, ['n 3 is above the maximum 1 with action "edit"']),
        (
            OLD,
            {"image_urls": ["data:image/png;base64,AA"]},
            [
                (
                    'image_urls[0] "data:image/png;base64,AA" is no http or https address; '
                    "grok-imagine-1.5-rev wants images that anyone can reach and takes no data: URI"
                )
            ],
        ),
        (
            SECOND,
            {**edit(1), "quality": "low"},
            ['quality is taken with action "generate" only', "quality is not taken together with image_urls"],
        ),
        (
            SECOND,
            {"image_urls": images(1), "quality": "low"},
            [
                'image_urls is taken with action "edit" only: write action: edit',
                "quality is not taken together with image_urls",
            ],
        ),
        (OLD_EDIT, {"aspect_ratio": "1:1"}, ['grok-imagine-1.5-edit-rev takes no field "aspect_ratio"']),
    ],
)
def test_a_grok_mistake_is_told_in_a_sentence(name: str, fields: dict[str, Any], messages: list[str]) -> None:
    assert [one.message for one in MODELS[name].violations(**fields)] == messages
