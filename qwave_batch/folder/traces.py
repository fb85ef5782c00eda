"""Traces of earlier runs in a folder: signs that it was used, and half-written files."""

import stat
from collections.abc import Iterator
from contextlib import suppress

from qwave_batch.errors import FolderError
from qwave_batch.files.folder_handles import TEMPORARY_PREFIX, Found
from qwave_batch.folder.artifacts import IMAGES, MANIFEST, SPEC, SUMMARY
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import COUNT, EVIDENCE, LEDGER, LIVE, PARTIAL, PRIVATE, REMEMBERED, SIMULATOR
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.portable_paths import INPUTS

_FILES = (LIVE, REMEMBERED, COUNT, SIMULATOR)
_FOLDERS = (IMAGES, PARTIAL, EVIDENCE, INPUTS)
_ARTIFACTS = (MANIFEST, SUMMARY, SPEC)
_ARTIFACT_FOLDERS = (IMAGES, INPUTS)


def has_traces(layout: RunLayout) -> bool:
    """Whether anything stands here that a run makes once it has a ledger."""
    tree, artifacts = layout.tree, layout.artifacts
    if any(tree.is_file(path) for path in _FILES) or any(tree.entries(path) for path in _FOLDERS):
        return True
    found = map(artifacts.look, _ARTIFACTS)
    return any(each is not None and each.is_file for each in found) or any(
        True for folder in _ARTIFACT_FOLDERS for _ in artifacts.list(folder)
    )


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
    if layout.store_address is not None:
        return FolderError(
            f"{layout.store_address} holds the work of earlier runs, or files of somebody else, but {LEDGER} of "
            f"{layout.root}, which knows what is paid, {how}; nothing was sent",
            next_steps=(NextStep.RESTORE_LEDGER, NextStep.NAME_OTHER_STORE),
        )
    return FolderError(
        f"{layout.root} holds the work of earlier runs, but {LEDGER}, which knows what is "
        f"paid, {how}; nothing was sent",
        next_steps=(NextStep.RESTORE_LEDGER, NextStep.NAME_NEW_FOLDER),
    )


# Half written files of a process that was killed: none of them is ever needed again.


def leftovers(layout: RunLayout) -> Iterator[Found]:
    """Yield half downloads and half written files. They are leftovers only while nobody else holds the lock."""
    yield from layout.tree.walk(PARTIAL)
    for folder in ("", PRIVATE, INPUTS):
        for found in layout.tree.entries(folder):
            if found.path.rpartition("/")[2].startswith(TEMPORARY_PREFIX) and not stat.S_ISDIR(found.status.st_mode):
                yield found


def remove_leftovers(layout: RunLayout) -> None:
    """Remove them all, as the process that holds the lock may at its start; what can't be removed does no harm."""
    for found in list(leftovers(layout)):
        with suppress(OSError):
            layout.tree.remove(found.path)
