"""The sizes that requests ask for, and those that models deliver for them."""

import pytest

from qwave_batch.model.jsontypes import Json
from qwave_batch.quality.expected_size import NOTHING_EXPECTED, expected_size

DELIVERED: list[tuple[str, str | None, int, int]] = [
    ("1:1", "1k", 1024, 1024),
    ("3:2", "1k", 1536, 1024),
    ("2:3", "1k", 1024, 1536),
    ("4:5", "1k", 896, 1152),
    ("4:5", "1k", 928, 1152),
    ("3:4", "1k", 864, 1184),
    ("21:9", "1k", 1536, 672),
    ("21:9", "1k", 1584, 672),
    ("1:8", "1k", 352, 2928),
    ("4:1", "1k", 3072, 768),
    ("16:9", "1k", 1344, 768),
    ("1:1", "2k", 1536, 1536),
    ("1:1", "1K", 1328, 1328),
    ("4:3", "2k", 1760, 1312),
    ("16:9", "4k", 3840, 2160),
    ("1:1", "4k", 2880, 2880),
    ("1:1", "768sq", 768, 768),
    ("16:9", "2mp", 1920, 1088),
    ("1:1", "0.5k", 512, 512),
    ("9:19.5", None, 720, 1560),
]


@pytest.mark.parametrize(("ratio", "tier", "width", "height"), DELIVERED)
def test_what_models_deliver_fits(ratio: str, tier: str | None, width: int, height: int) -> None:
    request: dict[str, Json] = {"aspect_ratio": ratio, **({"resolution": tier} if tier else {})}
    assert expected_size(request).fits(width, height)


@pytest.mark.parametrize(
    ("ratio", "tier", "width", "height"),
    [
        ("16:9", "1k", 1024, 1024),
        ("16:9", "1k", 768, 1344),
        ("1:1", "1k", 1024, 1152 + 64),
        ("3:2", "1k", 1344, 768),
        ("1:1", "2k", 1024, 1024),
        ("1:1", "1k", 2048, 2048),
        ("1:1", "1.5k", 1024, 1024),
        ("16:9", "4k", 2048, 1152),
        ("1:1", "4mp", 1024, 1024),
    ],
)
def test_another_ratio_or_tier_does_not(ratio: str, tier: str, width: int, height: int) -> None:
    assert not expected_size({"aspect_ratio": ratio, "resolution": tier}).fits(width, height)


def test_the_simulators_small_images_count_by_their_ratio_only() -> None:
    expected = expected_size({"aspect_ratio": "16:9", "resolution": "4k"})
    assert expected.fits(512, 288, at_scale=False)
    assert not expected.fits(288, 512, at_scale=False)


def test_width_and_height_in_pixels_may_be_rounded() -> None:
    expected = expected_size({"width": 1000, "height": 800, "aspect_ratio": "1:1"})
    assert expected.fits(992, 800)
    assert not expected.fits(1024, 1024)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"aspect_ratio": "auto", "resolution": "auto"},
        {"aspect_ratio": "0:1", "resolution": "0k"},
        {"aspect_ratio": 1, "resolution": 2},
        {"aspect_ratio": "1:1", "image_urls": ["sha256:" + "0" * 64]},
        {"aspect_ratio": "1:1", "image_urls": ["https://pictures.test/a.png"]},
        {"aspect_ratio": "1:1", "ref_task_id": "task-1", "action": "zoom"},
        {"aspect_ratio": "1:1", "sref": "https://pictures.test/a.png"},
    ],
)
def test_what_is_not_said_is_not_expected(request_: dict[str, Json]) -> None:
    assert expected_size(request_) == NOTHING_EXPECTED
    assert NOTHING_EXPECTED.fits(1, 5000)


def test_an_address_in_the_prompt_is_not_an_input() -> None:
    assert expected_size({"prompt": "https://a.test on a sign", "aspect_ratio": "1:1"}) != NOTHING_EXPECTED
