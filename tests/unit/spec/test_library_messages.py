"""Messages about mistakes are our own: another wording in a library changes nothing."""

import csv
import gzip
import io
import json

import pytest
from jinja2 import TemplateAssertionError

from qwave_batch.errors import SpecError
from qwave_batch.output.manifest_schema import schema_faults
from qwave_batch.spec.table import delimited, table_file
from qwave_batch.spec.table.json_list import _Text
from qwave_batch.spec.table.rows import RowFault
from qwave_batch.spec.table.table_file import Line
from qwave_batch.spec.table.tables import ALL_COLUMNS
from qwave_batch.spec.template.template_messages import syntax_fault

PACKED = gzip.compress(b"a,b\n" * 50_000)


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (b"a,b\n", "the file is not gzip"),
        (b"", "the file is not gzip"),
        (PACKED + b"more", "there is other data after the end"),
        (PACKED + PACKED + b"\0\0more", "there is other data after the end"),
        (PACKED + b"\0" * 10, "damaged"),
        (PACKED[:-8] + b"0000" + PACKED[-4:], "damaged"),
        (PACKED[:-4] + b"0000", "damaged"),
        (PACKED + PACKED[:-8] + b"0000" + PACKED[-4:], "damaged"),
    ],
)
def test_what_is_wrong_with_gzip_is_seen_by_its_bytes(packed: bytes, said: str) -> None:
    assert said in table_file._damage(gzip.BadGzipFile("basta"), io.BytesIO(packed))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('a\n"open\nx', "a quoted cell starts in this row and never ends"),
        ('a\n"open ""here', "a quoted cell starts in this row and never ends"),
        ('a\n1,"x" y', "there is text after the closing quote of a cell"),
        ('a\n"one\ntwo","x"" y",""z', "there is text after the closing quote of a cell"),
        ('a\n1,"x" ,y', "there is a space after the closing quote of a cell"),
    ],
)
def test_what_is_wrong_with_a_csv_row_is_seen_by_its_text(text: str, said: str) -> None:
    lines = (Line(number, line) for number, line in enumerate(text.split("\n"), start=1))
    _, rows = delimited.read_csv(lines, "t.csv", ALL_COLUMNS)
    [fault] = rows
    assert isinstance(fault, RowFault)
    assert fault.problem.message.startswith(said)
    assert fault.problem.place is not None
    assert fault.problem.place.line == 2


def test_a_cell_that_is_too_long_says_how_long_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    before = csv.field_size_limit()
    monkeypatch.setattr(delimited, "MAX_LINE_BYTES", 10)
    try:
        _, rows = delimited.read_csv(iter([Line(1, "a"), Line(2, '"xxxxxxxxxxxx"')]), "t.csv", ALL_COLUMNS)
        with pytest.raises(SpecError, match="the row that starts here is too large: at most 10 characters"):
            list(rows)
    finally:
        csv.field_size_limit(before)


@pytest.mark.parametrize(
    ("held", "at", "is_cut"),
    [
        ('[{"a": "an open text', 7, True),
        ('[{"a": "a \\" text', 7, True),
        ('[{"a": "b" "c"}, {"and": "so on, and on, and on, and on"}]', 11, False),
        ('[{"a" 1}, {"and": "so on, and on, and on, and on, and on"}]', 6, False),
    ],
)
def test_a_json_text_that_is_cut_is_seen_by_its_signs(held: str, at: int, *, is_cut: bool) -> None:
    text = _Text(iter(()), "t.json")
    text.held = held
    assert text._is_cut(json.JSONDecodeError("basta", held, at)) == is_cut


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("{{ a | uper }}", "uper"),
        ("a | b {{ 'x | y' | upper | uper }} | c", "uper"),
        ('{{ "}} | x" | uper }}', "uper"),
        ("{% filter uper %}x{% endfilter %}", "uper"),
        ("{{ a |\n uper(1) | lower }}", "uper"),
    ],
)
def test_a_filter_that_is_not_there_is_seen_by_the_template(source: str, name: str) -> None:
    fault = syntax_fault(TemplateAssertionError("basta", 1), ("prompts", 0), source)
    assert str(fault) == f'the template does not parse: there is no filter "{name}"; did you mean "upper"?'


def test_fields_that_are_missing_are_seen_by_the_schema() -> None:
    [said] = [fault for fault in schema_faults({}) if fault.endswith("missing")]
    assert said.startswith("job_id, ")
    assert "'" not in said
