"""Rows as Arrow tables with an explicit schema, and as Parquet files; it needs pyarrow, of the extra ``parquet``."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import parquet

from qwave_batch.export.columns import ColumnKind, ExportColumn
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.times import unix_from_iso

_TYPES: Mapping[ColumnKind, pa.DataType] = {
    ColumnKind.TEXT: pa.string(),
    ColumnKind.INTEGER: pa.int64(),
    ColumnKind.REAL: pa.float64(),
    ColumnKind.BOOLEAN: pa.bool_(),
    ColumnKind.TEXTS: pa.list_(pa.string()),
    ColumnKind.JSON: pa.string(),
    ColumnKind.MOMENT: pa.timestamp("ms", tz="UTC"),
}
IMAGE_TYPE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""The form in which Hugging Face's libraries keep an image in a table."""
ROWS_WITH_IMAGES = 100
"""Rows of a row group: the Hub's viewer reads one as a whole, and refuses large ones."""
ROWS_OF_TEXT = 10_000
BYTES_IN_GROUP = 1 << 27
"""Fewer rows make a group if they are this large: images of 4096 pixels may have 30 MB each."""


def arrow_schema(
    columns: Sequence[ExportColumn], *, first: Sequence[pa.Field] = (), metadata: Mapping[str, Json] | None = None
) -> pa.Schema:
    """Return the schema of a table.

    Args:
        columns: The columns of an export.
        first: Fields before them.
        metadata: Values by name that the file's footer holds, as JSON text.
    """
    fields = [*first, *(pa.field(column.name, _TYPES[column.kind]) for column in columns)]
    told = {name: json.dumps(value, ensure_ascii=True) for name, value in (metadata or {}).items()}
    return pa.schema(fields, metadata=told or None)


def write_parquet(
    file: BinaryIO,
    schema: pa.Schema,
    records: Iterable[Mapping[str, Any]],
    *,
    rows_in_group: int = ROWS_OF_TEXT,
    bytes_in_group: int = BYTES_IN_GROUP,
) -> None:
    """Write records to an open file, a row group at a time.

    Memory holds one group, and what the file's footer will say of all: about 45 KB a group of 28 columns. Text has no
    statistics there, which would double that.

    Args:
        file: The file.
        schema: Of ``arrow_schema``.
        records: Values by column, as ``ExportTable.record_of`` returns them.
        rows_in_group: Rows of a group at most.
        bytes_in_group: Bytes of images and characters of text after which a group is full.
    """
    moments = [field.name for field in schema if pa.types.is_timestamp(field.type)]
    counted = [field.name for field in schema if pa.types.is_primitive(field.type)]
    with parquet.ParquetWriter(file, schema, compression="zstd", write_statistics=counted) as writer:
        for group in _groups(records, rows_in_group, bytes_in_group):
            for name in moments:
                for record in group:
                    record[name] = None if record[name] is None else round(unix_from_iso(record[name]) * 1000)
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=rows_in_group)


def _groups(records: Iterable[Mapping[str, Any]], most_rows: int, most_bytes: int) -> Iterator[list[dict[str, Any]]]:
    group: list[dict[str, Any]] = []
    held = 0
    for record in records:
        group.append(dict(record))
        held += sum(map(_size_of, record.values()))
        if len(group) == most_rows or held >= most_bytes:
            yield group
            group, held = [], 0
    if group:
        yield group


def _size_of(value: object) -> int:
    """Return the size of what may be large: a text, or an image."""
    if isinstance(value, str):
        return len(value)
    return len(value["bytes"] or b"") if isinstance(value, dict) else 0
