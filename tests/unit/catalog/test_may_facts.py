"""The 17 models against what the documents of May 2026 say, written out here a second time."""

from dataclasses import dataclass

import pytest

from qwave_batch.catalog.catalog_files import open_catalog

STANDARD = "1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9"
WIDE = f"{STANDARD} 1:4 4:1 1:8 8:1"
SEVEN = "1:1 4:3 3:4 16:9 9:16 3:2 2:3"
THREE = "1:1 3:2 2:3"
GPT2 = "auto 1:1 3:2 2:3 4:3 3:4 5:4 4:5 16:9 9:16 2:1 1:2 21:9 9:21"
LITE = "1:1 4:3 3:4 16:9 9:16 3:2 2:3 21:9 auto"
SEEDREAM = f"{LITE} 9:21"

FOUR = "generate image2image edit reference"
SEARCH = f"{FOUR} search_grounded"
GPT = f"{FOUR} inpaint"

COMMON = "model action prompt n seed aspect_ratio callback_url callback_events"
GEMINI_FIELDS = f"{COMMON} resolution image_urls official_fallback"
SEARCH_FIELDS = f"{GEMINI_FIELDS} google_search google_image_search"
GPT_FIELDS = f"{COMMON} image_urls mask_url quality background moderation output_format output_compression style"
SEEDREAM_FIELDS = (
    f"{COMMON} resolution image_urls watermark sequential_image_generation sequential_image_generation_options"
)
QWEN_FIELDS = f"{COMMON} resolution image_urls negative_prompt"
WAN_FIELDS = f"{COMMON} resolution image_urls watermark thinking_mode enable_sequential color_palette bbox_list"


@dataclass(frozen=True, kw_only=True)
class Facts:
    vendor: str
    nusd: int
    actions: str
    ratios: str
    resolutions: str
    fields: str
    tier: str | None
    most_images: int | None = 14


