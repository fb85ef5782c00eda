"""Names for run folders that are shown side by side."""

from collections.abc import Sequence

from qwave_batch.output.folder_reader import FolderReader


def folder_labels(readers: Sequence[FolderReader]) -> tuple[str, ...]:
    """Return a name for each folder that no other one has: its own, with a number where two folders share it."""
    names: list[str] = []
    for reader in readers:
        own = reader.layout.root.resolve().name or "run"
        name, number = own, 1
        while name in names:
            number += 1
            name = f"{own}-{number}"
        names.append(name)
    return tuple(names)
