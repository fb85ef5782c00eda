"""Midjourney of October 2026: 13 actions, each with the fields that it needs, takes and refuses."""

from typing import Any

import pytest

from qwave_batch.catalog.violation import Violation
from tests.every_case import in_one_test
from tests.request_cases import DATA_URI, Blame, bad, blames, images, missing, rule, unknown
from tests.vendor_models import vendor_models

(MODEL,) = vendor_models("2026-10", "midjourney").values()

ON_IMAGE = {"ref_task_id": "task-1", "index": 2}
ENOUGH: dict[str, dict[str, Any]] = {
    "imagine": {"prompt": "A fox"},
    "upscale": ON_IMAGE,
    "variation": ON_IMAGE,
    "high-variation": ON_IMAGE,
    "low-variation": ON_IMAGE,
    "reroll": {"ref_task_id": "task-1"},
    "zoom": ON_IMAGE,
    "pan": {**ON_IMAGE, "direction": "left"},
    "inpaint": ON_IMAGE,
    "modal": {"ref_task_id": "task-1", "mask_url": "https://example.com/mask.png"},
    "edit": {**ON_IMAGE, "prompt": "A fox", "image_urls": images(1)},
    "remix-strong": ON_IMAGE,
    "remix-subtle": ON_IMAGE,
}
"""The fields that each action needs."""

VALUES: dict[str, Any] = {
    "ref_task_id": "task-1",
    "index": 1,
    "prompt": "A fox",
    "custom_id": "MJ::JOB::upsample::1",
    "zoom_ratio": 1.5,
    "direction": "up",
    "mask_url": DATA_URI,
    "image_urls": [DATA_URI, *images(20)],
    "seed": 7,
    "negative_prompt": "rain",
    "style": "raw",
    "stylize": 1000,
    "chaos": 100,
    "weird": 3000,
    "tile": True,
    "iw": 2.5,
    "cref": "https://example.com/character.png",
    "sref": "https://example.com/style.png",
    "dref": DATA_URI,
    "raw": True,
    "draft": True,
    "hd": True,
    "stop": 10,
    "extra": "--no text",
}
"""A good value of each field that not every action takes, and that needs no other field."""

TAKERS: dict[str, list[str]] = {
    **{key: ["imagine"] for key in VALUES},
    "ref_task_id": [action for action in ENOUGH if action != "imagine"],
    "index": [action for action in ENOUGH if action not in {"imagine", "reroll", "modal"}],
    "prompt": ["imagine", "edit", "modal", "remix-strong", "remix-subtle"],
    "custom_id": ["upscale", "variation", "high-variation", "low-variation", "reroll", "zoom", "pan", "inpaint"],
    "zoom_ratio": ["zoom"],
    "direction": ["pan"],
    "mask_url": ["modal"],
    "image_urls": ["imagine", "edit"],
}
"""The actions that take each field."""


def found(**fields: object) -> tuple[Violation, ...]:
    return MODEL.judged({"model": "midjourney", **fields})


def by_action(action: str, **fields: object) -> list[Blame]:
    return blames(found(**{"action": action, **ENOUGH[action], **fields}))


def imagined(**fields: object) -> list[Blame]:
    return blames(found(prompt="A fox", **fields))


def test_these_are_the_actions_and_imagine_is_the_default() -> None:
    assert MODEL.fields["action"]["enum"] == list(ENOUGH)
    assert MODEL.defaults == {"action": "imagine", "speed": "relax"}


@pytest.mark.parametrize("action", ENOUGH)
def test_an_action_takes_what_it_needs(action: str) -> None:
    assert by_action(action) == []
    assert by_action(action, speed="relax") == []


@in_one_test(("action", "field"), [(action, field) for action, needed in ENOUGH.items() for field in needed])
def test_an_action_misses_each_field_that_it_needs(action: str, field: str) -> None:
    rest = {name: value for name, value in ENOUGH[action].items() if name != field}
    assert blames(found(action=action, **rest)) == [missing(field)]


@in_one_test(("field", "action"), [(field, action) for field in VALUES for action in ENOUGH])
def test_a_field_is_taken_by_its_actions_and_refused_by_the_others(field: str, action: str) -> None:
    expected = [] if action in TAKERS[field] else [rule(field)]
    assert by_action(action, **{field: VALUES[field]}) == expected


@in_one_test("field", VALUES)
def test_a_refusal_names_the_actions_that_take_the_field(field: str) -> None:
    action = next(one for one in ("reroll", "imagine") if one not in TAKERS[field])
    (one,) = found(**{"action": action, **ENOUGH[action], field: VALUES[field]})
    if field in {"ref_task_id", "index"}:
        assert "taken with every action but" in one.message
        assert [name for name in ENOUGH if f'"{name}"' in one.message] == [
            name for name in ENOUGH if name not in TAKERS[field]
        ]
    else:
        assert one.message.startswith(f"{field} is taken with action ")
        assert {name for name in ENOUGH if f'"{name}"' in one.message} == set(TAKERS[field])


def test_without_an_action_it_is_imagine() -> None:
    assert imagined() == []
    assert blames(found()) == [missing("prompt")]
    assert blames(found(**ON_IMAGE)) == [missing("prompt"), rule("ref_task_id"), rule("index")]


def test_an_unknown_action_is_the_only_thing_told() -> None:
    assert blames(found(action="upscal", **ON_IMAGE, prompt="A fox", seed=3)) == [bad("action")]