FACTS = {
    "gemini-3-pro-image-preview": Facts(
        vendor="gemini", nusd=42_500_000, actions=FOUR, ratios=STANDARD, resolutions="1K 2K 4K",
        fields=GEMINI_FIELDS, tier="1K",
    ),
    "gemini-3-pro-image-preview-official": Facts(
        vendor="gemini", nusd=113_900_000, actions=FOUR, ratios=STANDARD, resolutions="1K 2K 4K",
        fields=GEMINI_FIELDS, tier="1K",
    ),
    "gemini-3.1-flash-image-preview": Facts(
        vendor="gemini", nusd=31_875_000, actions=SEARCH, ratios=WIDE, resolutions="0.5K 1K 2K 4K",
        fields=SEARCH_FIELDS, tier="1K",
    ),
    "gemini-3.1-flash-image-preview-official": Facts(
        vendor="gemini", nusd=56_950_000, actions=SEARCH, ratios=WIDE, resolutions="0.5K 1K 2K 4K",
        fields=SEARCH_FIELDS, tier="1K",
    ),
    "gemini-2.5-flash-image-preview": Facts(
        vendor="gemini", nusd=13_281_250, actions=FOUR, ratios=STANDARD, resolutions="1K",
        fields=GEMINI_FIELDS, tier="1K",
    ),
    "gemini-2.5-flash-image-preview-official": Facts(
        vendor="gemini", nusd=33_150_000, actions=FOUR, ratios=STANDARD, resolutions="1K",
        fields=GEMINI_FIELDS, tier="1K",
    ),
    "gpt-image-2": Facts(
        vendor="gpt-image", nusd=6_375_000, actions=GPT, ratios=GPT2, resolutions="1k 2k 4k",
        fields=f"{GPT_FIELDS} resolution official_fallback", tier=None, most_images=16,
    ),
    "gpt-image-1.5-official": Facts(
        vendor="gpt-image", nusd=90_440_000, actions=GPT, ratios=THREE, resolutions="",
        fields=GPT_FIELDS, tier=None, most_images=16,
    ),
    "gpt-image-1-official": Facts(
        vendor="gpt-image", nusd=113_560_000, actions=GPT, ratios=THREE, resolutions="",
        fields=GPT_FIELDS, tier=None, most_images=16,
    ),
    "doubao-seedream-5.0-lite": Facts(
        vendor="seedream", nusd=29_750_000, actions="generate image2image group", ratios=LITE, resolutions="2K 3K",
        fields=f"{SEEDREAM_FIELDS} output_format", tier="2K",
    ),
    "doubao-seedream-4.5": Facts(
        vendor="seedream", nusd=29_750_000, actions=f"{FOUR} group", ratios=SEEDREAM, resolutions="2K 4K",
        fields=f"{SEEDREAM_FIELDS} optimize_prompt_options", tier="2K",
    ),
    "doubao-seedream-4.0": Facts(
        vendor="seedream", nusd=23_800_000, actions=f"{FOUR} group", ratios=SEEDREAM, resolutions="1K 2K 4K",
        fields=f"{SEEDREAM_FIELDS} optimize_prompt_options", tier="2K", most_images=10,
    ),
    "imagen-4.0": Facts(
        vendor="imagen", nusd=42_500_000, actions="generate", ratios="1:1 4:3 3:4 16:9 9:16", resolutions="",
        fields=COMMON, tier=None, most_images=None,
    ),
    "qwen-image-2.0-pro": Facts(
        vendor="qwen-image", nusd=53_125_000, actions="generate image2image reference", ratios=SEVEN,
        resolutions="1K 2K", fields=QWEN_FIELDS, tier="2K", most_images=None,
    ),
    "qwen-image-2.0": Facts(
        vendor="qwen-image", nusd=21_250_000, actions="generate image2image reference", ratios=SEVEN,
        resolutions="1K 2K", fields=QWEN_FIELDS, tier="2K", most_images=None,
    ),
    "wan2.7-image": Facts(
        vendor="wan-image", nusd=22_950_000, actions=f"{FOUR} group interactive_edit", ratios=SEVEN,
        resolutions="1K 2K 4K", fields=WAN_FIELDS, tier="2K", most_images=9,
    ),
    "z-image-turbo": Facts(
        vendor="z-image", nusd=10_625_000, actions="generate", ratios=SEVEN, resolutions="1K 2K",
        fields=f"{COMMON} resolution prompt_extend", tier="1K", most_images=None,
    ),
}  # fmt: skip

CATALOG = open_catalog("2026-05")


def request(name: str, **fields: object) -> dict[str, object]:
    return {"model": name, "prompt": "A fox", **fields}


def fields_at_fault(name: str, **fields: object) -> set[str]:
    return {one.field for one in CATALOG.model(name).violations(request(name, **fields))}  # type: ignore[arg-type]


def test_the_catalog_has_these_17_models_and_no_other() -> None:
    assert tuple(CATALOG.models) == tuple(FACTS)
    assert len(FACTS) == 17


def test_the_catalog_knows_its_host_and_its_promises() -> None:
    assert CATALOG.date == "2026-05"
    assert CATALOG.base_url == "https://www.qingbo.dev/v1"
    assert CATALOG.idempotency_hours == 24
    assert CATALOG.result_lifetime_hours == (24.0, 72.0)
    assert not CATALOG.gone


@pytest.mark.parametrize("name", FACTS)
def test_a_model_offers_what_the_documents_say(name: str) -> None:
    model, facts = CATALOG.model(name), FACTS[name]
    assert model.vendor == facts.vendor
    assert model.actions == tuple(facts.actions.split())
    assert set(model.ratios) == set(facts.ratios.split())
    assert len(model.ratios) == len(facts.ratios.split())
    assert model.resolutions == tuple(facts.resolutions.split())
    assert set(model.fields) == set(facts.fields.split())
    assert model.takes_seed


