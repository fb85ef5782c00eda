"""Unquoted words mean what YAML 1.2's core schema says."""

import pytest

from qwave_batch.spec.yaml.scalars import Scalar, read_plain, read_tagged


@pytest.mark.parametrize(
    "text",
    ["16:9", "1:1", "no", "yes", "on", "off", "y", "n", "2026-11-22", "2026-05", "1_000", "0b1", "1K", "0o8", "0x", ".",
     "-", "+", "..", "1e", "e1", "1.2.3", "12:30:45", "0o", "-0x1", "tRUE", "nUll", "=", "<<", ".infinity"],
)  # fmt: skip
def test_what_only_older_yaml_takes_for_something_else_is_text(text: str) -> None:
    assert read_plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None),
     ("true", True), ("True", True), ("FALSE", False),
     ("0", 0), ("-7", -7), ("+5", 5), ("007", 7), ("0o7", 7), ("0o17", 15), ("0x1F", 31), ("0xff", 255),
     ("1e3", 1000.0), ("1.", 1.0), (".5", 0.5), ("-.5e-1", -0.05), ("+1.5E+2", 150.0),
     ("9007199254740991", 2**53 - 1), ("-9007199254740991", 1 - 2**53)],
)  # fmt: skip
def test_nulls_booleans_and_numbers(text: str, value: Scalar) -> None:
    read = read_plain(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (".inf", ".inf is not a JSON number"),
        ("-.Inf", "-.Inf is not a JSON number"),
        (".NaN", ".NaN is not a JSON number"),
        ("1e400", "1e400 is too large for a JSON number"),
        ("-" + "9" * 80 + "e400", "the number is too large for a JSON number"),
        ("9007199254740992", "9007199254740992 is past 2^53-1, the largest integer that JSON readers agree on"),
        ("-0" + "9" * 17, "-99999999999999999 is past 2^53-1, the largest integer that JSON readers agree on"),
        ("0x20000000000000", "9007199254740992 is past 2^53-1, the largest integer that JSON readers agree on"),
        ("9" * 100, "a number of 100 digits is past 2^53-1, the largest integer that JSON readers agree on"),
        ("9" * 10_000, "a number of 10000 digits is past 2^53-1, the largest integer that JSON readers agree on"),
    ],
)
def test_numbers_that_json_cannot_hold_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # compared whole below
        read_plain(text)
    assert str(caught.value) == said


def test_an_explicit_tag_decides() -> None:
    assert read_tagged("5", "tag:yaml.org,2002:str") == "5"
    assert read_tagged("5", "tag:yaml.org,2002:int") == 5
    assert read_tagged("5", "tag:yaml.org,2002:float") == 5.0
    with pytest.raises(ValueError, match=r'^"x" is not a valid !!int$'):
        read_tagged("x", "tag:yaml.org,2002:int")
    with pytest.raises(ValueError, match=r"^unknown tag !cat$"):
        read_tagged("x", "!cat")
