"""The tables and images of the formats ``hf`` and ``croissant``: a folder for each split.

    data/<split>/metadata.parquet
    data/<split>/images/000/000000.png     a thousand in a folder
    data/<split>/inputs/3f/3f0c....png     what edits were made from, by its hash

Numbers name the images, because loaders take a word like ``test`` in a name for a split, and cut names at dots. A split
without rows has no folder: loaders fail on it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.export.arrow_tables import arrow_schema, write_parquet
from qwave_batch.export.columns import ColumnKind, ExportColumn, Value
from qwave_batch.export.dataset_facts import DatasetFacts, SplitFacts
from qwave_batch.export.edit_inputs import EditInput, InputRole
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.kept_inputs import MOST_HELD
from qwave_batch.export.open_export import FILE_NAME, OpenExport
from qwave_batch.export.out_folder import OutFolder
from qwave_batch.imaging.formats.signatures import format_of
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.model.input_references import PREFIX

IN_A_FOLDER = 1_000
"""Images; the Hub takes fewer than 10,000 entries in a folder."""
ROWS_IN_GROUP = 1_000
"""Loaders hold as many rows at a time."""
TABLE = "metadata.parquet"
INPUTS = "input_file_names"
"""Loaders make ``x`` of ``x_file_name``, and a list of ``x_file_names``."""
MASK = "mask_file_name"


def image_path(number: int, ending: str) -> str:
    """Return the path of an image of a split, from the folder of its table."""
    return f"images/{number // IN_A_FOLDER:03}/{number:06}.{ending}"


def write_tables(export: OpenExport, out: OutFolder) -> DatasetFacts:
    """Write the images and the table of every split that has rows, and return what there is now.

    Without any row there is one table, of the first split, so that its columns can be read. A split whose images are
    all missing from their folders has no table, as one without rows.
    """
    columns = _columns(export)
    models: Counter[str] = Counter()
    named = [split for split, rows in export.selected.splits.items() if rows] or list(export.selected.splits)[:1]
    splits = []
    for split in named:
        writer = _SplitWriter(export, out, split, columns, models)
        writer.write()
        splits.append(writer.facts())
    with_rows = [split for split in splits if split.rows]
    for gone in (split for split in splits if split not in (with_rows or splits[:1])):
        out.give_up(gone.table)
    return DatasetFacts(
        splits=tuple(with_rows or splits[:1]),
        columns=columns,
        models=dict(sorted(models.items())),
        has_inputs=any(column.name == INPUTS for column in columns),
    )


def _columns(export: OpenExport) -> tuple[ExportColumn, ...]:
    """Return the columns: that of the image is first, since a loader gives it to the first image that it finds."""
    roles = _input_roles(export)
    return (
        ExportColumn(FILE_NAME, ColumnKind.TEXT),
        *([ExportColumn(INPUTS, ColumnKind.TEXTS)] if InputRole.INPUT in roles else []),
        *([ExportColumn(MASK, ColumnKind.TEXT)] if InputRole.MASK in roles else []),
        *export.selected.table.columns,
    )


def _input_roles(export: OpenExport) -> set[InputRole]:
    roles: set[InputRole] = set()
    for row in export.selected.rows():
        roles.update(image.role for image in export.inputs.of(row) if image.is_stored)
        if len(roles) == len(InputRole):
            break
    return roles


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
    _inputs: dict[str, str] = field(default_factory=dict)
    """The names of input images that were written a moment ago, by their hash."""

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
        names = {column.name for column in self.columns}
        for row, image in self.export.placed(self.out, self.split, self._path_of):
            name = None if image is None else image.path.removeprefix(f"{self.folder}/")
            self.rows += 1
            self.models[row.line.model] += 1
            if name is not None:
                self.images += 1
                self.endings.add(name.rpartition(".")[2])
            inputs = self._inputs_of(row) if INPUTS in names or MASK in names else {}
            record = self.export.record_of(row, image)
            yield {FILE_NAME: name, **{key: value for key, value in inputs.items() if key in names}, **record}

    def _path_of(self, number: int, row: ExportRow) -> str:
        assert row.image is not None  # noqa: S101 - only images have paths
        return f"{self.folder}/{image_path(number, self.export.request.image.ending_of(row.image))}"

    def _inputs_of(self, row: ExportRow) -> dict[str, Value]:
        """Return the names of a row's input images, which are written where they are not there yet.

        An edit without its inputs is a row like any other: a loader needs an empty list there, and no null.
        """
        inputs, masks = list[str](), list[str]()
        for image in self.export.inputs.of(row):
            name = self._input_name(row, image)
            if name is not None:
                (masks if image.role is InputRole.MASK else inputs).append(name)
        return {INPUTS: inputs, MASK: masks[0] if masks else None}

    def _input_name(self, row: ExportRow, image: EditInput) -> str | None:
        """Return the name of an input, from the folder of the table; None for one that is not to be had."""
        if not image.is_stored:
            self.export.notes.add(NoteKind.INPUT_ON_THE_WEB, row.shown_as, image.field)
            return None
        digest = image.source.removeprefix(PREFIX)
        if digest not in self._inputs:
            data = self.export.stored_input(row, image)
            if data is None:
                return None
            self._put_input(digest, data)
        return self._inputs[digest]

    def _put_input(self, digest: str, data: bytes) -> None:
        name = f"inputs/{digest[:2]}/{digest}{EXTENSIONS[format_of(data) or 'png']}"
        path = f"{self.folder}/{name}"
        if not self.out.has(path, digest):
            with self.out.open_file(path, digest) as file:
                file.write(data)
        if len(self._inputs) >= MOST_HELD:
            self._inputs.clear()
        self._inputs[digest] = name
