"""The FLUX models of October 2026, in three families: what each takes and refuses, and in which words."""

from typing import Any

import pytest

from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, missing, rule, unknown
from tests.vendor_models import vendor_models

MODELS = vendor_models("2026-10", "flux")

FLEX = "flux-2-flex"
FLUX2 = ["flux-2-pro", "flux-2-max", FLEX]
KONTEXT = ["flux-kontext-pro", "flux-kontext-max"]
FLUX3 = "flux-3-image"
ALL = [*FLUX2, *KONTEXT, FLUX3]

OF_ALL = ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21", "auto"]
OF_FLUX3 = ["2:1", "1:2", "7:5", "5:7", "5:4", "4:5"]


def edit(count: int) -> dict[str, Any]:
    return {"action": "edit", "image_urls": images(count)}


CASES = [
    *case(*ALL),
    *case(*ALL, action="generate"),
    *case(*ALL, action="edit", blame=missing("image_urls")),
    *case(*ALL, action="image2image", blame=bad("action")),
    *case(*ALL, **edit(1)),
    *case(*FLUX2, **edit(8)),
    *case(*FLUX2, **edit(9), blame=bad("image_urls")),
    *case(*KONTEXT, **edit(4)),
    *case(*KONTEXT, **edit(5), blame=bad("image_urls")),
    *case(FLUX3, **edit(10)),
    *case(FLUX3, **edit(11), blame=bad("image_urls")),
    *case(*ALL, image_urls=images(1), blame=rule("image_urls")),
    *case(*ALL, action="generate", image_urls=images(1), blame=rule("image_urls")),
    *case(*FLUX2, *KONTEXT, action="edit", image_urls=[DATA_URI], blame=bad("image_urls")),
    *case(FLUX3, action="edit", image_urls=[DATA_URI]),
    *case(FLUX3, action="edit", image_urls=["cat.png"], blame=bad("image_urls")),
    *[one for ratio in OF_ALL for one in case(*ALL, aspect_ratio=ratio)],
    *[one for ratio in OF_FLUX3 for one in case(FLUX3, aspect_ratio=ratio)],
    *[one for ratio in OF_FLUX3 for one in case(*FLUX2, *KONTEXT, aspect_ratio=ratio, blame=bad("aspect_ratio"))],
    *[one for tier in ("1mp", "2mp", "3mp", "4mp") for one in case(*FLUX2, resolution=tier)],
    *[one for tier in ("1k", "2k", "5mp") for one in case(*FLUX2, resolution=tier, blame=bad("resolution"))],
    *[one for tier in ("768sq", "1k", "1.5k", "2k", "4k") for one in case(FLUX3, resolution=tier)],
    *[one for tier in ("0.5k", "3k", "2mp") for one in case(FLUX3, resolution=tier, blame=bad("resolution"))],
    *case(*KONTEXT, resolution="1mp", blame=unknown("resolution")),
    *case(*ALL, n=1),
    *case(*ALL, n=2, blame=bad("n")),
    *case(*FLUX2, *KONTEXT, seed=7),
    *case(*FLUX2, *KONTEXT, seed="7", blame=bad("seed")),
    *case(FLUX3, seed=7, blame=unknown("seed")),
    *[one for name in ("jpeg", "png", "webp") for one in case(*FLUX2, *KONTEXT, output_format=name)],
    *case(*FLUX2, *KONTEXT, output_format="gif", blame=bad("output_format")),
    *case(FLUX3, output_format="png", blame=unknown("output_format")),
    *case(*FLUX2, *KONTEXT, prompt_upsampling=True),
    *case(FLUX3, prompt_upsampling=True, blame=unknown("prompt_upsampling")),
    *case(*ALL, safety_tolerance=0),
    *case(*ALL, safety_tolerance=4),
    *case(*ALL, safety_tolerance=-1, blame=bad("safety_tolerance")),
    *case(*FLUX2, *KONTEXT, safety_tolerance=5),
    *case(FLUX3, safety_tolerance=5, blame=bad("safety_tolerance")),
    *case(*KONTEXT, safety_tolerance=6),
    *case(*FLUX2, safety_tolerance=6, blame=bad("safety_tolerance")),
    *case(*KONTEXT, safety_tolerance=7, blame=bad("safety_tolerance")),
    *case(FLUX3, grounding=False),
    *case(*FLUX2, *KONTEXT, grounding=False, blame=unknown("grounding")),
    *case(FLEX, steps=1, guidance=1.5),
    *case(FLEX, steps=50, guidance=10),
    *case(FLEX, steps=0, blame=bad("steps")),
    *case(FLEX, steps=51, blame=bad("steps")),
    *case(FLEX, steps=2.5, blame=bad("steps")),
    *case(FLEX, guidance=1.4, blame=bad("guidance")),
    *case(FLEX, guidance=10.1, blame=bad("guidance")),
    *[
        one
        for name in ALL
        for field, value in {"steps": 20, "guidance": 5}.items()
        for one in case(name, **{field: value}, blame=None if name == FLEX else unknown(field))
    ],
    *[
        one
        for field, value in {"quality": "high", "negative_prompt": "rain", "watermark": True, "mask_url": "x"}.items()
        for one in case(*ALL, **{field: value}, blame=unknown(field))
    ],
    *case(FLUX3, width=1024, blame=unknown("width")),
    *case(FLUX3, height=1024, blame=unknown("height")),
    *case(*ALL, prompt="", blame=bad("prompt")),
    *case(*ALL, callback_url="https://example.com/hook", callback_events=["completed"]),
]  # fmt: skip


