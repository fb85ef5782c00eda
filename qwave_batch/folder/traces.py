"""Whether runs have worked in a folder, whatever its ledger says: a ledger that knows of none has lost what it knew."""

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import IMAGES, MANIFEST, SPEC, SUMMARY
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import COUNT, EVIDENCE, LEDGER, LIVE, PARTIAL, REMEMBERED, SIMULATOR
from qwave_batch.model.portable_paths import INPUTS

_FILES = (MANIFEST, SUMMARY, LIVE, REMEMBERED, COUNT, SIMULATOR, SPEC)
_FOLDERS = (IMAGES, PARTIAL, EVIDENCE, INPUTS)


def has_traces(layout: RunLayout) -> bool:
    """Whether anything stands here that a run makes once it has a ledger."""
    tree = layout.tree
    return any(tree.is_file(path) for path in _FILES) or any(tree.entries(path) for path in _FOLDERS)


def check_ledger_file(layout: RunLayout) -> None:
    """Refuse a folder that runs have filled and whose ledger is gone: everything would be paid for once more.

    Raises:
        FolderError: it is one.
    """
    status = layout.tree.look(LEDGER)
    if (status is None or status.st_size == 0) and has_traces(layout):
        raise without_records(layout, "is gone or empty")


def without_records(layout: RunLayout, how: str) -> FolderError:
    """Return the refusal of a folder whose ledger no longer knows what was paid."""
    return FolderError(
        f"{layout.root} holds the work of earlier runs, but {LEDGER}, which knows what is "
        f"paid, {how}; nothing was sent. Put that file back, with its -wal if there is one, or name a new folder with "
        "-o DIR, where all is made and paid for anew"
    )
