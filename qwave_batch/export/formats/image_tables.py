"""The tables and images of the formats ``hf`` and ``croissant``: a folder for each split.

    data/<split>/metadata.parquet
    data/<split>/images/000/000000.png     a thousand in a folder

Numbers name the images, because loaders take a word like ``test`` in a name for a split, and cut names at dots. A split
without rows has no folder: loaders fail on it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.export.arrow_tables import arrow_schema, write_parquet
from qwave_batch.export.columns import ColumnKind, ExportColumn
from qwave_batch.export.dataset_facts import DatasetFacts, SplitFacts
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder

IN_A_FOLDER = 1_000
"""Images; the Hub takes fewer than 10,000 entries in a folder."""
ROWS_IN_GROUP = 1_000
"""Loaders hold as many rows at a time."""
TABLE = "metadata.parquet"
FILE_NAME = "file_name"
"""Loaders know an image by this name."""


def image_path(number: int, ending: str) -> str:
    """Return the path of an image of a split, from the folder of its table."""
    return f"images/{number // IN_A_FOLDER:03}/{number:06}.{ending}"


def write_tables(export: OpenExport, out: OutFolder) -> DatasetFacts:
    """Write the images and the table of every split that has rows, and return what there is now.

    Without any row there is one table, of the first split, so that its columns can be read.
    """
    columns = _columns(export)
    models: Counter[str] = Counter()
    named = [split for split, rows in export.selected.splits.items() if rows] or list(export.selected.splits)[:1]
    splits = []
    for split in named:
        writer = _SplitWriter(export, out, split, columns, models)
        writer.write()
        splits.append(writer.facts())
    return DatasetFacts(
        splits=tuple(splits),
        columns=columns,
        models=dict(sorted(models.items())),
    )


def _columns(export: OpenExport) -> tuple[ExportColumn, ...]:
    """Return the columns: that of the image is first, since a loader gives it to the first image that it finds."""
    return (
        ExportColumn(FILE_NAME, ColumnKind.TEXT),
        *export.selected.table.columns,
    )


@dataclass(slots=True)
class _SplitWriter:
    """Writes one split."""

    export: OpenExport
    out: OutFolder
    split: str
    columns: tuple[ExportColumn, ...]
    models: Counter[str]
    """Grows by the rows of each model."""
    rows: int = 0
    images: int = 0
    endings: set[str] = field(default_factory=set)
    sha256: str = ""

    @property
    def folder(self) -> str:
        return f"data/{self.split}"

    def write(self) -> None:
        """Write the images, and then the table: it is read as a whole only when all that it names is there."""
        path = f"{self.folder}/{TABLE}"
        with self.out.open_new_version(path) as file:
            write_parquet(file, arrow_schema(self.columns), self._records(), rows_in_group=ROWS_IN_GROUP)
        self.sha256 = self.out.sha256_of_output(path)

    def facts(self) -> SplitFacts:
        """Return what was written."""
        return SplitFacts(
            name=self.split,
            rows=self.rows,
            images=self.images,
            sha256=self.sha256,
            endings=frozenset(self.endings),
        )

    def _records(self) -> Iterator[dict[str, Any]]:
        for row, image in self.export.placed(self.out, self.split, self._path_of):
            name = None if image is None else image.path.removeprefix(f"{self.folder}/")
            self.rows += 1
            self.models[row.line.model] += 1
            if name is not None:
                self.images += 1
                self.endings.add(name.rpartition(".")[2])
            yield {FILE_NAME: name, **self.export.record_of(row, image)}

    def _path_of(self, number: int, row: ExportRow) -> str:
        assert row.image is not None  # noqa: S101 - only images have paths
        return f"{self.folder}/{image_path(number, self.export.request.image.ending_of(row.image))}"
