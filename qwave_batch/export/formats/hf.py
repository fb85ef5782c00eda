"""The format ``hf``: a folder that the Hub takes as it is, and that Hugging Face's libraries load."""

from qwave_batch.export.dataset_card import dataset_card
from qwave_batch.export.dataset_facts import DatasetFacts
from qwave_batch.export.export_notes import NoteKind
from qwave_batch.export.formats.image_tables import write_tables
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.out_folder import OutFolder

README = "README.md"
MOST_FILES = 100_000
"""Files of a repository that the Hub recommends at most."""


def write_hf(export: OpenExport, out: OutFolder) -> None:
    """Write tables, images and README.md."""
    write_dataset(export, out)


def write_dataset(export: OpenExport, out: OutFolder) -> DatasetFacts:
    """Write the folder, and return what is in it."""
    facts = write_tables(export, out)
    out.write(README, dataset_card(facts, export.origin, export.card).encode("utf-8", "backslashreplace"))
    if has_too_many_files(facts):
        export.notes.add(NoteKind.TOO_MANY_FILES, f"{facts.images:,} images")
    return facts


def has_too_many_files(facts: DatasetFacts) -> bool:
    """Whether the Hub would rather not take the dataset as a folder of files."""
    return facts.images + len(facts.splits) + 1 >= MOST_FILES
