"""The values of rows: typed, well formed, and without secrets."""

import json
from dataclasses import replace

import pytest

from qwave_batch.export.columns import ColumnKind, ColumnSurvey, axis_column, axis_of_column
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.model.jsontypes import JsonObject
from tests.unit.export.test_splits import line


def row(*, axes: JsonObject | None = None, request: JsonObject | None = None, prompt: str = "a cup") -> ExportRow:
    made = replace(line("p", prompt, 1), axes=axes or {}, request=request or {})
    return ExportRow(folder=0, run="run", line=made, image=None, image_index=None, split="train")


def values_of(*rows: ExportRow, column: str) -> tuple[ColumnKind, list[object]]:
    survey = ColumnSurvey(has_splits=False, has_runs=False)
    for each in rows:
        survey.add(each)
    table = survey.table()
    (kind,) = (each.kind for each in table.columns if each.name == column)
    return kind, [table.record_of(each, None)[column] for each in rows]


def test_an_axis_has_one_type_for_all_rows() -> None:
    cases: list[tuple[list[object], ColumnKind, list[object]]] = [
        ([1, 2], ColumnKind.INTEGER, [1, 2]),
        ([1, 2.5], ColumnKind.REAL, [1.0, 2.5]),
        ([(1 << 53) + 1, 2.5], ColumnKind.TEXT, [str((1 << 53) + 1), "2.5"]),
        ([True, None], ColumnKind.BOOLEAN, [True, None]),
        ([1, "1:1"], ColumnKind.TEXT, ["1", "1:1"]),
        ([1 << 70, 2], ColumnKind.TEXT, [str(1 << 70), "2"]),
        ([[1, 2], [3]], ColumnKind.JSON, ["[1, 2]", "[3]"]),
        ([{"a": 1}, "x"], ColumnKind.TEXT, ['{"a": 1}', "x"]),
    ]
    for values, kind, expected in cases:
        rows = [row(axes={"x": value}) for value in values]  # type: ignore[dict-item]
        assert values_of(*rows, column="axis_x") == (kind, expected)


@pytest.mark.parametrize(
    ("axis", "column"),
    [
        ("x_file_name", "axis_x_file_name_"),
        ("file_names", "axis_file_names_"),
        ("x_file_name_", "axis_x_file_name__"),
        ("profile_name", "axis_profile_name"),
        ("x_", "axis_x_"),
    ],
)
def test_the_column_of_an_axis_is_not_taken_for_one_of_images(axis: str, column: str) -> None:
    assert (axis_column(axis), axis_of_column(column)) == (column, axis)
    assert values_of(row(axes={axis: "a.png"}), row(), column=column) == (ColumnKind.TEXT, ["a.png", None])


def test_half_a_surrogate_pair_is_text_that_every_file_takes() -> None:
    _, (prompt,) = values_of(row(prompt="a \ud83d cup"), column="prompt")
    assert prompt == "a \ufffd cup"


def test_signatures_of_addresses_stay_at_home() -> None:
    signed = "https://bucket.example.com/cup.png?size=2&X-Amz-Credential=AKIA&X-Amz-Signature=abc"
    _, (text,) = values_of(row(request={"image_urls": [signed]}), column="request")
    assert json.loads(str(text)) == {"image_urls": ["https://bucket.example.com/cup.png?size=2"]}
