"""Parquet columns become JSON, the same on every machine."""

import datetime as dt
import importlib.abc
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from qwave_batch.errors import MissingExtra, SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.document import Spec
from qwave_batch.spec.table.tables import open_rows, open_table

DAY = dt.date(2026, 11, 22)
NOON = dt.datetime(2026, 11, 22, 12, 0, 5, 120_000)  # noqa: DTZ001  # Arrow knows times without a zone


def write(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "t.parquet"
    parquet.write_table(pa.table(columns), path)
    return path


def column(folder: Path, values: list[Any], kind: pa.DataType) -> list[Json]:
    path = write(folder, x=pa.array(values, kind))
    return [row.cells["x"] for row in open_rows(path, "t.parquet")]


@pytest.mark.parametrize(
    ("kind", "values", "read"),
    [
        (pa.null(), [None], [None]),
        (pa.bool_(), [True, None], [True, None]),
        (pa.int8(), [-1], [-1]),
        (pa.uint64(), [2**53 - 1], [2**53 - 1]),
        (pa.float64(), [0.1, 5.0], [0.1, 5.0]),
        (pa.float32(), [0.1, 7.5, 16777216.0, 3.4e38, None], [0.1, 7.5, 16777216.0, 3.4e38, None]),
        (pa.float16(), [0.1, 2.5], [0.1, 2.5]),
        (pa.string(), ["é", ""], ["é", ""]),
        (pa.large_string(), ["é"], ["é"]),
        (pa.dictionary(pa.int8(), pa.string()), ["a", "a", None], ["a", "a", None]),
        (pa.decimal128(9, 2), [Decimal("12.50"), Decimal("-0.01"), None], ["12.50", "-0.01", None]),
        (pa.decimal128(9, 0), [Decimal(7)], ["7"]),
        (pa.binary(), [b"\x89PNG", b"", None], ["iVBORw==", "", None]),
        (pa.binary(2), [b"hi"], ["aGk="]),
        (pa.date32(), [DAY, dt.date(1, 1, 1), None], ["2026-11-22", "0001-01-01", None]),
        (pa.date64(), [DAY], ["2026-11-22"]),
        (pa.timestamp("s"), [NOON.replace(microsecond=0)], ["2026-11-22T12:00:05"]),
        (pa.timestamp("ms"), [NOON], ["2026-11-22T12:00:05.12"]),
        (pa.timestamp("us", tz="UTC"), [NOON, None], ["2026-11-22T12:00:05.12Z", None]),
        (pa.timestamp("us", tz="Asia/Shanghai"), [NOON.replace(tzinfo=dt.UTC)], ["2026-11-22T12:00:05.12Z"]),
        (pa.timestamp("ns"), [1, -1], ["1970-01-01T00:00:00.000000001", "1969-12-31T23:59:59.999999999"]),
        (pa.time32("s"), [dt.time(9, 5)], ["09:05:00"]),
        (pa.time64("us"), [dt.time(9, 5, 0, 5)], ["09:05:00.000005"]),
        (pa.duration("ms"), [1500, 2000], [1.5, 2]),
        (pa.list_(pa.int64()), [[1, 2], [], None], [[1, 2], [], None]),
        (pa.list_(pa.date32(), 1), [[DAY]], [["2026-11-22"]]),
        (pa.large_list(pa.list_(pa.binary())), [[[b"hi"], None]], [[["aGk="], None]]),
        (
            pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
            [{"bytes": b"hi", "path": None}, None],
            [{"bytes": "aGk=", "path": None}, None],
        ),
        (pa.map_(pa.string(), pa.date32()), [[("a", DAY)], [], None], [{"a": "2026-11-22"}, {}, None]),
        (
            pa.list_(pa.struct([("day", pa.timestamp("ns"))])),
            [[{"day": NOON}, None], []],
            [[{"day": "2026-11-22T12:00:05.12"}, None], []],
        ),
    ],
    ids=str,
)
def test_what_each_type_becomes(folder: Path, kind: pa.DataType, values: list[Any], read: list[Json]) -> None:
    found = column(folder, values, kind)
    assert found == read
    assert [type(value) for value in found] == [type(value) for value in read]


def test_an_extension_type_is_what_it_stores(folder: Path) -> None:
    stored = pa.array([bytes(16)], pa.binary(16))
    path = write(folder, x=pa.ExtensionArray.from_storage(pa.uuid(), stored))
    assert [row.cells["x"] for row in open_rows(path, "t.parquet")] == ["AAAAAAAAAAAAAAAAAAAAAA=="]


def test_rows_are_numbered_over_batches_and_row_groups_and_columns_are_known(folder: Path) -> None:
    path = folder / "t.parquet"
    parquet.write_table(pa.table({"n": range(5_000), "text": ["x"] * 5_000}), path, row_group_size=1_700)
    assert open_table(path, "t.parquet").columns == ("n", "text")
    assert [(row.number, row.cells["n"]) for row in open_rows(path, "t.parquet")] == [
        (number + 1, number) for number in range(5_000)
    ]


def test_a_column_that_the_table_lacks_is_known_before_rows_are_read(load: Callable[..., Spec], folder: Path) -> None:
    write(folder, text=pa.array(["a"]))
    spec = load('prompts: [{from: t.parquet, text: "{{ row.text }}"}]\n')
    assert spec.prompts[0].table
    assert spec.prompts[0].table.columns == ("text",)


def complaint(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        list(open_rows(path, "t.parquet"))
    return "\n".join(map(str, caught.value.problems))


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (pa.map_(pa.string(), pa.int8()), [("a", 1), ("a", 2)], "a map has a duplicate key"),
        (pa.date32(), 2**31 - 1, "t.parquet:1:1: the file cannot be read as Parquet: "),
    ],
)
def test_what_json_cannot_hold_says_so(folder: Path, kind: pa.DataType, value: object, said: str) -> None:
    assert said in complaint(write(folder, x=pa.array([value], kind)))


@pytest.mark.parametrize("keep", [0, 3, 50, 300])
def test_a_damaged_file_says_so(folder: Path, keep: int) -> None:
    path = write(folder, x=pa.array(range(10_000)))
    path.write_bytes(path.read_bytes()[:keep])
    assert complaint(path).startswith("t.parquet:1:1: the file cannot be read as Parquet: ")


def test_damage_in_the_middle_is_a_problem_and_no_crash(folder: Path) -> None:
    path = write(folder, x=pa.array([f"text number {number}" for number in range(5_000)]))
    data = bytearray(path.read_bytes())
    data[100:20_000] = bytes(len(data[100:20_000]))
    path.write_bytes(data)
    assert "cannot be read" in complaint(path)


class _NoArrow(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname.partition(".")[0] == "pyarrow":
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


@pytest.fixture
def without_arrow() -> Iterator[None]:
    """A machine on which Arrow is not installed."""
    held = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "pyarrow"}
    finder = _NoArrow()
    for name in held:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    yield
    sys.meta_path.remove(finder)
    sys.modules.update(held)


def test_without_arrow_loading_says_what_to_install(
    load: Callable[..., Spec], folder: Path, without_arrow: None
) -> None:
    (folder / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(MissingExtra, match=r"reading .*t\.parquet needs pyarrow: pip install 'qwave-batch\[parquet\]'"):
        load('prompts: [{from: t.parquet, text: "{{ row.text }}"}]\n')


def test_without_arrow_other_tables_are_read(load: Callable[..., Spec], folder: Path, without_arrow: None) -> None:
    (folder / "t.csv").write_text("text\nx\n")
    assert load('prompts: [{from: t.csv, text: "{{ row.text }}"}]\n').prompts
