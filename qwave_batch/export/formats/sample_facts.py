"""The JSON of a sample: of every sample of an export it has the same keys, with values of the same types.

Loaders take the types of all samples from the first few: a null there, or an empty list, makes every later value fail.
Therefore a column without any value is left out, lists are JSON text, and what has no value in one row is an empty
text, 0 or false.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from qwave_batch.export.columns import ColumnKind, ExportColumn, Value
from qwave_batch.export.image_loading import LoadedImage
from qwave_batch.export.open_export import OpenExport

_EMPTY: Mapping[ColumnKind, Value] = {
    ColumnKind.TEXT: "",
    ColumnKind.INTEGER: 0,
    ColumnKind.REAL: 0.0,
    ColumnKind.BOOLEAN: False,
    ColumnKind.TEXTS: "[]",
    ColumnKind.JSON: "",
    ColumnKind.MOMENT: "",
}
_XMP = ".xmp"


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """The keys of the JSON of all samples."""

    columns: tuple[ExportColumn, ...]
    has_xmp: bool
    """Whether a key ``xmp`` holds what is kept beside an image that must not be changed."""

    @classmethod
    def of(cls, export: OpenExport) -> "SampleFacts":
        """Return those of an export."""
        table = export.selected.table
        columns = tuple(column for column in table.columns if column.name in table.filled)
        return cls(columns, has_xmp=bool(export.request.image.marks))

    def as_json(self, record: Mapping[str, Value], inputs: str, image: LoadedImage) -> bytes:
        """Return the JSON of a sample.

        Args:
            record: Its values by column.
            inputs: The JSON text of its input images.
            image: Its image.
        """
        told = {column.name: _typed(record[column.name], column.kind) for column in self.columns}
        told["inputs"] = inputs
        if self.has_xmp:
            told["xmp"] = image.neighbours.get(_XMP, b"").decode("utf-8", "replace")
        return json.dumps(told, ensure_ascii=False).encode()


def _typed(value: Value, kind: ColumnKind) -> Value:
    if value is None:
        return _EMPTY[kind]
    if kind is ColumnKind.TEXTS:
        return json.dumps(value, ensure_ascii=False)
    return float(value) if kind is ColumnKind.REAL and isinstance(value, int) else value
