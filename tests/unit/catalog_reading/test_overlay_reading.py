"""An overlay is laid over its catalog, and every mistake in it has its place and what to write."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from qwave_batch.catalog import Catalog, open_catalog
from qwave_batch.catalog.catalog_queries import field_facts, json_schema
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.catalog_reading.overlay_reading import overlaid_by
from qwave_batch.errors import SpecError
from qwave_batch.spec.overlay_text import read_yaml_or_json
from tests.every_case import in_one_test

MAY = open_catalog("2026-05")
GPT = "gpt-image-2"
PLAIN = {"model": GPT, "prompt": "a heron"}


def laid(text: str) -> Catalog:
    return overlaid_by(MAY, read_yaml_or_json(text.encode(), "prices.yaml", ""), "prices.yaml")


def refused(text: str) -> list[str]:
    with pytest.raises(SpecError) as error:
        laid(text)
    return [str(problem) for problem in error.value.problems]


def test_a_price_replaces_the_catalogs() -> None:
    catalog = laid(f'models:\n  {GPT}: {{usd_per_image: "0.5"}}\n')
    assert catalog.model(GPT).estimate_nusd(PLAIN) == 500_000_000
    assert MAY.model(GPT).estimate_nusd(PLAIN) == 6_375_000
    assert [name for name, model in catalog.models.items() if model.overlay] == [GPT]


def test_null_takes_a_key_out_and_another_price_comes_in() -> None:
    model = laid(f'models:\n  {GPT}: {{usd_per_image: null, usd_per_call: "0.1"}}\n').model(GPT)
    assert list(model.price.parts) == ["usd_per_call"]


def test_a_tier_that_is_down_is_refused_in_either_case_with_its_reason() -> None:
    text = f'as_of: "2026-11-02"\nmodels:\n  {GPT}: {{down: {{resolution: [2K]}}}}\n'
    model = laid(text).model(GPT)
    (violation,) = model.violations(model.normalise({**PLAIN, "resolution": "2K"}))
    assert (violation.field, violation.message) == (
        "resolution",
        'resolution "2k" is down since 2026-11-02 by the overlay prices.yaml',
    )
    assert not model.violations({**PLAIN, "resolution": "1k"})
    assert not model.violations(PLAIN)
    assert model.fits is not None, "the fast check says the same"


def test_a_default_that_is_down_is_refused_where_it_is_left_out() -> None:
    default = MAY.model("imagen-4.0").defaults["aspect_ratio"]
    model = laid(f'models:\n  imagen-4.0: {{down: {{aspect_ratio: ["{default}"]}}}}\n').model("imagen-4.0")
    request = {"model": "imagen-4.0", "prompt": "a heron"}
    assert [one.field for one in model.violations(request)] == ["aspect_ratio"]
    assert not model.violations({**request, "aspect_ratio": "16:9"})


def test_a_whole_model_may_be_down() -> None:
    model = laid(f'models:\n  {GPT}: {{down: true, down_since: "2026-10"}}\n').model(GPT)
    assert [one.message for one in model.violations(PLAIN)] == [
        "the model is down since 2026-10 by the overlay prices.yaml"
    ]


def test_a_new_model_is_like_another_but_for_what_is_said() -> None:
    catalog = laid(
        "models:\n  heron-1:\n    like: imagen-4.0\n    title: Heron\n"
        "    usd_per_image: {by: size, values: {s: '0.1', l: '0.2'}}\n"
        "    fields: {size: [s, l], seed: null, n: {maximum: 2}}\n"
    )
    model = catalog.model("heron-1")
    request = {"model": "heron-1", "prompt": "a heron", "size": "l"}
    assert not model.violations(request)
    assert model.estimate_nusd(request) == 200_000_000
    assert [one.field for one in model.violations({**request, "seed": 1})] == ["seed"]
    assert [one.field for one in model.violations({**request, "n": 3})] == ["n"]
    assert [one.field for one in model.violations({**request, "model": "imagen-4.0"})] == ["model"]
    assert tuple(catalog.models)[-1] == "heron-1"


def test_a_new_model_may_bring_its_schema() -> None:
    catalog = laid(
        "models:\n  heron-1:\n    schema: {properties: {prompt: {type: string}}, required: [prompt]}\n"
        "    usd_per_image: '0.1'\n    returns: png\n"
    )
    assert not catalog.model("heron-1").violations({"model": "heron-1", "prompt": "a heron"})
    assert catalog.model("heron-1").violations({"model": "heron-1", "prompt": "a heron", "n": 2})


def test_a_value_that_is_gone_takes_its_price_with_it() -> None:
    october = open_catalog("2026-10")
    layer = read_yaml_or_json(b"models: {gpt-image-2-rev: {fields: {resolution: [1k, 2k]}}}", "prices.yaml", "")
    model = overlaid_by(october, layer, "prices.yaml").model("gpt-image-2-rev")
    request = {"model": model.name, "prompt": "a heron", "resolution": "2k"}
    assert not model.violations(request)
    assert model.estimate_nusd(request) == 15_750_000
    assert [one.field for one in model.violations({**request, "resolution": "4k"})] == ["resolution"]


def test_a_field_with_values_of_several_kinds_is_described() -> None:
    fields = "{tone: {enum: [warm, null, 2]}, size: {type: [string, integer]}}"
    model = laid(f"models: {{{GPT}: {{fields: {fields}}}}}").model(GPT)
    assert [field_facts(model, name)["type"] for name in ("tone", "size")] == [
        "integer or null or string",
        "integer or string",
    ]


def test_a_field_of_several_types_says_which() -> None:
    model = laid(f"models: {{{GPT}: {{fields: {{size: {{type: [string, integer, 'null']}}}}}}}}").model(GPT)
    assert not model.violations({**PLAIN, "size": None})
    (violation,) = model.violations({**PLAIN, "size": []})
    assert violation.message == "size [] is not text or a whole number or null"


def test_values_that_are_lists_are_offered_to_editors() -> None:
    catalog = laid(f"models: {{{GPT}: {{fields: {{grid: {{enum: [[1, 2], [2, 2], [1, 2]]}}}}}}}}")
    source = CatalogSource(added={"2026-05": catalog})
    assert "grid" in str(json_schema("spec", catalog="2026-05", catalogs=source))


def test_null_for_the_images_is_the_rule_of_the_catalog() -> None:
    layer = read_yaml_or_json(b"models: {seedream-4.5: {images: null}}", "prices.yaml", "")
    model = overlaid_by(open_catalog("2026-10"), layer, "prices.yaml").model("seedream-4.5")
    assert not any(rule.fewer for rule in model.image_rules)


def test_the_fingerprint_covers_the_overlay() -> None:
    prints = {
        catalog_fingerprint(MAY),
        catalog_fingerprint(laid(f'models:\n  {GPT}: {{usd_per_image: "0.5"}}\n')),
        catalog_fingerprint(laid(f"models:\n  {GPT}: {{down: {{resolution: [4k]}}}}\n")),
    }
    assert len(prints) == 3
    assert catalog_fingerprint(laid("models: {}\n")) == catalog_fingerprint(MAY)


MISTAKES = {
    "models: []\n": ["prices.yaml:1:9  models: expected a mapping, found a list"],
    f"model:\n  {GPT}: {{down: true}}\n": ["did you mean", "is missing"],
    f"models:\n  {GPT}: {{usd_per_image: 0.5}}\n": [
        '2:32  models.gpt-image-2.usd_per_image: expected a string, found the number 0.5; put quotes around it: "0.5"'
    ],
    f'models:\n  {GPT}: {{usd_per_image: "a lot"}}\n': ["an amount is a decimal string of USD"],
    f"models:\n  {GPT}: {{line: oficial}}\n": ['not one of official, economy, reverse; did you mean "official"'],
    f'models:\n  {GPT}: {{usd_per_imge: "0.5"}}\n': ['did you mean "usd_per_image"?'],
    f'models:\n  {GPT}: {{usd_per_image: ["0.1", "0.2"]}}\n': ["write [least, typical, most]"],
    f'models:\n  {GPT}: {{usd_per_image: ["0.3", "0.2", "0.1"]}}\n': ["not in this order"],
    f'models:\n  {GPT}: {{usd_per_image: {{by: resoluton, values: {{1k: "0.1"}}}}}}\n': [
        'no field "resoluton"; did you mean "resolution"?'
    ],
    f'models:\n  {GPT}: {{usd_per_image: {{by: resolution, values: {{8k: "0.1"}}}}}}\n': [
        'resolution of the model does not take "8k"'
    ],
    f"models:\n  {GPT}: {{usd_per_image: null}}\n": ["there is no price"],
    f'models:\n  {GPT}: {{usd_per_million_tokens: {{text_input: "1"}}}}\n': ["a price by tokens needs tokens"],
    f"models:\n  {GPT}: {{down: {{resolution: [8k]}}}}\n": ['does not take "8k"'],
    f"models:\n  {GPT}: {{down: {{resoluton: [4k]}}}}\n": ['did you mean "resolution"?'],
    f"models:\n  {GPT}: {{down: false}}\n": ["remove the key"],
    "models:\n  gpt-image-3: {down: true}\n": ['has no model "gpt-image-3"; did you mean "gpt-image-2"?'],
    "models:\n  heron: {like: gpt-image-9}\n": ['did you mean "gpt-image-2"?'],
    f"models:\n  {GPT}: {{like: imagen-4.0}}\n": ["is in catalog 2026-05 already"],
    "models:\n  heron: {like: imagen-4.0, schema: {properties: {}}}\n": ["choose one"],
    "models:\n  heron: {schema: {type: object}}\n": ['"properties" is missing'],
    "models:\n  heron: {schema: {properties: {a: {type: strin}}}, usd_per_image: '1', returns: png}\n": [
        "not a JSON Schema"
    ],
    "models:\n  heron: {schema: {properties: {a: {x-sums: 1}}}, usd_per_image: '1', returns: png}\n": [
        'unknown extension keyword "x-sums"; did you mean "x-sum"?'
    ],
    "models:\n  heron: {schema: {properties: {a: {$ref: '#/$defs/b'}}}, usd_per_image: '1', returns: png}\n": [
        "leads nowhere"
    ],
    "models:\n  heron: {schema: {properties: {a: {$ref: 'http://x/y'}}}, usd_per_image: '1', returns: png}\n": [
        "stays in its own file"
    ],
    "models:\n  heron: {schema: {properties: {}}, usd_per_image: '1'}\n": ['"returns" is missing'],
    f"models:\n  {GPT}: {{fields: {{model: [a]}}}}\n": ["the field model takes the model's id"],
    'catalog: "2026-10"\nmodels: {}\n': ["written for catalog 2026-10, and is laid over 2026-05"],
}  # fmt: skip


@in_one_test("text", MISTAKES)
def test_a_mistake_has_its_place_and_what_to_write(text: str) -> None:
    told = "\n".join(refused(text))
    assert told.startswith("prices.yaml:")
    for part in MISTAKES[text]:
        assert part in told


WRONG = ["null", "7", "true", "[]", "{}", "[[[]]]", '"\\ud800"', "{by: 1, values: 2}", "-.inf", "[null, null, null]"]
KEYS = [
    "usd_per_image", "usd_per_call", "usd_per_reference", "usd_per_million_tokens", "tokens", "surcharges", "assumed",
    "down", "down_since", "fields", "images", "returns", "line", "native_resolution", "like", "schema", "title",
]  # fmt: skip


@in_one_test("key", KEYS)
@in_one_test("value", WRONG)
def test_no_value_of_a_wrong_type_ends_in_a_traceback(key: str, value: str) -> None:
    for name in (GPT, "heron"):
        with suppress(SpecError):
            laid(f"models:\n  {name}: {{{key}: {value}}}\n")


def test_a_bomb_of_aliases_is_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{to}: &{to} [{', '.join(['*' + of] * 9)}]" for of, to in zip("abcdefgh", "bcdefghi", strict=True)]
    with pytest.raises(SpecError):
        laid("\n".join(lines))


def test_a_huge_file_is_refused(tmp_path: Path, complain_of: Callable[[Path], str]) -> None:
    (tmp_path / "prices.yaml").write_bytes(b"models: {}\n#" + b"x" * 2_000_000)
    assert "at most 2,000,000 bytes are read" in complain_of(tmp_path)


@pytest.fixture
def complain_of() -> Callable[[Path], str]:
    def told(folder: Path) -> str:
        data = (folder / "prices.yaml").read_bytes()
        with pytest.raises(SpecError) as error:
            read_yaml_or_json(data, "prices.yaml", "smaller")
        return str(error.value)

    return told


def test_mistakes_of_form_do_not_hide_those_of_other_models() -> None:
    text = "models:\n  z-image-turbo: {price: 3, down: {foo: [1]}}\n"
    text += "  imagen-4.0: {down: {foo: [1]}}\n  heron: {like: nope}\n"
    told = "\n".join(refused(text))
    assert 'unknown key "price"' in told
    assert told.count('no field "foo"') == 1
    assert 'has no model "nope"' in told


@pytest.mark.parametrize("day", ["2026-13", "2026-00-01", "2026-02-32", "2026-2-1"])
def test_a_day_that_no_month_has_is_refused(day: str) -> None:
    assert "a date is written" in refused(f"as_of: {day}\nmodels: {{}}\n")[0]
