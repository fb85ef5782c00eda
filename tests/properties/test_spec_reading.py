"""Laws of reading: YAML that is JSON means what JSON says, and no text at all is a traceback."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.spec.inputs.text_encoding import decode_spec
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import Mark, SourceMap
from qwave_batch.spec.yaml.yaml_reader import read_yaml

LIMIT = 2**53 - 1
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufffe\uffff\ufeff"))
keys = texts.filter(lambda key: len(key) < 100)  # a longer key must be written otherwise in YAML
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-LIMIT, LIMIT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)  # fmt: skip
values: st.SearchStrategy[Json] = st.recursive(
    leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4), max_leaves=20
)


def paths(mark: Mark, path: ValuePath = ()) -> list[ValuePath]:
    return [path] + [found for step, below in mark.below.items() for found in paths(below, (*path, step))]


def value_at(value: Any, path: ValuePath) -> Any:
    for step in path:
        value = value[step]
    return value


@given(values)
def test_json_is_read_as_json(value: Json) -> None:
    reading = read_yaml(decode_spec(json.dumps(value, ensure_ascii=False).encode(), "f"), "f")
    assert reading.problems == ()
    assert json.dumps(reading.value, sort_keys=True) == json.dumps(value, sort_keys=True)


@given(values)
def test_every_value_has_a_mark_and_every_mark_a_value(value: Json) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    reading = read_yaml(text, "f")
    lines = text.split("\n")
    for path in paths(reading.mark):
        found = value_at(reading.value, path)
        place = SourceMap(reading.mark).place(path)
        beginning = lines[place.line - 1][place.column - 1 :]
        opening = (
            "{"
            if isinstance(found, dict)
            else "["
            if isinstance(found, list)
            else json.dumps(found, ensure_ascii=False)
        )
        assert beginning.startswith(opening)


def complaints(source: bytes, parser: type[Any] | None = None) -> Sequence[Problem]:
    try:
        return read_yaml(decode_spec(source, "f"), "f", parser).problems
    except SpecError as error:
        return error.problems or [Problem(message="")]


@given(st.text() | st.text("ab:-[]{}&*!|>'\"%@`#,? \n\t01~<.", max_size=60))
@example("? a\n? b\n")
@example("&a *a")
@example("- - - -\n -")
@example("!<x> y")
def test_no_text_is_a_traceback(text: str) -> None:
    for parser in {yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)}:
        said = complaints(text.encode("utf-8", "surrogatepass"), parser)
        assert all(problem.place and problem.message for problem in said)


@given(st.binary(max_size=60))
def test_no_bytes_are_a_traceback(source: bytes) -> None:
    assert all(problem.place and problem.message for problem in complaints(source))


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="there is one parser only")
@given(st.text("ab: -[]{}&*'\"|\n01~", max_size=40))
def test_both_parsers_read_alike_what_both_read(text: str) -> None:
    readings = []
    for parser in (yaml.SafeLoader, yaml.CSafeLoader):
        try:
            readings.append(read_yaml(decode_spec(text.encode(), "f"), "f", parser))
        except SpecError:
            return
    assert json.dumps(readings[0].value) == json.dumps(readings[1].value)