@pytest.mark.parametrize("name", FACTS)
def test_a_model_has_its_documented_defaults(name: str) -> None:
    defaults, facts = CATALOG.model(name).defaults, FACTS[name]
    assert defaults["action"] == "generate"
    assert defaults["n"] == 1
    assert defaults["seed"] == -1
    assert defaults["aspect_ratio"] == "1:1"
    assert defaults.get("resolution") == facts.tier


@pytest.mark.parametrize("name", FACTS)
def test_an_image_costs_what_the_documents_say(name: str) -> None:
    model, facts = CATALOG.model(name), FACTS[name]
    assert model.estimate_nusd({"model": name, "prompt": "A fox"}) == facts.nusd
    assert model.cost_nusd({"model": name, "prompt": "A fox"}, 3) == 3 * facts.nusd
    assert model.cost_nusd({"model": name, "prompt": "A fox"}, 0) == 0


@pytest.mark.parametrize("name", FACTS)
def test_every_ratio_and_no_other_is_taken(name: str) -> None:
    every = set(WIDE.split()) | set(GPT2.split()) | set(SEEDREAM.split())
    for ratio in every:
        assert (fields_at_fault(name, aspect_ratio=ratio) == set()) == (ratio in FACTS[name].ratios.split()), ratio


@pytest.mark.parametrize("name", FACTS)
def test_every_tier_and_no_other_is_taken(name: str) -> None:
    taken = FACTS[name].resolutions.split()
    for tier in ("0.5K", "1K", "1.5K", "2K", "3K", "4K", "8K", "1k", "2k", "4k"):
        at_fault = fields_at_fault(
            name, resolution=tier, aspect_ratio="16:9" if "16:9" in FACTS[name].ratios else "1:1"
        )
        assert at_fault == (set() if tier in taken else {"resolution"}), tier


@pytest.mark.parametrize("name", FACTS)
def test_every_action_and_no_other_is_taken(name: str) -> None:
    every = {"generate", "image2image", "edit", "reference", "inpaint", "group", "interactive_edit", "search_grounded"}
    for action in every | {"imagine", "Generate", ""}:
        assert ("action" in fields_at_fault(name, action=action)) == (action not in FACTS[name].actions.split()), action


@pytest.mark.parametrize("name", FACTS)
def test_reference_images_have_their_ceiling(name: str) -> None:
    most = FACTS[name].most_images
    for count in (1, 9, 10, 14, 16, 17, 40):
        images = [f"https://example.com/{number}.png" for number in range(count)]
        is_taken = "image_urls" in FACTS[name].fields and (most is None or count <= most)
        assert (fields_at_fault(name, image_urls=images) == set()) == is_taken, count


@pytest.mark.parametrize("name", FACTS)
def test_fields_of_other_models_are_refused(name: str) -> None:
    others = {field for facts in FACTS.values() for field in facts.fields.split()} - set(FACTS[name].fields.split())
    for field in others:
        found = CATALOG.model(name).violations({"model": name, "prompt": "A fox", field: 1})
        assert [(one.kind, one.field, one.path) for one in found] == [("unknown_field", field, (field,))]


def test_all_request_fields_are_known_without_the_callbacks() -> None:
    every = {field for facts in FACTS.values() for field in facts.fields.split()}
    assert CATALOG.fields == every - {"callback_url", "callback_events"}
    assert CATALOG.callback_fields == {"callback_url", "callback_events"}


@pytest.mark.parametrize(
    ("name", "returned"),
    [(name, "png" if facts.vendor in {"gpt-image", "qwen-image"} else "jpeg") for name, facts in FACTS.items()],
)
def test_images_come_in_the_documented_format(name: str, returned: str) -> None:
    assert CATALOG.model(name).image_format({"model": name, "prompt": "A fox"}) == returned


def test_an_asked_for_format_is_the_one_that_comes() -> None:
    assert CATALOG.model("gpt-image-2").image_format({"output_format": "webp"}) == "webp"


def test_only_imagen_has_a_size_of_its_own() -> None:
    assert {name: model.native_resolution for name, model in CATALOG.models.items() if model.native_resolution} == {
        "imagen-4.0": "2K"
    }
