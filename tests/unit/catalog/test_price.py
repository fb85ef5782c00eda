"""How many images a request may return, and what they cost."""

from typing import Any

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.catalog.image_count import ImageRule
from qwave_batch.catalog.price import Price
from tests.every_case import in_one_test

CATALOG = open_catalog("2026-05")

AUTO = {"sequential_image_generation": "auto"}
TWO = ["https://a.example/1.png", "https://a.example/2.png"]


def options(most: int) -> dict[str, object]:
    return {"sequential_image_generation_options": {"max_images": most}}


@in_one_test(
    ("model", "fields", "images"),
    [
        ("gpt-image-2", {}, 1),
        ("gpt-image-2", {"n": 3}, 3),
        ("gpt-image-2", {"n": 3.0}, 3),
        ("gpt-image-2", {"n": "three"}, 1),
        ("gpt-image-2", {"n": -3}, 1),
        ("z-image-turbo", {"n": 1}, 1),
        ("wan2.7-image", {"enable_sequential": True, "action": "group", "n": 12}, 12),
        ("wan2.7-image", {"enable_sequential": True, "action": "group"}, 1),
        ("doubao-seedream-5.0-lite", {}, 1),
        ("doubao-seedream-5.0-lite", {"n": 2}, 2),
        ("doubao-seedream-5.0-lite", AUTO, 15),
        ("doubao-seedream-5.0-lite", {"action": "group"}, 15),
        ("doubao-seedream-5.0-lite", {"image_urls": TWO, **AUTO}, 15),
        ("doubao-seedream-4.5", {**AUTO, **options(4)}, 4),
        ("doubao-seedream-4.5", {"action": "group", **options(4)}, 4),
        ("doubao-seedream-4.5", {"n": 6, **AUTO, **options(4)}, 6),
        ("doubao-seedream-4.5", {"sequential_image_generation": "disabled", **options(4)}, 1),
        ("doubao-seedream-4.5", options(4), 1),
        ("doubao-seedream-4.0", AUTO, 15),
        ("doubao-seedream-4.0", {"image_urls": TWO, **AUTO}, 13),
        ("doubao-seedream-4.0", {"image_urls": TWO, "action": "group"}, 13),
        ("doubao-seedream-4.0", {"image_urls": TWO, **AUTO, **options(4)}, 4),
    ],
)
def test_a_request_may_return_so_many_images(model: str, fields: dict[str, Any], images: int) -> None:
    request = {"model": model, "prompt": "A fox", **fields}
    assert CATALOG.model(model).max_images(request) == images
    price = CATALOG.model(model).cost_nusd(request, 1)
    assert CATALOG.model(model).estimate_nusd(request) == images * price


def test_a_rule_leaves_room_for_one_image_at_least() -> None:
    rule = ImageRule.from_json({"from": "n", "otherwise": 1, "less": "image_urls"})
    assert rule.count({"image_urls": TWO}) == 1


def test_an_amount_that_nobody_knows_is_said_and_not_guessed() -> None:
    """The estimate is that of the documents; what comes on top is named, without a figure."""
    model = CATALOG.model("z-image-turbo")
    assert model.price.unpriced({"prompt_extend": True}) == ("prompt_extend costs extra; how much is not documented",)
    assert model.price.unpriced({"prompt_extend": False}) == ()
    assert model.price.unpriced({}) == ()
    assert model.estimate_nusd({"prompt_extend": True}) == model.estimate_nusd({})


def test_no_other_model_has_a_surcharge() -> None:
    assert [name for name, model in CATALOG.models.items() if model.price.surcharges] == ["z-image-turbo"]


def test_a_price_reads_well() -> None:
    assert str(CATALOG.model("gpt-image-2").price) == "0.006375 USD an image"
    assert "costs extra" in str(CATALOG.model("z-image-turbo").price)
    assert CATALOG.model("gpt-image-2").price.as_json() == {"usd_per_image": "0.006375", "by": None, "surcharges": []}


def test_a_price_may_hang_on_a_field() -> None:
    price = Price.from_json(
        {"usd_per_image": {"by": "resolution", "values": {"1k": "0.01", "2k": "0.02"}}},
        {"resolution": {"enum": ["1k", "2k"], "default": "1k"}},
    )
    assert price.nusd_per_image({"resolution": "2k"}) == 20_000_000
    assert price.nusd_per_image({}) == 10_000_000
    assert str(price) == "0.01 USD at 1k, 0.02 USD at 2k an image"


def test_a_price_that_a_request_leaves_open_is_the_dearest() -> None:
    price = Price.from_json(
        {"usd_per_image": {"by": "resolution", "values": {"1k": "0.01", "2k": "0.02"}}}, {"resolution": {}}
    )
    assert price.nusd_per_image({}) == 20_000_000
