"""The rules of May 2026 for values and between fields, each with a request on either side of it."""

import math
from typing import Any

from qwave_batch.catalog.catalog_files import open_catalog
from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import VendorModel

CATALOG = open_catalog("2026-05")

GEMINI = ["gemini-3-pro-image-preview", "gemini-3.1-flash-image-preview", "gemini-2.5-flash-image-preview-official"]
GPT = ["gpt-image-2", "gpt-image-1.5-official", "gpt-image-1-official"]
SEEDREAM_4 = ["doubao-seedream-4.5", "doubao-seedream-4.0"]
SEEDREAM = ["doubao-seedream-5.0-lite", *SEEDREAM_4]
QWEN = ["qwen-image-2.0-pro", "qwen-image-2.0"]
WAN = "wan2.7-image"
Z_IMAGE = "z-image-turbo"
IMAGEN = "imagen-4.0"
TAKE_IMAGES = [*GEMINI, *GPT, *SEEDREAM, *QWEN, WAN]
TAKE_EDITS = [*GEMINI, *GPT, *SEEDREAM_4, WAN]
TAKE_REFERENCES = [*GEMINI, *GPT, *SEEDREAM_4, *QWEN, WAN]


def palette(*ratios: object) -> list[dict[str, object]]:
    return [{"hex": "#a0B1c2", "ratio": ratio} for ratio in ratios]


ACTIONS = [
    *case(*CATALOG.models),
    *case(*CATALOG.models, action="generate"),
    *case(*TAKE_IMAGES, action="image2image", blame=missing("image_urls")),
    *case(*TAKE_IMAGES, action="image2image", image_urls=images(1)),
    *case(*TAKE_IMAGES, action="generate", image_urls=images(3)),
    *case(*TAKE_IMAGES, image_urls=images(2)),
    *case(*TAKE_IMAGES, image_urls=[], blame=bad("image_urls")),
    *case(IMAGEN, Z_IMAGE, image_urls=images(1), blame=unknown("image_urls")),
    *case(*TAKE_EDITS, action="edit", blame=missing("image_urls")),
    *case(*TAKE_EDITS, action="edit", image_urls=images(1)),
    *case(*TAKE_REFERENCES, action="reference", blame=missing("image_urls")),
    *case(*TAKE_REFERENCES, action="reference", image_urls=images(1), blame=rule("image_urls")),
    *case(*TAKE_REFERENCES, action="reference", image_urls=images(2)),
    *case(*GEMINI, *GPT, *SEEDREAM, action="image2image", image_urls=images(3)),
    *case(*QWEN, WAN, action="image2image", image_urls=images(2), blame=rule("image_urls")),
    *case(*QWEN, action="reference", image_urls=images(30)),
    *case(WAN, action="edit", image_urls=images(2), blame=rule("image_urls")),
    *case(WAN, action="reference", image_urls=images(9)),
    *case(WAN, action="reference", image_urls=images(10), blame=bad("image_urls")),
    *case("gemini-3.1-flash-image-preview", action="search_grounded"),
    *case("gemini-3.1-flash-image-preview", google_search=True, google_image_search=True),
    *case("gemini-3.1-flash-image-preview", google_search=1, blame=bad("google_search")),
    *case("gemini-3.1-flash-image-preview", google_image_search="yes", blame=bad("google_image_search")),
    *case(*GEMINI, "gpt-image-2", official_fallback=True),
    *case(*GEMINI, "gpt-image-2", official_fallback=1, blame=bad("official_fallback")),
    *case("gemini-3-pro-image-preview", action="search_grounded", blame=bad("action")),
    *case("gemini-3-pro-image-preview", google_search=True, blame=unknown("google_search")),
    *case(*SEEDREAM, action="group"),
    *case("doubao-seedream-5.0-lite", action="edit", image_urls=images(1), blame=bad("action")),
]

