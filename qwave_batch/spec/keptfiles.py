"""A spec that a run kept in its folder reads the copies beside it, so that the folder says by itself what was made."""

from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError
from qwave_batch.files.tree import Tree
from qwave_batch.model.kept import ELSEWHERE, INPUTS, kept_at
from qwave_batch.model.paths import component
from qwave_batch.spec.borders import FileRefused

_SPEC = "spec.yaml"
_OF_A_RUN = (".qwave", "manifest.jsonl")


def is_kept_spec(file: Path) -> bool:
    """Whether a file is the spec of a run folder, with the inputs beside it; where it lies, links resolved."""
    tree = Tree(file.parent)
    try:
        return file.name == _SPEC and tree.is_folder(INPUTS) and any(tree.look(name) is not None for name in _OF_A_RUN)
    except (OSError, FolderError):
        return False


def kept_in(folder: Path, name: str) -> str | None:
    """Return the path, from a run folder, of the copy of a file that its spec calls ``name``; None without one.

    Raises:
        FileRefused: Two files of that name were kept, and nothing tells which is meant.
    """
    tree = Tree(folder)
    try:
        path = kept_at(name)
        if tree.look(path) is not None:
            return path
        # earlier versions named the folder of a file from elsewhere by where it lay on that machine
        last = component(PurePosixPath(name).name)
        found = [path for each in tree.entries(ELSEWHERE) if tree.look(path := f"{each.path}/{last}") is not None]
    except (OSError, FolderError, ValueError):
        return None
    if len(found) > 1:
        raise FileRefused(
            f'"{name}" may be any of the inputs {", ".join(found)}', "take the spec that the run was made of"
        )
    return found[0] if found and kept_at(name).startswith(ELSEWHERE) else None
