"""The format ``sidecar``: numbered images with a caption beside each, as trainers of LoRAs read them.

    000000.png  000000.txt  [000000.json]      with splits: train/000000.png ...

All images of a split lie in one folder, since such trainers look into no folder below it. A caption is one line,
since they read no other.
"""

import json
from functools import partial

from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.numbering import Numbering, caption_of, split_folders
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder


def write_sidecar(export: OpenExport, out: OutFolder) -> None:
    """Write the images and what belongs beside them."""
    for split, folder in split_folders(export.request.split, export.selected.splits):
        numbering = Numbering(folder, export.selected.splits[split])
        for row, placed in export.placed(out, split, partial(_path_of, export, numbering)):
            assert placed is not None, row.key  # noqa: S101 - the format takes no rows without an image
            stem = placed.path.rpartition(".")[0]
            out.write(f"{stem}.txt", caption_of(row.line.prompt).encode())
            if export.request.has_json:
                record = json.dumps(export.record_of(row, placed), ensure_ascii=False)
                out.write(f"{stem}.json", f"{record}\n".encode())


def _path_of(export: OpenExport, numbering: Numbering, number: int, row: ExportRow) -> str:
    assert row.image is not None, row.key  # noqa: S101 - see above
    return numbering.path(number, export.request.image.ending_of(row.image))