MASKS_AND_BOXES = [
    *case(*GPT, action="inpaint", image_urls=images(1), mask_url="https://example.com/mask.png"),
    *case(*GPT, action="inpaint", image_urls=images(1), mask_url=DATA_URI),
    *case(*GPT, action="inpaint", image_urls=images(1), blame=missing("mask_url")),
    *case(*GPT, action="inpaint", mask_url=DATA_URI, blame=missing("image_urls")),
    *case(*GPT, action="edit", image_urls=images(1), mask_url=DATA_URI, blame=rule("mask_url")),
    *case(*GPT, mask_url=DATA_URI, blame=rule("mask_url")),
    *case(*GEMINI, *QWEN, WAN, IMAGEN, mask_url=DATA_URI, blame=unknown("mask_url")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 20, 30]]]),
    *case(WAN, action="interactive_edit", image_urls=images(2), bbox_list=[[], [[0, 1, 2, 3], [4, 5, 6, 7]]]),
    *case(WAN, action="interactive_edit", image_urls=images(9), bbox_list=[[]] * 9),
    *case(WAN, action="interactive_edit", image_urls=images(1), blame=missing("bbox_list")),
    *case(WAN, action="interactive_edit", bbox_list=[[[0, 1, 2, 3]]], blame=missing("image_urls")),
    *case(WAN, action="interactive_edit", image_urls=images(2), bbox_list=[[]], blame=rule("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[], []], blame=rule("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 2, 3]] * 3], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 2]]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 2, 3.5]]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 2, True]]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, -1, 2, 3]]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[0, 1, 2, 3]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[[[0, 1, 2, 3, 4]]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=[["box"]], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list=["box"], blame=bad("bbox_list")),
    *case(WAN, action="interactive_edit", image_urls=images(1), bbox_list="box", blame=bad("bbox_list")),
    *case(WAN, action="edit", image_urls=images(1), bbox_list=[[]], blame=rule("bbox_list")),
    *case(WAN, image_urls=images(1), bbox_list=[[]], blame=rule("bbox_list")),
]  # fmt: skip

INLINE_IMAGES = [
    *case(*GEMINI, *GPT, *SEEDREAM, WAN, image_urls=[DATA_URI]),
    *case(*QWEN, image_urls=[DATA_URI], blame=bad("image_urls")),
    *case(*GPT, image_urls=["data:text/plain;base64,AAAA"], blame=bad("image_urls")),
    *case(*GPT, image_urls=["data:image/png;base64,"], blame=bad("image_urls")),
    *case(*GEMINI, *GPT, *SEEDREAM, WAN, image_urls=["data:image/jpeg;base64," + "A" * 41_943_040]),
    *case(
        *GEMINI,
        *GPT,
        *SEEDREAM,
        WAN,
        image_urls=["data:image/jpeg;base64," + "A" * 41_943_140],
        blame=bad("image_urls"),
    ),
]

COMMON = [
    *case(*CATALOG.models, seed=-1),
    *case(*CATALOG.models, seed=0),
    *case(*CATALOG.models, seed=2**40),
    *case(*CATALOG.models, seed=7.0),
    *case(*CATALOG.models, seed=-2, blame=bad("seed")),
    *case(*CATALOG.models, seed=1.5, blame=bad("seed")),
    *case(*CATALOG.models, seed=True, blame=bad("seed")),
    *case(*CATALOG.models, seed="7", blame=bad("seed")),
    *case(*CATALOG.models, seed=None, blame=bad("seed")),
    *case(Z_IMAGE, n=2, blame=bad("n")),
    *case(IMAGEN, *GEMINI, *GPT, *QWEN, "doubao-seedream-4.5", n=40),
    *case(IMAGEN, *GPT[1:], resolution="2K", blame=unknown("resolution")),
    *case(*QWEN, Z_IMAGE, prompt="狐" * 800),
    *case(*QWEN, Z_IMAGE, prompt="🦊" * 800),
    *case(*QWEN, Z_IMAGE, prompt="狐" * 801, blame=bad("prompt")),
    *case(*GPT, *GEMINI, prompt="x" * 5000),
    *case(*QWEN, negative_prompt="狐" * 500),
    *case(*QWEN, negative_prompt="狐" * 501, blame=bad("negative_prompt")),
    *case(*QWEN, negative_prompt=""),
    *case(*QWEN, negative_prompt=5, blame=bad("negative_prompt")),
    *case(Z_IMAGE, prompt_extend=True),
    *case(Z_IMAGE, prompt_extend="yes", blame=bad("prompt_extend")),
    *case(Z_IMAGE, prompt_extend=1, blame=bad("prompt_extend")),
]

WIDE_AND_TALL = ["16:9", "9:16", "2:1", "1:2", "21:9", "9:21"]
OTHER_RATIOS = ["auto", "1:1", "3:2", "2:3", "4:3", "3:4", "5:4", "4:5"]

