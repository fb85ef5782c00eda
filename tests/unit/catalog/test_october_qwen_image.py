"""The Qwen image models of October 2026: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "qwen-image")

SECOND = ["qwen-image-2.0", "qwen-image-2.0-pro"]
THIRD = ["qwen-image-3.0", "qwen-image-3.0-pro"]
ALL = [*SECOND, *THIRD]
EDIT: dict[str, Any] = {"action": "edit", "image_urls": images(1)}

CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, **EDIT),
    *case(*ALL, action="edit", image_urls=images(3)),
    *case(*ALL, action="edit", image_urls=[DATA_URI]),
    *case(*ALL, action="edit", image_urls=[], blame=bad("image_urls")),
    *case(*SECOND, action="edit", image_urls=images(30)),
    *case(*THIRD, action="edit", image_urls=images(4), blame=bad("image_urls")),
    *case(*SECOND, image_urls=images(2)),
    *case(*SECOND, action="generate", image_urls=images(2)),
    *case(*THIRD, image_urls=images(2), blame=rule("image_urls")),
    *case(*THIRD, action="generate", image_urls=images(1), blame=rule("image_urls")),
    *[
        one
        for gone in ("image2image", "reference", "inpaint", "group", "interactive_edit", "search_grounded")
        for one in case(*ALL, action=gone, image_urls=images(2), blame=bad("action"))
    ],
    *[
        one
        for ratio in ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
        for one in case(*ALL, aspect_ratio=ratio)
    ],
    *[one for ratio in ("auto", "21:9", "2:1") for one in case(*ALL, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for tier in ("1k", "2k") for one in case(*ALL, resolution=tier)],
    *[one for tier in ("0.5k", "4k") for one in case(*ALL, resolution=tier, blame=bad("resolution"))],
    *case(*ALL, n=6),
    *case(*ALL, **EDIT, n=6),
    *case(*ALL, n=7, blame=bad("n")),
    *case(*ALL, n=0, blame=bad("n")),
    *case(*ALL, prompt="狐" * 5000),
    *case(*ALL, negative_prompt="狐" * 500),
    *case(*ALL, negative_prompt=""),
    *case(*ALL, negative_prompt="狐" * 501, blame=bad("negative_prompt")),
    *case(*THIRD, prompt_extend=False),
    *case(*THIRD, prompt_extend=True),
    *case(*THIRD, prompt_extend=True, prompt_extend_mode="direct"),
    *case(*THIRD, prompt_extend=True, prompt_extend_mode="agent"),
    *case(*THIRD, action="generate", prompt_extend=True, prompt_extend_mode="agent"),
    *case(*THIRD, **EDIT, prompt_extend=True, prompt_extend_mode="direct"),
    *case(*THIRD, **EDIT, prompt_extend=True, prompt_extend_mode="agent", blame=rule("prompt_extend_mode")),
    *case(*THIRD, prompt_extend_mode="direct", blame=rule("prompt_extend_mode")),
    *case(*THIRD, prompt_extend=False, prompt_extend_mode="direct", blame=rule("prompt_extend_mode")),
    *case(*THIRD, prompt_extend=True, prompt_extend_mode="both", blame=bad("prompt_extend_mode")),
    *case(*SECOND, prompt_extend=True, blame=unknown("prompt_extend")),
    *case(*SECOND, prompt_extend_mode="direct", blame=unknown("prompt_extend_mode")),
    *case(*ALL, seed=1, blame=unknown("seed")),
    *case(*ALL, quality="high", blame=unknown("quality")),
    *case(*ALL, watermark=False, blame=unknown("watermark")),
    *case(*ALL, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_qwen_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_qwen_models() -> None:
    assert sorted(MODELS) == sorted(ALL)


COMMON: dict[str, object] = {"action": "generate", "n": 1}
LATER = {**COMMON, "aspect_ratio": "1:1", "resolution": "1k", "prompt_extend": False}
DEFAULTS = {**dict.fromkeys(SECOND, COMMON), **dict.fromkeys(THIRD, LATER)}


@pytest.mark.parametrize("name", ALL)
def test_a_qwen_model_has_its_documented_defaults(name: str) -> None:
    fields = MODELS[name].fields
    assert {field: part["default"] for field, part in fields.items() if "default" in part} == DEFAULTS[name]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"image_urls": images(1)}, 'image_urls is taken with action "edit" only: write action: edit'),
        ({"prompt_extend_mode": "agent"}, "prompt_extend_mode needs prompt_extend: true"),
        (
            {**EDIT, "prompt_extend": True, "prompt_extend_mode": "agent"},
            'prompt_extend_mode "agent" is taken with action "generate" only: with "edit" it is "direct"',
        ),
        (
            {"action": "edit", "image_urls": images(4)},
            "image_urls has 4 entries; qwen-image-3.0 takes at most 3",
        ),
    ],
)
def test_a_qwen_mistake_is_told_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS["qwen-image-3.0"].violations(**fields)] == [message]
