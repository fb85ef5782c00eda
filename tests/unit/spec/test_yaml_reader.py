"""YAML becomes values, each with its line and column."""

# ruff: noqa: E501  # a sentence that is compared whole stands in one piece

import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import SourcePlace
from qwave_batch.spec.inputs.text_encoding import MAX_FILE_BYTES, decode_spec
from qwave_batch.spec.yaml.source_map import SourceMap
from qwave_batch.spec.yaml.yaml_reader import YamlDocument, read_yaml, read_yaml_list
from tests.every_case import in_one_test

PARSERS = [pytest.param(yaml.SafeLoader, id="python")]
if hasattr(yaml, "CSafeLoader"):
    PARSERS.append(pytest.param(yaml.CSafeLoader, id="c"))

A_SPEC = """\
version: 1
name: tea  # what it is
request: {model: m, seeds: [1, 2]}
prompts:
  - "a \\u00e9t\\xe9"
  - 'it''s'
  - |
    two
    lines
  - &again {a: [b, {c: d}]}
  - *again
"""

both = pytest.mark.parametrize("parser", PARSERS)


def read(text: str | bytes, parser: type[Any] | None = None) -> YamlDocument:
    source = text if isinstance(text, bytes) else text.encode("utf-8")
    return read_yaml(decode_spec(source, "f.yaml"), "f.yaml", parser)


def complaints(text: str | bytes, parser: type[Any] | None = None) -> list[str]:
    try:
        return [str(problem) for problem in read(text, parser).problems]
    except SpecError as error:
        return [str(problem) for problem in error.problems]


@both
def test_every_key_and_value_has_its_place(parser: type[Any]) -> None:
    marks = SourceMap(read("a: 1\nlist:\n  - x\n  - k: [1, 'zwei']\n    two words: |\n      text\n", parser).mark)
    assert marks.place(("a",)) == SourcePlace("f.yaml", 1, 4)
    assert marks.key_place(("list",)) == SourcePlace("f.yaml", 2, 1)
    assert marks.place(("list", 0)) == SourcePlace("f.yaml", 3, 5)
    assert marks.place(("list", 1, "k", 1)) == SourcePlace("f.yaml", 4, 12)
    assert marks.key_place(("list", 1, "two words")) == SourcePlace("f.yaml", 5, 5)
    assert marks.line_place(("list", 1, "two words"), 1) == SourcePlace("f.yaml", 6, 1)
    assert marks.path_text(("list", 1, "two words")) == 'list[1]["two words"]'


def test_a_place_that_is_not_written_down_is_that_of_what_is_around_it() -> None:
    marks = SourceMap(read("a: {b: 1}\n").mark)
    assert marks.place(("a", "missing", 3)) == SourcePlace("f.yaml", 1, 4)
    assert marks.key_place(("missing",)) == SourcePlace("f.yaml", 1, 1)


@both
def test_an_alias_stands_for_its_value_at_its_own_place(parser: type[Any]) -> None:
    reading = read("a: &x {k: [1]}\nb: *x\n", parser)
    assert reading.value == {"a": {"k": [1]}, "b": {"k": [1]}}
    assert SourceMap(reading.mark).place(("b",)) == SourcePlace("f.yaml", 2, 4)
    assert SourceMap(reading.mark).place(("b", "k", 0)) == SourcePlace("f.yaml", 1, 12)