GPT_RULES = [
    *[one for ratio in WIDE_AND_TALL for one in case("gpt-image-2", resolution="4k", aspect_ratio=ratio)],
    *[
        one
        for ratio in OTHER_RATIOS
        for one in case("gpt-image-2", resolution="4k", aspect_ratio=ratio, blame=rule("resolution"))
    ],
    *case("gpt-image-2", resolution="4k", blame=rule("resolution")),
    *case("gpt-image-2", resolution="2k"),
    *case("gpt-image-2", background="transparent"),
    *case("gpt-image-2", background="transparent", output_format="png"),
    *case("gpt-image-2", background="transparent", output_format="webp", official_fallback=False),
    *case("gpt-image-2", background="transparent", output_format="jpeg", blame=rule("background")),
    *case("gpt-image-2", background="transparent", official_fallback=True, blame=rule("background")),
    *case("gpt-image-2", background="opaque", official_fallback=True, output_format="jpeg"),
    *case(*GPT[1:], background="transparent", blame=bad("background")),
    *case(*GPT[1:], background="opaque"),
    *case(*GPT[1:], official_fallback=True, blame=unknown("official_fallback")),
    *case("gpt-image-2", output_format="webp"),
    *case(*GPT[1:], output_format="webp", blame=bad("output_format")),
    *case(*GPT, output_format="jpg", blame=bad("output_format")),
    *case(*GPT, output_format="jpeg", output_compression=0),
    *case("gpt-image-2", output_format="webp", output_compression=100),
    *case(*GPT, output_compression=50, blame=rule("output_compression")),
    *case(*GPT, output_format="png", output_compression=50, blame=rule("output_compression")),
    *case(*GPT, output_format="jpeg", output_compression=101, blame=bad("output_compression")),
    *case(*GPT, output_format="jpeg", output_compression=-1, blame=bad("output_compression")),
    *case(*GPT, output_format="jpeg", output_compression=5.5, blame=bad("output_compression")),
    *case(*GPT, quality="high", moderation="low", style="vivid"),
    *case(*GPT, quality="ultra", blame=bad("quality")),
    *case(*GPT, moderation="high", blame=bad("moderation")),
    *case(*GPT, style=5, blame=bad("style")),
]


def group(most: object) -> dict[str, Any]:
    return {"sequential_image_generation": "auto", "sequential_image_generation_options": {"max_images": most}}


OPTIONS = "sequential_image_generation_options"

SEEDREAM_RULES = [
    *case("doubao-seedream-5.0-lite", output_format="png"),
    *case("doubao-seedream-5.0-lite", output_format="webp", blame=bad("output_format")),
    *case(*SEEDREAM_4, output_format="png", blame=unknown("output_format")),
    *case("doubao-seedream-4.5", optimize_prompt_options={"mode": "fast"}),
    *case("doubao-seedream-4.5", optimize_prompt_options={"mode": "slow"}, blame=bad("optimize_prompt_options")),
    *case("doubao-seedream-4.5", optimize_prompt_options={"made": "fast"}, blame=bad("optimize_prompt_options")),
    *case("doubao-seedream-4.5", optimize_prompt_options="fast", blame=bad("optimize_prompt_options")),
    *case("doubao-seedream-4.0", optimize_prompt_options="fast"),
    *case("doubao-seedream-4.0", optimize_prompt_options={"mode": "fast"}, blame=bad("optimize_prompt_options")),
    *case(
        "doubao-seedream-5.0-lite", optimize_prompt_options="fast", blame=unknown("optimize_prompt_options")
    ),
    *case(*SEEDREAM, watermark=True),
    *case(*SEEDREAM, watermark="true", blame=bad("watermark")),
    *case(*SEEDREAM, **group(1)),
    *case(*SEEDREAM, **group(15)),
    *case(*SEEDREAM, **group(0), blame=bad(OPTIONS)),
    *case(*SEEDREAM, **group(16), blame=bad(OPTIONS)),
    *case(*SEEDREAM, **group("3"), blame=bad(OPTIONS)),
    *case(*SEEDREAM, sequential_image_generation="on", blame=bad("sequential_image_generation")),
    *case(*SEEDREAM, sequential_image_generation_options={"n": 3}, blame=bad(OPTIONS)),
    *case(*SEEDREAM, sequential_image_generation_options=3, blame=bad(OPTIONS)),
    *case("doubao-seedream-4.0", image_urls=images(10), **group(5)),
    *case("doubao-seedream-4.0", image_urls=images(10), **group(6), blame=rule(OPTIONS)),
    *case("doubao-seedream-4.0", image_urls=images(10), action="group",
          sequential_image_generation_options={"max_images": 6}, blame=rule(OPTIONS)),
    *case("doubao-seedream-4.0", image_urls=images(10), sequential_image_generation_options={"max_images": 6}),
    *case("doubao-seedream-4.0", image_urls=images(10), **{**group(6), "sequential_image_generation": "disabled"}),
    *case("doubao-seedream-4.0", image_urls=images(10), action="edit",
          sequential_image_generation_options={"max_images": 6}),
    *case("doubao-seedream-4.0", image_urls=images(10), sequential_image_generation="auto"),
    *case("doubao-seedream-4.0", image_urls=images(10), n=5),
    *case("doubao-seedream-4.0", image_urls=images(10), n=6, blame=rule("n")),
    *case("doubao-seedream-4.0", n=15),
    *case("doubao-seedream-4.0", n=16, blame=rule("n")),
    *case("doubao-seedream-4.5", "doubao-seedream-5.0-lite", image_urls=images(14), **group(15)),
]  # fmt: skip