@pytest.mark.parametrize("action", ENOUGH)
def test_every_action_takes_the_shared_fields(action: str) -> None:
    shared = {
        "aspect_ratio": "9:21",
        "speed": "turbo",
        "version": "v7",
        "metadata": {"anything": [1, {"goes": None}]},
        "callback_url": "https://example.com/hook",
        "callback_events": ["completed"],
    }
    assert by_action(action, **shared) == []


@in_one_test(
    ("field", "value"),
    [
        ("aspect_ratio", "auto"), ("aspect_ratio", "2:1"), ("speed", "slow"), ("version", "v8"), ("version", "8.1"),
        ("metadata", "text"), ("metadata", [1]), ("prompt", ""), ("image_urls", []), ("image_urls", ["cat.png"]),
        ("seed", 1.5), ("stylize", -1), ("stylize", 1001), ("chaos", 101), ("weird", 3001), ("tile", 1), ("iw", 3.1),
        ("iw", -0.1), ("cref", "cat.png"), ("sref", 5), ("dref", "ftp://example.com/a.png"), ("raw", "yes"),
        ("stop", 9), ("stop", 101), ("extra", {"no": "text"}), ("extra", {}), ("style", 5), ("negative_prompt", 5),
    ],
)  # fmt: skip
def test_imagine_refuses_a_wrong_value(field: str, value: object) -> None:
    assert blames(found(**{"prompt": "A fox", field: value})) == [bad(field)]


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("upscale", "index", 0), ("upscale", "index", 5), ("upscale", "index", 1.5), ("upscale", "index", "1"),
        ("upscale", "ref_task_id", ""), ("upscale", "ref_task_id", 5), ("zoom", "zoom_ratio", "2"),
        ("pan", "direction", "north"), ("upscale", "custom_id", ""), ("modal", "mask_url", "mask.png"),
    ],
)  # fmt: skip
def test_an_action_refuses_a_wrong_value(action: str, field: str, value: object) -> None:
    assert by_action(action, **{field: value}) == [bad(field)]


@pytest.mark.parametrize("field", ["n", "resolution", "quality"])
def test_midjourney_does_not_take(field: str) -> None:
    assert imagined(**{field: 1}) == [unknown(field)]


@pytest.mark.parametrize(("weight", "image", "most"), [("cw", "cref", 100), ("sw", "sref", 1000), ("dw", "dref", 100)])
def test_a_weight_needs_its_image(weight: str, image: str, most: int) -> None:
    assert imagined(**{weight: most, image: images(1)[0]}) == []
    assert imagined(**{weight: most + 1, image: images(1)[0]}) == [bad(weight)]
    (one,) = found(prompt="A fox", **{weight: 1})
    assert (one.kind, one.field, one.message) == ("rule", weight, f"{weight} is taken together with {image} only")


VERSIONS = ["v5.1", "v5.2", "v6.1", "v7", "v8.1", "v8.2", "niji6", "niji7"]


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"raw": True}, []),
        ({"draft": True}, ["v5.1", "v5.2", "v6.1"]),
        ({"draft": False}, []),
        ({"hd": True}, ["v5.1", "v5.2", "v6.1", "v7", "niji6", "niji7"]),
        ({"hd": False}, []),
        ({"stop": 50}, ["v7", "v8.1", "v8.2", "niji7"]),
    ],
)
def test_what_a_version_does_not_offer_is_refused_where_the_version_is_written(
    fields: dict[str, Any], refused: list[str]
) -> None:
    (field,) = fields
    assert [one for one in VERSIONS if imagined(**fields, version=one)] == refused
    assert all(imagined(**fields, version=one) == [rule(field)] for one in refused)
    assert imagined(**fields) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_of_an_earlier_task_is_not_guessed(version: str) -> None:
    """A follow-up keeps the version of its source, which the request does not show."""
    assert by_action("pan", version=version) == []
    assert by_action("remix-strong", version=version) == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, 'the actions "imagine" (the default) and "edit" need prompt'),
        (
            {"action": "upscale", "index": 1},
            'every action but "imagine" needs ref_task_id, the id of an earlier task',
        ),
        (
            {"action": "upscale", "ref_task_id": "task-1"},
            'every action but "imagine", "reroll" and "modal" needs index',
        ),
        ({"action": "pan", **ON_IMAGE}, 'action "pan" needs direction'),
        ({"action": "modal", "ref_task_id": "task-1"}, 'action "modal" needs mask_url'),
        (
            {"action": "upscale", **ON_IMAGE, "prompt": "A fox"},
            'prompt is taken with action "imagine", "edit", "modal", "remix-strong" or "remix-subtle" only',
        ),
        ({"prompt": "A fox", "zoom_ratio": 2}, 'zoom_ratio is taken with action "zoom" only'),
        (
            {"prompt": "A fox", "index": 1},
            'index is taken with every action but "imagine" (the default), "reroll" and "modal"',
        ),
        ({"prompt": "A fox", "hd": True, "version": "v7"}, "hd is offered with version v8.1 or v8.2 only"),
        ({"prompt": "A fox", "extra": {"a": 1}}, 'extra {"a": 1} is not text'),
        ({"prompt": "A fox", "n": 4}, 'midjourney takes no field "n"'),
    ],
)
def test_a_midjourney_mistake_is_told_in_a_sentence(fields: dict[str, Any], message: str) -> None:
    assert [one.message for one in found(**fields)] == [message]
