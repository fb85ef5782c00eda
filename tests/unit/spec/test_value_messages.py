"""YAML that a message suggests is read as the value that is meant."""

import pytest
import yaml

from qwave_batch.spec.values.value_messages import axis_hint, inline_yaml


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("1-5", "write {start: 1, count: 5}"),
        ("3..7", "write {start: 3, count: 5}"),
        (" -2 to 2 ", "write {start: -2, count: 5}"),
        ("1,2,3", "write a list: [1, 2, 3]"),
        ("[1, 2]", "write a list: [1, 2]"),
        ("red, blue", "write a list: [red, blue]"),
        ("soft, at dawn", 'write a list: ["soft, at dawn"]'),
        ("16:9", 'write a list: ["16:9"]'),
        ("5-1", 'write a list: ["5-1"]'),
        ("007,008", 'write a list: ["007", "008"]'),
    ],
)
def test_a_text_in_the_place_of_an_axis_shows_how_it_is_written(text: str, hint: str) -> None:
    assert axis_hint(text) == hint


@pytest.mark.parametrize(
    "value", ["red", "no way", "16:9", "null", "a ", "", "é", "#1", "{{ a }}", 7, 1.5, True, None, {"a: b": ["x", {}]}]
)
def test_what_is_said_to_be_written_reads_as_the_value(value: object) -> None:
    assert yaml.safe_load(f"[{inline_yaml(value)}]") == [value]  # type: ignore[arg-type]  # any of JSON's


def test_what_is_long_is_not_said() -> None:
    assert inline_yaml(["x" * 100]) is None
    assert axis_hint("x" * 100) == "write a list: [...]"