WAN_RULES = [
    *case(WAN, n=4),
    *case(WAN, n=5, blame=rule("n")),
    *case(WAN, n=5, enable_sequential=False, blame=rule("n")),
    *case(WAN, n=12, enable_sequential=True),
    *case(WAN, n=13, enable_sequential=True, blame=rule("n")),
    *case(WAN, n=12, enable_sequential=True, action="group", resolution="2K"),
    *case(WAN, action="group", blame=missing("enable_sequential")),
    *case(WAN, action="group", enable_sequential=False, blame=rule("enable_sequential")),
    *case(WAN, action="group", enable_sequential="yes", blame=bad("enable_sequential")),
    *case(WAN, action="group", enable_sequential=True, resolution="4K", blame=rule("resolution")),
    *case(WAN, enable_sequential=True, resolution="4K", blame=rule("resolution")),
    *case(WAN, enable_sequential=False, resolution="4K"),
    *case(WAN, resolution="4K"),
    *case(WAN, watermark=1, blame=bad("watermark")),
    *case(WAN, color_palette="red", blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), "red"], blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"hex": 5, "ratio": 0}], blame=bad("color_palette")),
    *case(WAN, color_palette=palette(-10, 50, 60), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(150, 0, 0), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(100, 0, 0)),
    *case(WAN, thinking_mode=True, image_urls=images(1)),
    *case(WAN, thinking_mode=0, blame=bad("thinking_mode")),
    *case(WAN, color_palette=palette(33.3, 33.3, 33.4)),
    *case(WAN, color_palette=palette(*[10] * 10)),
    *case(WAN, color_palette=palette(*[14.29] * 3, 57.13)),
    *case(WAN, color_palette=palette(0.1, 0.2, 99.7)),
    *case(WAN, color_palette=palette(50, 50), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(*[9] * 10, 10), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(33.3, 33.3, 33.3), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(33.3, 33.3, 33.400000000000006), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(50, 50, 1e-40), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(60, 50, "30"), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(40, 60, True), blame=bad("color_palette")),
    *case(WAN, color_palette=palette(40, 60, math.nan), blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"ratio": 0}], blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"hex": "#aabbcc", "ratio": 0, "name": 1}], blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"hex": "aabbcc", "ratio": 0}], blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"hex": "#abc", "ratio": 0}], blame=bad("color_palette")),
    *case(WAN, color_palette=[*palette(40, 60), {"hex": "#aabbcc\n", "ratio": 0}], blame=bad("color_palette")),
]  # fmt: skip


@in_one_test(
    ("model", "fields", "blame"),
    [*ACTIONS, *MASKS_AND_BOXES, *INLINE_IMAGES, *COMMON, *GPT_RULES, *SEEDREAM_RULES, *WAN_RULES],
)
def test_a_request_is_held_to_its_models_rules(model: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(VendorModel(CATALOG.model(model)).violations(**fields)) == blame
