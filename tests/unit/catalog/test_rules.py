"""The rules that every model of every catalog has: prompts, numbers, addresses, callbacks and unheard-of fields."""

import math
from typing import Any

from tests.drawn_requests import MODELS
from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, case, images, unknown
from tests.vendor_models import VendorModel

WITH_N = [key for key, model in MODELS.items() if "n" in model.fields]
WITH_SEED = [key for key, model in MODELS.items() if "seed" in model.fields]
WITH_RATIOS = [key for key, model in MODELS.items() if "aspect_ratio" in model.fields]
WITH_IMAGES = [key for key, model in MODELS.items() if "image_urls" in model.fields]

PUBLIC_ADDRESSES_ONLY = [
    *("2026-05/qwen-image-2.0-pro", "2026-05/qwen-image-2.0"),
    *("2026-10/flux-2-pro", "2026-10/flux-2-max", "2026-10/flux-2-flex"),
    *("2026-10/flux-kontext-pro", "2026-10/flux-kontext-max"),
    *("2026-10/grok-imagine-image", "2026-10/grok-imagine-image-quality", "2026-10/grok-imagine-image-2.0"),
    *("2026-10/grok-imagine-1.5-rev", "2026-10/grok-imagine-1.5-edit-rev"),
]
"""The models that fetch input images themselves, and take none inside a request."""
WITH_INLINE_IMAGES = [key for key in WITH_IMAGES if key not in PUBLIC_ADDRESSES_ONLY]

COMMON = [
    *case(*MODELS),
    *case(*MODELS, prompt="画一只狐狸"),
    *case(*MODELS, prompt="", blame=bad("prompt")),
    *case(*MODELS, prompt=5, blame=bad("prompt")),
    *case(*MODELS, Prompt="A fox", blame=unknown("Prompt")),
    *case(*MODELS, size="1024x1024", blame=unknown("size")),
    *case(*MODELS, action="draw", blame=bad("action")),
    *case(*WITH_N, n=1),
    *case(*WITH_N, n=1.0),
    *case(*WITH_N, n=0, blame=bad("n")),
    *case(*WITH_N, n=True, blame=bad("n")),
    *case(*WITH_N, n="1", blame=bad("n")),
    *case(*WITH_N, n=math.nan, blame=bad("n")),
    *case(*[key for key in MODELS if key not in WITH_N], n=1, blame=unknown("n")),
    *case(*WITH_SEED, seed=0),
    *case(*WITH_SEED, seed=7.0),
    *case(*WITH_SEED, seed=2**40),
    *case(*WITH_SEED, seed=1.5, blame=bad("seed")),
    *case(*WITH_SEED, seed="7", blame=bad("seed")),
    *case(*WITH_SEED, seed=True, blame=bad("seed")),
    *case(*[key for key in MODELS if key not in WITH_SEED], seed=7, blame=unknown("seed")),
    *case(*WITH_RATIOS, aspect_ratio="17:3", blame=bad("aspect_ratio")),
    *case(*WITH_RATIOS, aspect_ratio=1, blame=bad("aspect_ratio")),
    *case(*MODELS, callback_url="https://example.com/hook", callback_events=["completed", "failed"]),
    *case(*MODELS, callback_url="mailto:me@example.com", blame=bad("callback_url")),
    *case(*MODELS, callback_url=5, blame=bad("callback_url")),
    *case(*MODELS, callback_events=[], blame=bad("callback_events")),
    *case(*MODELS, callback_events="completed", blame=bad("callback_events")),
    *case(*MODELS, callback_events=[1], blame=bad("callback_events")),
    *case(*MODELS, callback_events=[""], blame=bad("callback_events")),
]

INPUT_IMAGES = [
    *case(*WITH_IMAGES, image_urls=["http://example.com/a.png"]),
    *case(*WITH_IMAGES, image_urls=["HTTPS://example.com/a.png?x=1#y"]),
    *case(*WITH_IMAGES, image_urls=[], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=["ftp://example.com/a.png"], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=["a.png"], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=["https://"], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=["https://example.com/a b.png"], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=["https://example.com/a.png\n"], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls=[5], blame=bad("image_urls")),
    *case(*WITH_IMAGES, image_urls="https://example.com/a.png", blame=bad("image_urls")),
    *case(*WITH_INLINE_IMAGES, image_urls=[DATA_URI]),
    *case(*WITH_INLINE_IMAGES, image_urls=["data:image/png;base64,"], blame=bad("image_urls")),
    *case(*WITH_INLINE_IMAGES, image_urls=["data:text/plain;base64,AAAA"], blame=bad("image_urls")),
    *case(*PUBLIC_ADDRESSES_ONLY, image_urls=[DATA_URI], blame=bad("image_urls")),
    *case(*[key for key in MODELS if key not in WITH_IMAGES], image_urls=images(1), blame=unknown("image_urls")),
]


def action_with_images(key: str) -> str:
    """Return the first action of a model that takes an input image and needs nothing else."""
    model = VendorModel(MODELS[key])
    return next(action for action in MODELS[key].actions if not model.violations(action=action, image_urls=images(1)))


@in_one_test(("key", "fields", "blame"), COMMON)
def test_a_request_is_held_to_the_rules_of_all_models(key: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    assert blames(VendorModel(MODELS[key]).violations(**fields)) == blame


@in_one_test(("key", "fields", "blame"), INPUT_IMAGES)
def test_an_input_image_is_an_address_or_an_image(key: str, fields: dict[str, Any], blame: list[Blame]) -> None:
    action = {"action": action_with_images(key)} if key in WITH_IMAGES else {}
    assert blames(VendorModel(MODELS[key]).violations(**action, **fields)) == blame


@in_one_test("key", MODELS)
def test_model_and_prompt_are_needed(key: str) -> None:
    found = MODELS[key].violations({})
    assert [(one.kind, one.field) for one in found] == [("missing_field", "model"), ("missing_field", "prompt")]
    assert found[0].message == "model is missing"


@in_one_test("key", MODELS)
def test_a_request_for_another_model_is_refused(key: str) -> None:
    (one,) = MODELS[key].violations({"model": "another", "prompt": "A fox"})
    assert (one.kind, one.field, one.allowed) == ("bad_value", "model", (MODELS[key].name,))
