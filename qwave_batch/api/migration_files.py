"""Writes a migrated spec: in the place of the old one, or to a new file."""

import os
import stat
from pathlib import Path

from qwave_batch.api.migrate_spec import Migration
from qwave_batch.errors import UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import is_taken, storage_errors, write_atomic


def write_migration(migration: Migration, spec: str | Path, out: str | Path | None = None) -> None:
    """Write a migrated spec in the place of the old one, or to a new file, all of it or nothing.

    The file keeps its mode, and a link to it stays one.

    Args:
        migration: The result of ``migrate_spec``.
        spec: The spec that was migrated.
        out: A new file; without one, the spec is replaced.

    Raises:
        UsageError: The new file is there already, or would not find the files that the spec names.
        StorageError: The disk refuses.
    """
    old = Path(spec).resolve()
    status = Tree(old.parent).look(old.name)
    mode = stat.S_IMODE(status.st_mode) if status else None
    if mode is None:
        raise UsageError(f"{spec} is not there any more, and nothing was written")
    if out is None:
        if migration.is_changed:
            _write(old, migration.text, mode)
        return
    new = Path(os.path.abspath(out))  # noqa: PTH100 - no link is followed
    if is_taken(Tree(new.parent), new.name, migration.text):
        raise UsageError(f"{out} is there already, and nothing was written; name another file")
    if migration.needs_folder and new.parent.resolve() != old.parent:
        raise UsageError(
            f"{spec} names files, which are found from its own folder; nothing was written: name a file in {old.parent}"
        )
    _write(new, migration.text, mode)


def _write(file: Path, text: bytes, mode: int) -> None:
    with storage_errors(file):
        write_atomic(Tree(file.parent), file.name, text, mode=mode)
