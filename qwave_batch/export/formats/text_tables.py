"""The formats ``csv`` and ``jsonl``: a line a row, with the paths of images in their run folder."""

import codecs
import csv
import json

from qwave_batch.export.columns import ColumnKind, Value
from qwave_batch.export.open_export import FILE_NAME, OpenExport
from qwave_batch.export.out_file import OutFile

_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
"""Characters that some readers take for the end of a line, though JSON does not."""


def write_csv(export: OpenExport, out: OutFile) -> None:
    """Write a CSV file with a header, in UTF-8; lists are JSON text, and what has no value is empty."""
    lists = {column.name for column in export.selected.table.columns if column.kind is ColumnKind.TEXTS}
    names = [FILE_NAME, *(column.name for column in export.selected.table.columns)]
    with out.new_file() as file:
        writer = csv.writer(_utf8(file), lineterminator="\n")
        writer.writerow(names)
        for record in export.named():
            writer.writerow([_cell(record[name], is_list=name in lists) for name in names])


def write_jsonl(export: OpenExport, out: OutFile) -> None:
    """Write a JSON object a line, in UTF-8; each has all columns, with null for what has no value."""
    with out.new_file() as file:
        text = _utf8(file)
        for record in export.named():
            text.write(f"{json.dumps(record, ensure_ascii=False).translate(_LINE_ENDS)}\n")


def _cell(value: Value, *, is_list: bool) -> str | int | float:
    if is_list:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    assert not isinstance(value, list)  # noqa: S101 - lists are handled above
    return "" if value is None else value


_utf8 = codecs.getwriter("utf-8")
"""Makes text out of an open file, which stays its owner's to close."""
