"""The format ``pairs``: edits as trainers of image editing read them, with one name for what belongs together.

    target/000000.png  target/000000.txt     the image that was made, and what was asked for, on one line
    control/000000.png                       its input; several are 000000_0.png, 000000_1.png, in their order
    mask/000000.png                          its mask, for edits that have one

A pair is whole or not there: one whose input can't be had is left out and named. With splits, all three folders lie
below a folder for each split.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from qwave_batch.export.edit_inputs import EditInput, InputRole, with_role
from qwave_batch.export.export_inputs import InputMissing
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.numbering import Numbering, caption_of, split_folders
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder, PlacedImage
from qwave_batch.export.pair_inputs import EncodedInput, PairInputs
from qwave_batch.export.selection import LeftOut
from qwave_batch.imaging.image_inspection import EXTENSIONS
from qwave_batch.output.image_files import in_threads

_TARGET = "target"
_FOLDERS: Mapping[InputRole, str] = {InputRole.INPUT: "control", InputRole.MASK: "mask"}
_AT_ONCE = 16
"""Pairs whose inputs are fetched side by side."""


def write_pairs(export: OpenExport, out: OutFolder) -> None:
    """Write the pairs of all rows that have an image and an input."""
    inputs = PairInputs(export.inputs, export.request.image)
    for split, folder in split_folders(export.request.split, export.selected.splits):
        _SplitOfPairs(export, out, inputs, split, Numbering(folder, export.selected.splits[split])).write()


@dataclass(frozen=True, slots=True)
class _PlannedPair:
    """A row with the number of its pair, and its inputs by their paths without an ending."""

    row: ExportRow
    stem: str
    inputs: tuple[tuple[str, EditInput], ...]
    kept: Mapping[str, str]
    """The paths of web inputs that an earlier export has fetched."""


@dataclass(slots=True)
class _SplitOfPairs:
    export: OpenExport
    out: OutFolder
    inputs: PairInputs
    split: str
    numbering: Numbering
    ready: deque[tuple[_PlannedPair, Mapping[str, EncodedInput]]] = field(default_factory=deque)
    """Pairs whose target is on its way into the output, with their inputs."""

    def write(self) -> None:
        for row, outcome in self.out.place(self._targets()):
            pair, inputs = self.ready.popleft()
            self.export.tick()
            if isinstance(outcome, PlacedImage):
                self.export.take_notes(row, outcome)
                self.out.write(f"{outcome.path.rpartition('.')[0]}.txt", caption_of(row.line.prompt).encode())
                self._write_inputs(pair, inputs)
            else:
                assert outcome is not None, row.key  # noqa: S101 - each target has an image
                self.export.miss(row, outcome.reason)

    def _write_inputs(self, pair: _PlannedPair, inputs: Mapping[str, EncodedInput]) -> None:
        for place, image in pair.inputs:
            if place in pair.kept:
                self.out.has(pair.kept[place], self.inputs.key_of(image))
            elif image.is_stored:
                self.out.write(f"{place}.{inputs[place].ending}", inputs[place].data)
            else:
                with self.out.open_file(f"{place}.{inputs[place].ending}", self.inputs.key_of(image)) as file:
                    file.write(inputs[place].data)

    def _targets(self) -> Iterator[tuple[str, ExportRow]]:
        """Yield the targets of pairs whose inputs are at hand, and put these into ``ready``."""
        planned = self._planned()
        while batch := tuple(islice(planned, _AT_ONCE)):
            self.inputs.fetch(
                (pair.row, image) for pair in batch for place, image in pair.inputs if place not in pair.kept
            )
            for pair, inputs in in_threads(self._inputs_of, batch):
                if isinstance(inputs, InputMissing):
                    self.export.tick()
                    kind = NoteKind.UNUSABLE if inputs.is_fault else NoteKind.WITHOUT_INPUT
                    self.export.miss(pair.row, str(inputs), kind)
                    continue
                self.ready.append((pair, inputs))
                assert pair.row.image is not None  # noqa: S101 - see _planned
                ending = self.export.request.image.ending_of(pair.row.image)
                yield f"{self.numbering.folder}{_TARGET}/{pair.stem}.{ending}", pair.row

    def _planned(self) -> Iterator[_PlannedPair]:
        number = 0
        for row in self.export.selected.rows(self.split):
            found = () if row.image is None else self.export.inputs.of(row)
            if not with_role(found, InputRole.INPUT):
                self.export.tick()
                self.export.leave_out(row, LeftOut.NO_INPUT)
                continue
            stem = self.numbering.stem(number)
            number += 1
            inputs = tuple(self._places(stem, found))
            kept = {place: path for place, image in inputs if (path := self._kept(place, image)) is not None}
            yield _PlannedPair(row, stem, inputs, kept)

    def _places(self, stem: str, found: tuple[EditInput, ...]) -> Iterator[tuple[str, EditInput]]:
        for role, folder in _FOLDERS.items():
            images = with_role(found, role)
            for index, image in enumerate(images):
                yield f"{self.numbering.folder}{folder}/{stem}{f'_{index}' if len(images) > 1 else ''}", image

    def _kept(self, place: str, image: EditInput) -> str | None:
        if image.is_stored:
            return None
        paths = (f"{place}{ending}" for ending in EXTENSIONS.values())
        return next((path for path in paths if self.out.is_current(path, self.inputs.key_of(image))), None)

    def _inputs_of(self, pair: _PlannedPair) -> Mapping[str, EncodedInput] | InputMissing:
        try:
            return {place: self.inputs.get(pair.row, image) for place, image in pair.inputs if place not in pair.kept}
        except InputMissing as missing:
            return missing