@in_one_test(("name", "fields", "blame"), CASES)
def test_a_flux_request_is_held_to_what_is_documented(name: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(MODELS[name].violations(**fields)) == blame


def test_these_are_the_flux_models() -> None:
    assert list(MODELS) == ALL


OF_BOTH = {"action": "generate", "n": 1, "aspect_ratio": "1:1", "prompt_upsampling": False, "safety_tolerance": 2}
DEFAULTS = {
    **{key: {**OF_BOTH, "resolution": "2mp", "output_format": "jpeg"} for key in FLUX2},
    FLEX: {**OF_BOTH, "resolution": "2mp", "output_format": "jpeg", "steps": 50, "guidance": 5},
    **{key: {**OF_BOTH, "output_format": "png"} for key in KONTEXT},
    FLUX3: {
        "action": "generate",
        "n": 1,
        "aspect_ratio": "auto",
        "resolution": "1k",
        "safety_tolerance": 2,
        "grounding": True,
    },
}


@pytest.mark.parametrize("name", ALL)
def test_a_flux_model_has_its_documented_defaults(name: str) -> None:
    assert MODELS[name].defaults == DEFAULTS[name]
    assert MODELS[name].violations(**DEFAULTS[name]) == ()
    assert MODELS[name].violations(**{**DEFAULTS[name], **edit(1)}) == ()


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("flux-2-pro", {"image_urls": images(1)}, 'image_urls is taken with action "edit" only: write action: edit'),
        (
            "flux-kontext-max",
            {"action": "edit", "image_urls": ["data:image/png;base64,AA"]},
            (
                'image_urls[0] "data:image/png;base64,AA" is no http or https address; '
                "flux-kontext-max downloads input images itself and takes no data: URI"
            ),
        ),
        (
            FLUX3,
            {"action": "edit", "image_urls": ["./cat.png"]},
            (
                'image_urls[0] "./cat.png" is neither an http or https address nor a data: URI of a PNG, JPG or WEBP '
                "of at most 30 MB"
            ),
        ),
        ("flux-2-max", {"steps": 20}, 'flux-2-max takes no field "steps"'),
        (FLEX, {"guidance": 1}, "guidance 1 is below the minimum 1.5 of flux-2-flex"),
        ("flux-2-pro", {"n": 2}, "n 2 is above the maximum 1 of flux-2-pro"),
    ],
)
def test_a_flux_mistake_is_told_in_a_sentence(name: str, fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in MODELS[name].violations(**fields)] == [message]