@both
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "a: 1\nb: 2\na: 3\n",
            'f.yaml:3:1  a: duplicate key "a"; the first is at f.yaml:1:1; keep one of them',
        ),
        ("1: x\n", "f.yaml:1:1: keys must be strings, found 1; put quotes around the key"),
        ("a: {true: x}\n", "f.yaml:1:5  a: keys must be strings, found true; put quotes around the key"),
        ("? [a]\n: b\n", "f.yaml:1:3: keys must be strings, found a list or mapping; put quotes around the key"),
        (
            "<<: {a: 1}\n",
            (
                "f.yaml:1:1: YAML 1.2 has no merge keys (<<); write the keys out, or move shared keys into a file and "
                "use extends"
            ),
        ),
        ("a: {{ x }}\n", 'f.yaml:1:4  a: a template that begins with {{ needs quotes; write "{{ x }}"'),
        ("- b\n- {{ x|slug }}\n", 'f.yaml:2:3  [1]: a template that begins with {{ needs quotes; write "{{ x|slug }}"'),
        (
            "a: {{ x }}, b\n",
            "f.yaml:1:4: a string that begins with {{ needs quotes; put quotes around the whole string",
        ),
        ("- {{ x }} b\n", "f.yaml:1:3: a string that begins with {{ needs quotes; put quotes around the whole string"),
        (
            "a: {% if x %}\n",
            "f.yaml:1:4: a string that begins with {% needs quotes; put quotes around the whole string",
        ),
        ("a:\n\tb: 1\n", "f.yaml:2:1: a tab is not allowed here; indent with spaces"),
        ("a: A fox: red\n", 'f.yaml:1:9: an unquoted string cannot contain ": "; put quotes around the whole string'),
        ("a: 'x\n", "f.yaml:1:4: the quote opened here is never closed"),
        ("a: [1, 2\nb: 3\n", "f.yaml:1:4: the [ opened here is not closed, or a comma is missing before line 2"),
        ("a: {b: 1\nc: 2\n", "f.yaml:1:4: the { opened here is not closed, or a comma is missing before line 2"),
        ("a: @x\n", "f.yaml:1:4: an unquoted string cannot begin with @; put quotes around the whole string"),
        (
            'a: "x" y\n',
            'f.yaml:1:8: unexpected "y" after the end of a value; put quotes around the whole string',
        ),
        (
            "- a: 1\n b: 2\n",
            "f.yaml:2:2: this line is not aligned with the lines that it belongs to; align it with them",
        ),
        (
            "a: - b\n",
            "f.yaml:1:4: a list with dashes cannot start on the same line as its key; start it on the next line",
        ),
        (
            "key\nb: 1\n",
            (
                "f.yaml:2:2: this key is not aligned with the keys that it belongs to; align it with them, or check whether the "
                "line before is missing its colon"
            ),
        ),
        ("a: *x\n", "f.yaml:1:4: the alias *x is not defined: there is no &x before it"),
        ("a: &x [*x]\n", "f.yaml:1:8: the alias *x is inside the value that it refers to"),
        ("a: !cat x\n", "f.yaml:1:4  a: unknown tag !cat"),
        ("a: !!set {b}\n", "f.yaml:1:4  a: unknown tag !!set"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second YAML document starts here, but a spec is a single document"),
        ("", "f.yaml:1:1: the file is empty"),
        ("# only a comment\n", "f.yaml:1:1: the file is empty"),
        ("a: .inf\n", "f.yaml:1:4  a: .inf is not a JSON number; put quotes around it if it is not a number"),
    ],
)
def test_each_mistake_has_its_words(parser: type[Any], text: str, said: str) -> None:
    assert complaints(text, parser) == [said]


MISTAKES = (
    "a: A fox: red\n", "key\nb: 1\n", "a: 'x\n", 'a: "x\n---\ny"\n', "a: [1, 2\nb: 3\n", "a: {b: 1\nc: 2\n", "a: [1,\n", "a: [1\n",
    "a: [,]\n", "a: ]\n", "a: [1]]\n", "a: 1\n}\n", "a: @x\n", "a: %x\n", "a: ? b\n", "a: **bold**\n", "a: & x\n", "a: !<x\n", "a: |x\n",
    "a: - b\n", "a: [- b]\n", "- a: 1\n b: 2\n", "a: 1\n- b\n", '"x"\n- b\n', ": b\n", "[a]: 1\n}\n", 'a: "x" y\n', 'a: "\\q"\n',
    'a: "\\u12"\n', "a: 1\nfoo\nb: 2\n", 'a: 1\n"foo"\nb: 2\n', "a: 1\n[foo]\nb: 2\n", "%YAML 3.0\n---\na: 1\n", "%FOO\n", "a: !x!y z\n",
    "a: {{ x }}, b\n", "a:\n\tb: 1\n", "a: [it's, b\nc: 1\n", f"{'x' * 1_100}: 1\n", "[" * 1_100,
)  # fmt: skip


def reworded(base: type[Any]) -> type[Any]:
    """Return a parser that finds the same mistakes at the same places, and says something else of them."""

    class Reworded(base):  # type: ignore[misc]
        def get_event(self) -> Any:
            try:
                return super().get_event()
            except yaml.MarkedYAMLError as error:
                error.context, error.problem = error.context and "flow sequence, expected key", "unknown escape, \\x"
                raise

    return Reworded


@both
@in_one_test("text", MISTAKES)
def test_no_word_of_a_parser_decides_what_is_said(parser: type[Any], text: str) -> None:
    said = complaints(text, parser)
    assert said == complaints(text, reworded(parser))


@pytest.mark.skipif(len(PARSERS) == 1, reason="there is only one parser here")
@in_one_test("text", [text for text in MISTAKES if text != "%FOO\n"])
def test_both_parsers_are_understood_alike(text: str) -> None:
    assert complaints(text, yaml.SafeLoader) == complaints(text, yaml.CSafeLoader)


