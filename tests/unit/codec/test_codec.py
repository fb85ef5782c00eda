"""A codec writes what is declared, and says of what it can't read where and why."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import pytest

from qwave_batch.model.codec import EXACT, LEFT_OUT, Codec, DecodeError, Key, MissingKey, usd_key
from qwave_batch.model.jsontypes import JsonObject


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    count: int
    price_nusd: int = 0
    secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    colour: Colour
    size: float | None
    source: Literal["api", "catalog"] | None
    is_new: bool
    tags: tuple[str, ...]
    inner: tuple[Inner, ...]
    one: Inner | None
    body: JsonObject
    note: str = ""


CODEC = Codec(
    {
        Inner: {"price_nusd": usd_key("price_usd"), "secret": LEFT_OUT},
        Outer: {
            "note": Key(is_default_written=False),
            "size": Key(name="bytes", write=lambda size: round(size, 1), read=lambda size: size * 2),
        },
    }
)
OUTER = Outer(
    name="x",
    colour=Colour.BLUE,
    size=1.26,
    source="api",
    is_new=True,
    tags=("a", "b"),
    inner=(Inner(count=1, price_nusd=63_000_001, secret="s"), Inner(count=0)),
    one=None,
    body={"n": [1, 2.5e-7, None, {"a": {}}]},
)
TEXT = (
    '{"name": "x", "colour": "blue", "bytes": 1.3, "source": "api", "is_new": true, "tags": ["a", "b"], '
    '"inner": [{"count": 1, "price_usd": 0.063000001}, {"count": 0, "price_usd": 0.0}], "one": null, '
    '"body": {"n": [1, 2.5e-07, null, {"a": {}}]}}'
)


def test_fields_stand_in_their_order_under_their_names() -> None:
    assert json.dumps(CODEC.encode(OUTER)) == TEXT


def test_it_reads_what_it_wrote() -> None:
    read = CODEC.decode(json.loads(TEXT), Outer)
    assert read.size == 2.6
    assert read.inner == (Inner(count=1, price_nusd=63_000_001), Inner(count=0))
    assert (read.colour, read.tags, read.body) == (Colour.BLUE, OUTER.tags, OUTER.body)


def test_a_key_that_is_written_only_when_it_says_something_is_there_then() -> None:
    value = CODEC.encode(Outer(**{**{name: getattr(OUTER, name) for name in OUTER.__slots__}, "note": "hello"}))
    assert list(value)[-1] == "note"
    assert CODEC.decode(value, Outer).note == "hello"


def test_a_key_that_is_absent_has_what_its_form_says() -> None:
    codec = Codec({Inner: {"count": Key(is_written=False, absent=7)}})
    assert codec.encode(Inner(count=1)) == {"price_nusd": 0, "secret": ""}
    assert codec.decode({}, Inner) == Inner(count=7)


def test_a_form_for_a_field_that_is_not_there_is_an_error() -> None:
    with pytest.raises(TypeError, match="Inner has no field amount"):
        Codec({Inner: {"amount": LEFT_OUT}}).encode(Inner(count=1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": 3}, "name: expected a string"),
        ({"name": None}, "name: expected a string"),
        ({"colour": "green"}, "colour: expected one of red, blue"),
        ({"colour": []}, "colour: expected one of red, blue"),
        ({"source": "them"}, "source: expected one of api, catalog or null"),
        ({"source": {}}, "source: expected one of api, catalog or null"),
        ({"is_new": 1}, "is_new: expected true or false"),
        ({"tags": "ab"}, "tags: expected a list of strings"),
        ({"tags": ["a", 1]}, "tags: expected a list of strings"),
        ({"tags": {"a": 1}}, "tags: expected a list of strings"),
        ({"inner": {}}, "inner: expected a list of objects"),
        ({"inner": "ab"}, "inner: expected a list of objects"),
        ({"inner": [{"count": 1}, 7]}, "inner[1]: expected an object"),
        ({"inner": [{"count": 1}, {"count": -1}]}, "inner[1].count: expected a non-negative integer"),
        ({"inner": [{"count": 1}, {"count": 1.5}]}, "inner[1].count: expected a non-negative integer"),
        ({"inner": [{"count": True}]}, "inner[0].count: expected a non-negative integer"),
        ({"inner": [{"count": "1"}]}, "inner[0].count: expected a non-negative integer"),
        ({"inner": [{"count": float("nan")}]}, "inner[0].count: expected a non-negative integer"),
        ({"inner": [{"count": float("inf")}]}, "inner[0].count: expected a non-negative integer"),
        ({"inner": [{}]}, "inner[0].count is missing"),
        ({"one": []}, "one: expected an object or null"),
        ({"body": []}, "body: expected an object"),
        ({"body": None}, "body: expected an object"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DecodeError) as caught:
        CODEC.decode({**json.loads(TEXT), **change}, Outer)
    assert str(caught.value) == said


def test_a_path_names_the_key_and_not_the_field() -> None:
    def refuse(_: object) -> float:
        raise OverflowError("too large")

    codec = Codec({Inner: {"price_nusd": Key(name="price_usd", read=refuse)}})
    with pytest.raises(DecodeError) as caught:
        codec.decode({"count": 1, "price_usd": 10**400}, Inner)
    assert (caught.value.path, str(caught.value)) == ("price_usd", "price_usd: too large")


@pytest.mark.parametrize("value", [None, 3, "x", [], [{}], float("nan")])
def test_a_whole_value_that_is_not_an_object_is_said(value: object) -> None:
    with pytest.raises(DecodeError, match=r"^expected an object$"):
        CODEC.decode(value, Outer)


@pytest.mark.parametrize("size", [float("nan"), float("inf"), -float("inf"), True, "1", []])
def test_a_number_is_finite(size: object) -> None:
    @dataclass(frozen=True)
    class Sized:
        size: float

    with pytest.raises(DecodeError, match=r"^size: expected a finite number$"):
        EXACT.decode({"size": size}, Sized)


def test_an_integer_as_another_program_writes_it_is_one() -> None:
    assert CODEC.decode({"count": 3.0}, Inner) == Inner(count=3)
    with pytest.raises(DecodeError, match=r"^count: expected a non-negative integer$"):
        EXACT.decode({"count": 3.0, "price_nusd": 0, "secret": ""}, Inner)


def test_unknown_keys_are_passed_over() -> None:
    assert CODEC.decode({"count": 3, "more": 1}, Inner) == Inner(count=3)


def test_an_exact_object_has_every_key_and_no_other() -> None:
    whole = EXACT.encode(Inner(count=1))
    assert EXACT.decode(whole, Inner) == Inner(count=1)
    with pytest.raises(MissingKey, match=r"^price_nusd is missing$") as caught:
        EXACT.decode({"count": 1, "secret": ""}, Inner)
    assert caught.value.path == "price_nusd"
    with pytest.raises(DecodeError, match=r"^more is not a key of it$"):
        EXACT.decode({**whole, "more": 1}, Inner)


def test_a_mapping_that_is_not_a_dict_is_read_and_written() -> None:
    class Reading(Mapping[str, Any]):
        def __getitem__(self, key: str) -> int:
            return {"count": 4}[key]

        def __iter__(self) -> Any:
            return iter(["count"])

        def __len__(self) -> int:
            return 1

    assert CODEC.decode(Reading(), Inner) == Inner(count=4)
