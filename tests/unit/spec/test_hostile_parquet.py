"""Parquet files that are made to fill the memory, to take forever, or to crash the process."""

import io
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qwave_batch.errors import SpecError
from qwave_batch.spec.table.tables import open_rows
from qwave_batch.spec.table.thrift_compact import DamagedParquet, integer_field

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

READ = """
import resource, sys
from pathlib import Path
from qwave_batch.errors import SpecError
from qwave_batch.spec.table.tables import open_rows
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (15, 15))
for path in sorted(Path(sys.argv[1]).glob("*.parquet")):
    try:
        print(sum(1 for _ in open_rows(path, "t.parquet")))
    except SpecError as error:
        print(error)
"""
Told = Callable[..., str]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Writes a table and reads it in a process with limits; returns the number of rows, or the error."""

    def told(columns: dict[str, object], **how: object) -> str:
        path = tmp_path / "t.parquet"
        pq.write_table(pa.table(columns), path, **how)
        return run(tmp_path)

    return told


def run(folder: Path) -> str:
    command = [sys.executable, "-c", READ, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return ended.stdout.rstrip()


def test_a_page_that_unpacks_to_hundreds_of_megabytes_is_refused(told: Told) -> None:
    said = told({"a": ["a" * 140_000_000]}, compression="zstd", use_dictionary=False, write_statistics=False)
    assert "the file has a page of 140,000,0" in said
    assert "at most 128,000,000 are unpacked" in said


def test_columns_that_unpack_side_by_side_count_together(told: Told) -> None:
    text = pa.array(["a" * 20_000_000])
    said = told({f"c{number}": text for number in range(20)}, compression="zstd", use_dictionary=False)
    assert "the file has pages of 400,000," in said


def test_one_long_value_in_every_row_is_refused_as_a_bomb(told: Told) -> None:
    """The file has 1 MB, once; the rows would have 20 GB."""
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array(["a" * 900_000]))
    assert "the file grows more than 200-fold" in told({"a": values}, compression="zstd", store_schema=False)


def test_common_beginnings_are_no_way_around_it(told: Told) -> None:
    values = pa.array([f"{'a' * 100_000}{number}" for number in range(1_000)])
    said = told({"a": values}, compression="zstd", use_dictionary=False, column_encoding={"a": "DELTA_BYTE_ARRAY"})
    assert said == "1000"


def test_more_rows_than_a_file_has_bytes_for_are_refused(told: Told) -> None:
    assert "the file says that it has 8,000,000 rows" in told({"a": pa.nulls(8_000_000, pa.int8())})


def test_a_list_of_millions_in_one_row_is_refused_before_it_is_unpacked(told: Told) -> None:
    truths = pa.array([True] * 1_000).take(pa.array([0] * 2_000_000, pa.int32()))
    one = pa.ListArray.from_arrays(pa.array([0, len(truths)], pa.int32()), truths)
    assert "a list has 2,000,000 values; at most 1,000,000 are read" in told({"a": one})
    many = pa.concat_arrays([truths] * 5)
    numbers = pa.ListArray.from_arrays(pa.array([0, len(many)], pa.int32()), many.cast(pa.int8()))
    columns = {"a": pa.concat_arrays([numbers] * 7)}
    assert "the file has lists that may take 1,120,000,000 bytes in one row group" in told(columns)


def test_texts_of_lists_stay_in_their_dictionary(told: Told) -> None:
    """A hundred thousand times a text of 100 kB: 10 GB, if each got its own copy."""
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), pa.array(["a" * 100_000]))
    lists = pa.ListArray.from_arrays(pa.array(range(0, 100_001, 1_000), pa.int32()), shared)
    assert told({"a": lists}) == "100"


def test_a_file_with_a_footer_of_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 5_000_000 + (5_000_000).to_bytes(4, "little") + b"PAR1")
    with pytest.raises(SpecError, match=r"has a footer of 5,000,000 bytes; at most 4,000,000"):
        list(open_rows(path, "t.parquet"))


def test_a_footer_of_millions_of_tiny_parts_is_refused_soon(tmp_path: Path) -> None:
    parts = 3_900_000
    length = bytes([0xFC, parts & 127 | 128, parts >> 7 & 127 | 128, parts >> 14 & 127 | 128, parts >> 21])
    footer = b"\x49" + length + b"\0" * parts + b"\0"  # field 4: a list of empty structs
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert "it holds more than 1,000,000 values" in run(tmp_path)


def test_bytes_that_were_changed_are_told_or_read_and_end_no_process(tmp_path: Path) -> None:
    """Arrow alone ends the process over some of these: an exception of C++ that nobody catches."""
    table = pa.table({"a": ["x", None] * 75, "n": range(150), "l": [["a", "b"], []] * 75, "s": [{"q": 1.5}] * 150})
    whole = []
    for how in ({}, {"compression": "zstd", "data_page_version": "2.0"}, {"use_dictionary": False}):
        file = io.BytesIO()
        pq.write_table(table, file, **how)
        whole.append(file.getvalue())
    chance = random.Random(8)
    for number in range(400):
        data = bytearray(chance.choice(whole))
        footer = int.from_bytes(data[-8:-4], "little")
        for _ in range(chance.randint(1, 3)):
            data[len(data) - 8 - chance.randrange(footer) if chance.random() < 0.7 else chance.randrange(len(data))] = (
                chance.choice([0, 127, 128, 255, chance.randrange(256)])
            )
        (tmp_path / f"{number}.parquet").write_bytes(data)
    assert len(run(tmp_path).splitlines()) >= 400


def test_honest_tables_of_every_writing_are_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "prompt": [f"a teahouse in the morning, {number}" for number in range(3_000)],
            "style": ["ink", "oil", None] * 1_000,
            "tags": [["a", None], [], None] * 1_000,
            "seed": range(3_000),
        }
    )
    writings: list[dict[str, object]] = [
        {},
        {"compression": "zstd", "data_page_version": "2.0"},
        {"compression": "none", "use_dictionary": False, "row_group_size": 700},
        {"data_page_size": 100, "dictionary_pagesize_limit": 1_000},
        {"use_dictionary": False, "column_encoding": {"prompt": "DELTA_BYTE_ARRAY", "seed": "DELTA_BINARY_PACKED"}},
        {"write_statistics": False, "write_page_index": True, "write_page_checksum": True},
    ]
    for number, how in enumerate(writings):
        pq.write_table(table, tmp_path / f"{number}.parquet", **how)
    assert run(tmp_path).split() == ["3000"] * len(writings)


def test_a_link_in_the_place_of_the_table_is_not_followed_between_two_readings(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    rows = open_rows(path, "t.parquet")
    path.rename(tmp_path / "other.parquet")
    path.symlink_to(tmp_path / "other.parquet")
    with pytest.raises(SpecError, match="is a symbolic link"):
        list(rows)


@pytest.mark.parametrize("found", [b"1", [{}], {1: 1}])
def test_what_stands_in_the_place_of_a_number_is_no_number(found: object) -> None:
    with pytest.raises(DamagedParquet, match="where a number belongs"):
        integer_field({1: found}, 1)
