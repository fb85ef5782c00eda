"""A list of objects in JSON or YAML is a table, read an item at a time."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import SpecError
from qwave_batch.spec.table.json_list import read_json_list
from qwave_batch.spec.table.rows import Row, RowFault
from qwave_batch.spec.table.tables import open_rows, open_table


def rows(folder: Path, name: str, content: str | bytes) -> list[Row]:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return list(open_rows(path, name))


def complaints(folder: Path, name: str, content: str | bytes) -> list[str]:
    with pytest.raises(SpecError) as caught:
        rows(folder, name, content)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_each_object_of_a_json_list_is_a_row_with_its_place(folder: Path, start: str) -> None:
    text = start + '[\r\n  {"a": 1, "b": [true, null]},\r\n  {"c": "é"}, {"d": {"e": 1.5}}\r\n]\r\n'
    assert rows(folder, "t.json", text) == [
        Row(number=1, cells={"a": 1, "b": [True, None]}, file="t.json", line=2, column=3),
        Row(number=2, cells={"c": "é"}, file="t.json", line=3, column=3),
        Row(number=3, cells={"d": {"e": 1.5}}, file="t.json", line=3, column=15),
    ]
    assert open_table(folder / "t.json", "t.json").columns is None
    assert rows(folder, "t.json", " [ ] ") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["t.json:1:1: the file is empty"]),
        (" \n", ["t.json:2:1: the file is empty"]),
        (
            '{"a": 1}\n{"a": 2}\n',
            ["t.json:1:1: the file is not a list of objects; if each line is an object, name it .jsonl"],
        ),
        ('\n{"n": [1, 2], "rows": {"a": []}, "data": [\n{"a": 1}\n]}', [
            't.json:2:1: the file is one object that has its list under "data"; keep only that list in the file',
        ]),
        ('{"data": {"rows": [{"a": 1}]}}', [
            "t.json:1:1: the file is one object, not a list of objects; put [ before it and ] after it",
        ]),
        ("{}", ["t.json:1:1: the file is one object, not a list of objects; put [ before it and ] after it"]),
        ('{"data": []}', [
            't.json:1:1: the file is one object that has its list under "data"; keep only that list in the file',
        ]),
        ('{"a": [1, "b"', ["t.json:1:1: the file is not a list of objects; if each line is an object, name it .jsonl"]),
        ('"x"', ["t.json:1:1: the file is not a list of objects"]),
        ('[\n{"a": 1},\n[2],\n"x"\n]', [
            "t.json:3:1: row 2 is a list; each item of the list must be one JSON object",
            "t.json:4:1: row 3 is a string; each item of the list must be one JSON object",
        ]),
        ('[{"a": 1},\n{"a": }]', ["t.json:2:7: row 2 is not valid JSON: expecting value"]),
        ('[{"a": 1}\n{"a": 2}]', ["t.json:2:1: a comma is missing after row 1"]),
        ('[{"a": 1},]', ["t.json:1:11: row 2 is not valid JSON: expecting value"]),
        ('[{"a": 1}', ["t.json:1:10: the list does not end after row 1"]),
        ('[{"a": 1', ["t.json:1:9: row 1 is not valid JSON: expecting ',' delimiter"]),
        ('[{"a": "1', ["t.json:1:8: row 1 is not valid JSON: unterminated string starting at"]),
        ('[{"a": 1}]\n\nx', ["t.json:3:1: there is other data after the end of the list"]),
        ('[{"a": 1, "a": 2}]', ['t.json:1:2: row 1 cannot be read: duplicate key "a"']),
        ('[{"a": "\\ud800"}]', [
            "t.json:1:2: row 1 cannot be read: half of a surrogate pair is not a Unicode character",
        ]),
        ('[{"a": ' + "[" * 70 + "]" * 70 + "}]", [
            "t.json:1:2: row 1 cannot be read: it is nested deeper than 64 levels",
        ]),
        ('[{"a": ' + "[" * 200_000, ["t.json:1:2: row 1 cannot be read: it is nested too deeply"]),
        (b'[{"a": 1},\n {"b": "caf\xe9"}]', ["t.json:2:12: the byte 0xe9 is not valid UTF-8; save the file as UTF-8"]),
        (b"\xff\xfe[\x00", ["t.json:1:1: the file is UTF-16; save it as UTF-8"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_json_list_has_its_place(folder: Path, content: str | bytes, said: list[str]) -> None:
    assert complaints(folder, "t.json", content) == said


def test_a_mistake_late_in_a_large_file_has_its_place(folder: Path) -> None:
    good = "".join(f'{{"a": {number}, "b": "{"é" * 50}"}},\n' for number in range(5_000))
    assert complaints(folder, "t.json", f'[{good}{{"a": tru}}]') == [
        "t.json:5001:7: row 5001 is not valid JSON: expecting value"
    ]
    assert complaints(folder, "t.json", f'[{good}{{"a": "'.encode() + b"\xff" + b'"}]') == [
        "t.json:5001:8: the byte 0xff is not valid UTF-8; save the file as UTF-8"
    ]


def test_a_list_on_one_line_is_not_held_whole(folder: Path) -> None:
    with (folder / "t.json").open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(50_000):
            file.write(f'{"," * (number > 0)}{{"id": {number}, "text": "a quiet teahouse at dawn, ink wash on paper"}}')
        file.write("]")
    assert (folder / "t.json").stat().st_size > 3_000_000
    tracemalloc.start()
    count = sum(1 for _ in open_rows(folder / "t.json", "t.json"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 50_000
    assert peak < 1_000_000


def test_one_large_row_among_small_ones_is_read(folder: Path) -> None:
    large = {"image": "x" * 5_000_000}
    text = json.dumps([{"n": 1}, large, *({"n": number} for number in range(2_000))])
    read = rows(folder, "t.json", text)
    assert (len(read), read[1].cells) == (2_002, large)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(
    table=st.lists(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), values, max_size=3), max_size=4),
    indent=st.none() | st.integers(0, 2),
    is_ascii=st.booleans(),
    data=st.data(),
)
def test_however_the_text_comes_in_pieces_the_rows_are_what_was_written(
    table: list[dict[str, object]],
    indent: int | None,
    is_ascii: bool,  # noqa: FBT001
    data: st.DataObject,
) -> None:
    try:
        text = json.dumps(table, indent=indent, ensure_ascii=is_ascii)
        text.encode()
    except UnicodeEncodeError:
        return
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    _, read = read_json_list(iter(pieces), "t.json")
    found = list(read)
    assert not any(isinstance(row, RowFault) for row in found)
    assert [row.cells for row in found if isinstance(row, Row)] == table
    lines = text.split("\n")
    for row in found:
        assert isinstance(row, Row)
        assert lines[row.place.line - 1][row.place.column - 1] == "{"


@pytest.mark.parametrize("name", ["t.yaml", "t.yml"])
def test_each_mapping_of_a_yaml_list_is_a_row_in_the_specs_own_yaml(folder: Path, name: str) -> None:
    text = "# birds\n- {ratio: 16:9, answer: no, day: 2026-11-22, big: 1e3}\n- &wren\n  name: wren\n- *wren\n"
    read = rows(folder, name, text)
    assert [row.cells for row in read] == [
        {"ratio": "16:9", "answer": "no", "day": "2026-11-22", "big": 1000.0},
        {"name": "wren"},
        {"name": "wren"},
    ]
    assert [(row.number, row.place.line) for row in read] == [(1, 2), (2, 3), (3, 5)]
    assert rows(folder, name, "[]") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ["t.yaml:1:1: the file is empty"]),
        ("a: 1\n", ["t.yaml:1:1: expected a list of mappings, but the file is a mapping"]),
        ("- a: 1\n- two\n- [3]\n", [
            "t.yaml:2:3: row 2 is a string; each item of the list must be a mapping",
            "t.yaml:3:3: row 3 is a list; each item of the list must be a mapping",
        ]),
        ("- {a: 1, a: 2}\n- {b: !!int x}\n", [
            't.yaml:1:10: row 1: duplicate key "a"; the first is at t.yaml:1:4; keep one of them',
            't.yaml:2:7: row 2: "x" is not a valid !!int',
        ]),
        ("- a: 1\n-\tb: 2\n", ["t.yaml:2:2: a tab is not allowed here; indent with spaces"]),
        ("- a: 1\n---\n- b: 2\n", ["t.yaml:2:1: a second YAML document starts here, but a table is a single document"]),
        ("- a: 1\n- *nothing\n", ["t.yaml:2:3: the alias *nothing is not defined: there is no &nothing before it"]),
        ("- a: caf\x00\n", [
            "t.yaml:1:9: the character U+0000 is not allowed in a YAML file; remove it",
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_yaml_list_has_its_place(folder: Path, content: str, said: list[str]) -> None:
    assert complaints(folder, "t.yaml", content) == said


def test_yaml_rows_come_one_at_a_time_and_the_good_ones_first(folder: Path) -> None:
    (folder / "t.yaml").write_text("- {a: 1}\n- {a: 2}\n- {a: [}\n")
    stream = open_rows(folder / "t.yaml", "t.yaml")
    assert [next(stream).cells["a"], next(stream).cells["a"]] == [1, 2]
    with pytest.raises(SpecError, match=r"t\.yaml:3"):
        next(stream)


def test_a_yaml_table_that_is_too_large_says_what_to_do(folder: Path) -> None:
    (said,) = complaints(folder, "t.yaml", b"- " + b"x" * 20_000_000)
    assert "at most 20,000,000 are read; save it as .jsonl, which may be of any size" in said


def test_an_alias_bomb_in_a_table_is_stopped(folder: Path) -> None:
    text = "- &a {x: 1}\n" + "".join(
        f"- &{chr(98 + level)} {{x: [{', '.join([f'*{chr(97 + level)}'] * 10)}]}}\n" for level in range(8)
    )
    assert "the aliases expand to more than 100,000 values" in complaints(folder, "t.yaml", text)[-1]
