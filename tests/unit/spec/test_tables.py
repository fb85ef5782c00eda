"""Tables are read row by row, strictly."""

from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.spec.table.tables import Row, open_rows, open_table


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def rows(folder: Path, name: str, content: str | bytes) -> list[Row]:
    return list(open_rows(write(folder, name, content), name))


def cells(folder: Path, name: str, content: str | bytes) -> list[object]:
    return [dict(row.cells) for row in rows(folder, name, content)]


def complaints(folder: Path, name: str, content: str | bytes) -> list[str]:
    with pytest.raises(SpecError) as caught:
        rows(folder, name, content)
    return [str(problem) for problem in caught.value.problems]


def test_csv_cells_may_be_quoted_and_hold_line_ends(folder: Path) -> None:
    text = 'prompt,n\r\n"a ""red"" cat, sitting\r\non a mat",1\r\n\r\nplain,2\r\n'
    assert rows(folder, "t.csv", text) == [
        Row(number=1, cells={"prompt": 'a "red" cat, sitting\non a mat', "n": "1"}, file="t.csv", line=2),
        Row(number=2, cells={"prompt": "plain", "n": "2"}, file="t.csv", line=5),
    ]


def test_tsv_quotes_mean_themselves(folder: Path) -> None:
    assert cells(folder, "t.tsv", 'a\tb\n"x\ty"z"\n""\t\n') == [{"a": '"x', "b": 'y"z"'}, {"a": '""', "b": ""}]


def test_jsonl_cells_have_types_and_rows_their_own_columns(folder: Path) -> None:
    text = '{"a": 1, "b": [true, null]}\n\n  {"c": "é"}\n'
    assert cells(folder, "t.jsonl", text) == [{"a": 1, "b": [True, None]}, {"c": "é"}]
    assert open_table(folder / "t.jsonl", "t.jsonl").columns is None


def test_each_line_of_a_text_is_a_row(folder: Path) -> None:
    read = rows(folder, "t.txt", "one\n\n   \n two \r\nthree")
    assert [row.cells["text"] for row in read] == ["one", " two ", "three"]
    assert [(row.number, row.place.line) for row in read] == [(1, 1), (2, 4), (3, 5)]
    assert open_table(folder / "t.txt", "t.txt").columns == ("text",)


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "T.CSV"])
def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path, name: str) -> None:
    assert cells(folder, name, b"\xef\xbb\xbfa\nx\n") == [{"a": "x"}]


def test_the_last_line_needs_no_end(folder: Path) -> None:
    assert cells(folder, "t.csv", "a\nx") == [{"a": "x"}]
    assert cells(folder, "t.csv", "a\n") == []


def test_a_cell_may_hold_an_image(folder: Path) -> None:
    [row] = rows(folder, "t.csv", "a,b\n" + "x" * 5_000_000 + ",1\n")
    assert len(str(row.cells["a"])) == 5_000_000


READ = "supported are .csv, .tsv, .jsonl, .json, .txt, .yaml, .yml, .parquet, all but the last also with .gz"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", "a,b\n1,2,3\n4\n5,6\n", [
            "t.csv:2:1: row 1 has 3 cells, but the header has 2 columns",
            "t.csv:3:1: row 2 has 1 cell, but the header has 2 columns",
        ]),
        ("t.tsv", "a\n1\t2\n", ["t.tsv:2:1: row 1 has 2 cells, but the header has 1 column"]),
        ("t.csv", 'a\n"open\nx\n', ["t.csv:2:1: a quoted cell starts in this row and never ends"]),
        ("t.csv", 'a\n"x"y\n', [
            ('t.csv:2:1: there is text after the closing quote of a cell; a quote inside a quoted cell is written '
            'twice, ""'),
        ]),
        ("t.csv", "a,b,a,b\n", [
            't.csv:1:1: the header names "a" twice, in columns 1 and 3',
            't.csv:1:1: the header names "b" twice, in columns 2 and 4',
        ]),
        ("t.tsv", "\t \t\n", ["t.tsv:1:1: no column in the header has a name"]),
        ("t.csv", "", ["t.csv:1:1: the table is empty; its first line must name the columns"]),
        ("t.tsv", "\n\n", ["t.tsv:1:1: the table is empty; its first line must name the columns"]),
        ("t.csv", b"a\nx\ncaf\xe9\n", ["t.csv:3:4: the byte 0xe9 is not valid UTF-8; save the file as UTF-8"]),
        ("t.tsv", b"\xff\xfea\x00", ["t.tsv:1:1: the file is UTF-16; save it as UTF-8"]),
        ("t.jsonl", '{"a": 1}\n[1]\n"x"\n{"a": }\n', [
            "t.jsonl:2:1: row 2 is a list; each line must be one JSON object",
            "t.jsonl:3:1: row 3 is a string; each line must be one JSON object",
            "t.jsonl:4:7: row 4 is not valid JSON: expecting value",
        ]),
        ("t.jsonl", '{"a": 1, "a": 2}\n', ['t.jsonl:1:1: row 1 cannot be read: duplicate key "a"']),
        ("t.jsonl", '{"a": "\\ud800"}\n', [
            "t.jsonl:1:1: row 1 cannot be read: half of a surrogate pair is not a Unicode character",
        ]),
        ("t.jsonl", '{"a": ' + "[" * 70 + "]" * 70 + "}", [
            "t.jsonl:1:1: row 1 cannot be read: it is nested deeper than 64 levels",
        ]),
        ("t.jsonl", '{"a": ' + "[" * 100_000 + "\n", ["t.jsonl:1:1: row 1 cannot be read: it is nested too deeply"]),
        ("t.csv", b"\x1f\x8b\x08", [
            "t.csv:1:1: the file is gzip, but its name does not end with .gz; rename it to t.csv.gz",
        ]),
        ("t.xlsx", "", [f"t.xlsx:1:1: t.xlsx has the extension .xlsx; {READ}"]),
        ("table", "", [f"table:1:1: table has no extension; {READ}"]),
        ("table.gz", "", [
            (f"table.gz:1:1: table.gz does not say what is in the gzip file; {READ}; rename it, for example to "
            "table.csv.gz"),
        ]),
        ("t.xls.gz", "", [f"t.xls.gz:1:1: t.xls.gz has the extension .xls; {READ}"]),
        ("t.parquet.gz", "", [
            (f"t.parquet.gz:1:1: t.parquet.gz is Parquet inside gzip; {READ}; unpack it; Parquet is already "
            "compressed"),
        ]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_has_its_line(
    folder: Path, name: str, content: str | bytes, said: list[str]
) -> None:
    assert complaints(folder, name, content) == said


def test_a_table_with_many_bad_rows_lists_the_first_twenty(folder: Path) -> None:
    assert len(complaints(folder, "t.csv", "a,b\n" + "1\n" * 500)) == 20


def test_rows_come_one_at_a_time_and_the_good_ones_first(folder: Path) -> None:
    stream = open_rows(write(folder, "t.csv", "a\n1\n2\n3,4\n"), "t.csv")
    assert [next(stream).cells["a"], next(stream).cells["a"]] == ["1", "2"]
    with pytest.raises(SpecError, match="row 3 has 2 cells"):
        next(stream)


def test_partiprompts_is_read_whole(partiprompts: Path) -> None:
    read = list(open_rows(partiprompts, "PartiPrompts.tsv"))
    assert len(read) == 1632
    assert set(read[0].cells) == {"Prompt", "Category", "Challenge", "Note"}
    assert any('"' in str(row.cells["Prompt"]) for row in read)
