"""The format ``preferences``: a row for each vote, as trainers that learn from preferences (DPO) read them.

    metadata.parquet  images/000/000000.png     with splits: train/metadata.parquet ...

A path stands twice in a table: under ``image_0``, and under ``image_0_file_name``, by which Hugging Face's libraries
know a file; they show it as the image ``image_0``.
"""

from collections.abc import Mapping
from functools import partial

from qwave_batch.export.arrow_tables import arrow_schema, write_parquet
from qwave_batch.export.columns import ColumnKind, ExportColumn, Value
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_loading import UnusableImage
from qwave_batch.export.numbering import split_folders
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder
from qwave_batch.export.voted_pairs import (
    PREFERENCE_COLUMNS,
    VotedPair,
    images_of_voted_pairs,
    preference_record,
    voted_pairs,
)

_TABLE = "metadata.parquet"
_IN_A_FOLDER = 1_000
_FILE_NAMES = ("image_0_file_name", "image_1_file_name")
_COLUMNS = (*PREFERENCE_COLUMNS, *(ExportColumn(name, ColumnKind.TEXT) for name in _FILE_NAMES))


def write_preferences(export: OpenExport, out: OutFolder) -> None:
    """Write the images of all pairs and a table of the votes, for each split."""
    by_split = voted_pairs(export)
    export.counted = {}
    counts = {split: len(pairs) for split, pairs in by_split.items()}
    folders = list(split_folders(export.request.split, counts)) or [(next(iter(counts)), "")]
    for split, folder in folders:
        pairs = by_split[split]
        paths = _place(export, out, folder, pairs)
        whole = [pair for pair in pairs if all(row.key in paths for row in pair.rows)]
        with out.open_new_version(f"{folder}{_TABLE}") as file:
            write_parquet(file, arrow_schema(_COLUMNS), map(partial(_record, paths), whole))
        export.counted[split] = len(whole)


def _place(export: OpenExport, out: OutFolder, folder: str, pairs: list[VotedPair]) -> dict[str, str]:
    """Put the images of some pairs into a folder, each once; return their paths from there, by row."""
    paths: dict[str, str] = {}
    wanted = ((_path_of(export, folder, number, row), row) for number, row in enumerate(images_of_voted_pairs(pairs)))
    for row, outcome in out.place(wanted):
        export.tick()
        if isinstance(outcome, UnusableImage):
            export.miss(row, outcome.reason)
        elif outcome is not None:
            export.take_notes(row, outcome)
            paths[row.key] = outcome.path.removeprefix(folder)
    return paths


def _path_of(export: OpenExport, folder: str, number: int, row: ExportRow) -> str:
    assert row.image is not None, row.key  # noqa: S101 - only images are voted on
    ending = export.request.image.ending_of(row.image)
    return f"{folder}images/{number // _IN_A_FOLDER:03}/{number:06}.{ending}"


def _record(paths: Mapping[str, str], pair: VotedPair) -> dict[str, Value]:
    own = [paths[row.key] for row in pair.rows]
    return {**preference_record(pair, own), **dict(zip(_FILE_NAMES, own, strict=True))}