@both
@given(data=st.data())
def test_no_damage_to_a_text_brings_out_a_parsers_words(parser: type[Any], data: st.DataObject) -> None:
    text = data.draw(st.sampled_from((*MISTAKES[:-2], A_SPEC)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from([*":-[]{}\"'\\#@%&*!|>?, \n\t", ": ", "- "])) + text[at:]
    said = complaints(text, parser)
    assert said == complaints(text, reworded(parser))


@pytest.mark.skipif(not hasattr(yaml, "CSafeLoader"), reason="the other parser takes them")
def test_escapes_that_are_no_characters_say_what_to_write() -> None:
    assert complaints('a: "\\ud800"\n') == [
        (
            "f.yaml:1:7: this escape is not a Unicode character; write the character itself, or use eight digits for a "
            'character above U+FFFF, such as "\\U0001f600"'
        )
    ]
    assert complaints('a: "\\q"\n') == [
        "f.yaml:1:5: \\q is not a valid escape in double quotes; write \\\\ for a backslash, or use single quotes"
    ]


def test_a_lone_surrogate_is_refused_by_the_slower_parser_too() -> None:
    assert complaints('a: "\\ud800"\n', yaml.SafeLoader) == [
        "f.yaml:1:4  a: half of a surrogate pair is not a Unicode character"
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"\xff\xfea\x00", "f.yaml:1:1: the file is UTF-16; save it as UTF-8"),
        (b"a: 1\nb: caf\xe9\n", "f.yaml:2:7: the byte 0xe9 is not valid UTF-8; save the file as UTF-8"),
        ("\u00e9: x\n".encode() + b"b: \xff", "f.yaml:2:4: the byte 0xff is not valid UTF-8; save the file as UTF-8"),
        (
            b"a: b\0c",
            "f.yaml:1:5: the character U+0000 is not allowed in a YAML file; remove it",
        ),
        (
            "a: b\u2028c".encode(),
            (
                "f.yaml:1:5: the character U+2028 is not allowed in a YAML file; remove it, or write "
                '"\\u2028" inside double quotes'
            ),
        ),
    ],
)
def test_bytes_that_are_no_text_have_their_place(source: bytes, said: str) -> None:
    assert complaints(source) == [said]


def test_a_byte_order_mark_is_dropped_and_crlf_is_lf() -> None:
    assert read(b"\xef\xbb\xbfa: 1\r\nb: |\r\n  x\r\n  y\r\n").value == {"a": 1, "b": "x\ny\n"}


def test_all_that_can_be_told_is_told_at_once() -> None:
    said = complaints("a: .nan\na: 2\n3: x\nb: {{ y }}\nc: 9007199254740993\n")
    assert [line.split(":")[1] for line in said] == ["1", "2", "3", "4", "5"]


@both
@pytest.mark.parametrize("text", ["[" * 1_000_000, "{" * 1_000_000, "- " * 500_000, "? " * 100_000])
def test_nesting_ends_early(parser: type[Any], text: str) -> None:
    started = time.process_time()
    [said] = complaints(text, parser)
    assert said.endswith("it is nested deeper than 64 levels")
    assert time.process_time() - started < 5


def bounded(base: type[Any], levels: int) -> type[Any]:
    """Return a parser with a limit of its own on what it looks ahead, in words that nobody knows."""

    class Bounded(base):  # type: ignore[misc]
        def __init__(self, stream: str) -> None:
            super().__init__(stream)
            self._whole = stream

        def get_event(self) -> Any:
            event = super().get_event()
            run = re.compile(r"[\[{]*").match(self._whole, event.end_mark.index)
            if run and len(run[0]) > levels:
                place = yaml.Mark("", run.start() + levels, 0, run.start() + levels, "", 0)
                raise yaml.scanner.ScannerError("basta", place, "troppo", place)
            return event

    return Bounded


@both
@pytest.mark.parametrize("levels", [70, 1_000])
@pytest.mark.parametrize(
    ("text", "column"),
    [("[" * 3_000, 66), ("[{" * 2_000, 66), ("a: " + "[" * 1_500 + "@", 68), ("- - " + "{" * 1_100, 68)],
)
def test_nesting_is_told_in_our_words_whatever_the_parser_says(
    parser: type[Any], levels: int, text: str, column: int
) -> None:
    assert complaints(text, bounded(parser, levels)) == [f"f.yaml:1:{column}: it is nested deeper than 64 levels"]


@both
def test_brackets_that_nest_nothing_are_no_nesting(parser: type[Any]) -> None:
    for text in ("a: '" + "[" * 200 + "\n", "a: x" + "[" * 200 + ": y", "a: [1 # " + "[" * 200 + "\n"):
        [said] = complaints(text, parser)
        assert "nested" not in said


def test_a_list_of_rows_may_nest_one_level_more_than_a_row() -> None:
    deep = "[" * 65 + "]" * 65
    assert next(iter(read_yaml_list(f"- {deep}\n", "f.yaml"))).value
    with pytest.raises(SpecError, match=r"f\.yaml:1:68: it is nested deeper than 64 levels"):
        list(read_yaml_list("- " + "[" * 1_200, "f.yaml"))


@both
def test_aliases_of_aliases_are_bounded(parser: type[Any]) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))
    [said] = complaints(bomb, parser)
    assert "the aliases expand to more than 100,000 values" in said


def test_a_file_with_a_mistake_on_every_line_is_given_up() -> None:
    said = complaints("a: 1\n" * 200_000)
    assert len(said) == 101
    assert said[-1] == "f.yaml:101:1: there are too many problems; the rest of the file was not read"


def test_a_line_of_a_megabyte_is_read() -> None:
    assert read("a: " + "x" * 1_000_000 + "\n").value == {"a": "x" * 1_000_000}


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert complaints(b"#" * (MAX_FILE_BYTES + 1)) == [
        (
            "f.yaml:1:1: the spec has 20,000,001 bytes; at most 20,000,000 are read; put the prompts into a table and "
            "load it with from"
        )
    ]
