"""Tables: files whose rows are prompts, read one row at a time.

A format's module is loaded when a file of that format is first read, as ``table.parquet``.
"""

from typing import TYPE_CHECKING

from qwave_batch.lazy import modules_of

if TYPE_CHECKING:
    from qwave_batch.spec.table import delimited, json_list, json_rows, parquet

__all__ = ["delimited", "json_list", "json_rows", "parquet"]

if not TYPE_CHECKING:
    __getattr__ = modules_of(__name__, *__all__)
