"""The format ``croissant``: the folder of ``hf``, with a croissant.json that describes it and its origin."""

from itertools import chain

from qwave_batch.export.croissant_json import croissant_json, is_readable
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.formats.hf import write_dataset
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder

CROISSANT = "croissant.json"


def write_croissant(export: OpenExport, out: OutFolder) -> None:
    """Write the folder with croissant.json, and note what it lacks."""
    facts = write_dataset(export, out)
    inputs = tuple(dict.fromkeys(chain.from_iterable(reader.inputs() for reader in export.readers)))
    out.write(CROISSANT, croissant_json(facts, export.origin, export.card, inputs))
    for name in export.card.missing:
        export.notes.add(NoteKind.NOT_SAID, name)
    for split in facts.splits:
        if split.images and not is_readable(split):
            export.notes.add(NoteKind.CROISSANT_UNREADABLE, split.name, ", ".join(sorted(split.endings)))
