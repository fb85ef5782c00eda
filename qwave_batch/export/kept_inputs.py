"""The input images of an export's rows as files of the output, each once however many rows were made with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from qwave_batch.export.edit_inputs import EditInput
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder
from qwave_batch.imaging.formats.signatures import format_of
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.jsontypes import Json

FOLDER = "inputs"
MOST_HELD = 10_000
"""Names of input images that memory holds."""


@dataclass(slots=True)
class KeptInputs:
    """Writes the inputs that run folders hold into ``inputs/``, under their hash, as they were sent."""

    export: OpenExport
    out: OutFolder
    _files: dict[str, str] = field(default_factory=dict)
    """By reference, those that were written a moment ago."""

    def text_for(self, row: ExportRow) -> str:
        """Return the JSON text of a list of a row's inputs, and keep those that lie in its run folder."""
        return json.dumps(list(self._told(row)), ensure_ascii=False)

    def _told(self, row: ExportRow) -> Iterator[dict[str, Json]]:
        for image in self.export.inputs.of(row):
            told: dict[str, Json] = {"field": image.field, "role": image.role.value, "source": image.source}
            if image.parent is not None:
                told["parent"] = {"job_id": image.parent.job_id, "image": image.parent.image}
            if image.is_stored:
                told["file"] = self._file_of(row, image)
            yield told

    def _file_of(self, row: ExportRow, image: EditInput) -> str:
        """Return the path of an input, which is written where it is not there yet; empty for one not to be had."""
        if image.source in self._files:
            return self._files[image.source]
        data = self.export.stored_input(row, image)
        if data is None:
            return ""  # another row may come from a folder that has it
        ending = EXTENSIONS.get(format_of(data) or "", ".bin")
        path = f"{FOLDER}/{image.source.removeprefix(PREFIX)}{ending}"
        self.out.write(path, data)
        if len(self._files) >= MOST_HELD:
            self._files.clear()
        self._files[image.source] = path
        return path
