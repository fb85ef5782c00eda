"""Rows as Parquet files."""

import io
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from qwave_batch.export.arrow_tables import IMAGE_TYPE, write_parquet


def test_a_row_group_is_full_by_its_rows_or_by_its_bytes() -> None:
    """Memory holds one, and the Hub's viewer refuses large ones."""
    schema = pa.schema([("image", IMAGE_TYPE), ("prompt", pa.string())])
    sizes = [10, 10, 10, 10, 400, 10, 90, 10]
    records: list[dict[str, Any]] = [{"image": {"bytes": bytes(size)}, "prompt": "abc"} for size in sizes]
    records.append({"image": None, "prompt": "x" * 200})
    file = io.BytesIO()
    write_parquet(file, schema, records, rows_in_group=3, bytes_in_group=100)
    read = parquet.ParquetFile(file)
    groups = [read.metadata.row_group(at).num_rows for at in range(read.num_row_groups)]
    assert groups == [3, 2, 2, 2]
    assert [len(row["image"]["bytes"]) for row in read.read().to_pylist()[:8]] == sizes
