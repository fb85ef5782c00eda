"""The images of the simulator."""

import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.imaging.picture_difference import EncodedPicture, mean_difference
from qwave_batch.simulator import text_drawing
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.image_drawing import ImageDesign, design_images, pixel_size, render, unlike_other_tasks
from qwave_batch.simulator.validation import hash_of
from tests.every_case import in_one_test

CATALOG = open_catalog("2026-05")
RATIOS = sorted({ratio for model in CATALOG.models.values() for ratio in model.ratios} - {"auto"})


def order(model: str = "gpt-image-2", task_id: str = "task-1", count: int = 1, **fields: Any) -> ImageDesign:
    request = {"model": model, "prompt": "a quiet teahouse", **fields}
    return design_images(CATALOG.model(model), request, body_hash=hash_of(request), task_id=task_id, count=count)


def faulty(faults: set[FaultName], task_id: str, **fields: Any) -> ImageDesign:
    return unlike_other_tasks(order(task_id=task_id, **fields), task_id, faults)


def opened(file: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(file))
    image.load()
    return image


@in_one_test("ratio", RATIOS)
@in_one_test("tier", ["0.5K", "1K", "4k"])
def test_the_ratio_is_exact(ratio: str, tier: str) -> None:
    wide, high = map(int, ratio.split(":"))
    width, height = opened(render(replace(order(), ratio=ratio, tier=tier), 1)).size
    assert width * high == height * wide


def test_a_ratio_of_fractions_is_exact_too() -> None:
    width, height = pixel_size("9:19.5", "1K")
    assert width * 39 == height * 18


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_tier_is_larger_than_the_one_below(ratio: str) -> None:
    tiers = ["0.5K", "1K", "1.5k", "2K", "3K", "4K"]
    widths = [pixel_size(ratio, tier)[0] for tier in tiers]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize(
    ("fields", "form"),
    [
        ({"model": "gpt-image-2"}, "PNG"),
        ({"model": "gpt-image-2", "output_format": "jpeg"}, "JPEG"),
        ({"model": "gpt-image-2", "output_format": "webp"}, "WEBP"),
        ({"model": "doubao-seedream-5.0-lite"}, "JPEG"),
        ({"model": "doubao-seedream-5.0-lite", "output_format": "png"}, "PNG"),
        ({"model": "imagen-4.0"}, "JPEG"),
    ],
)
def test_the_format_is_the_one_asked_for_or_the_models_own(fields: dict[str, Any], form: str) -> None:
    assert opened(render(order(**fields), 1)).format == form


@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_transparent_background_is_transparent(form: str) -> None:
    image = opened(render(order(background="transparent", output_format=form), 1)).convert("RGBA")
    assert image.getchannel("A").getextrema() == (0, 255)
    assert opened(render(order(output_format=form), 1)).convert("RGBA").getchannel("A").getextrema() == (255, 255)


def test_the_same_request_gives_the_same_bytes() -> None:
    assert render(order(seed=7), 1) == render(order(seed=7, task_id="task-2"), 1)


def test_without_a_seed_every_task_gives_another_image() -> None:
    requests: list[dict[str, Any]] = [{}, {"seed": -1}]
    for fields in requests:
        assert render(order(**fields), 1) != render(order(task_id="task-2", **fields), 1)


def test_prompt_seed_number_and_model_each_show() -> None:
    files = [
        render(order(seed=7), 1),
        render(order(seed=8), 1),
        render(order(seed=7, prompt="a loud teahouse"), 1),
        render(order(seed=7, count=2), 1),
        render(order(seed=7, count=2), 2),
        render(order(seed=7, model="imagen-4.0", aspect_ratio="1:1"), 1),
    ]
    thumbnails = {opened(file).convert("RGB").resize((64, 64)).tobytes() for file in files}
    assert len(thumbnails) == len(files)


def test_auto_is_a_ratio_of_the_model_and_always_the_same() -> None:
    ratios = {order(aspect_ratio="auto", prompt=f"prompt {number}", seed=1).ratio for number in range(60)}
    assert ratios <= set(CATALOG.model("gpt-image-2").ratios) - {"auto"}
    assert len(ratios) > 5
    assert order(aspect_ratio="auto").ratio == order(aspect_ratio="auto").ratio


def test_an_order_survives_the_store() -> None:
    one = order(prompt="ein Teehaus ☕ \u2028", seed=3)
    assert ImageDesign.from_json(one.as_json()) == one


@given(st.text(max_size=300), st.sampled_from(RATIOS), st.sampled_from(["0.5K", "1K"]))
@settings(max_examples=150)
def test_any_text_can_be_drawn(prompt: str, ratio: str, tier: str) -> None:
    assert opened(render(replace(order(), prompt=prompt, ratio=ratio, tier=tier), 1)).size == pixel_size(ratio, tier)


@given(st.text(max_size=200), st.integers(40, 300), st.integers(1, 6))
def test_wrapped_text_keeps_to_its_lines(text: str, room: int, lines: int) -> None:
    assert len(text_drawing.wrap_to_pixels(text_drawing.readable(text), 13, room, lines)) <= lines


def test_accents_are_simplified_and_other_scripts_kept_as_boxes() -> None:
    assert text_drawing.readable("Café\n — naïve\tZürich") == "Cafe - naive Zurich"
    assert text_drawing.readable("茶\u200d馆") == "茶馆"


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_model_that_ignores_its_seed_gives_each_task_another_image(form: str) -> None:
    ignoring = {FaultName.SEED_IGNORED}
    one, other = (faulty(ignoring, task, seed=7, output_format=form) for task in ("task-1", "task-2"))
    assert opened(render(one, 1)).tobytes() != opened(render(other, 1)).tobytes()
    assert one.seed == other.seed == 7


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_loose_seed_changes_pixels_that_nobody_sees(form: str) -> None:
    files = [render(faulty({FaultName.SEED_LOOSE}, task, seed=7, output_format=form), 1) for task in ("a", "b")]
    pictures = [EncodedPicture(data=file, format=form, size=opened(file).size) for file in files]
    difference = mean_difference(*pictures)
    assert difference is not None
    assert 0 < difference < 1


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_stamped_file_has_other_bytes_and_the_same_pixels(form: str) -> None:
    plain = render(order(seed=7, output_format=form), 1)
    stamped = render(faulty({FaultName.STAMPED_FILE}, "task-9", seed=7, output_format=form), 1)
    assert stamped != plain
    assert b"task-9" in stamped
    assert opened(stamped).tobytes() == opened(plain).tobytes()


def test_a_design_with_speckles_and_a_stamp_survives_the_store() -> None:
    design = faulty({FaultName.SEED_LOOSE, FaultName.STAMPED_FILE}, "task-3", seed=7)
    assert ImageDesign.from_json(design.as_json()) == design
    assert "speckle" not in order(seed=7).as_json()
