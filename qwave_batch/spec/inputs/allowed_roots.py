"""The roots that files may be read from: the work tree of the spec, and folders that the user allows."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.portable_paths import ELSEWHERE, INPUTS, component, is_git_name, kept_at

_SPEC = "spec.yaml"
_OF_A_RUN = (".qwave", "manifest.jsonl")


class FileRefused(UsageError):
    """A named file that may not be read, or cannot be."""

    def __init__(self, message: str, suggestion: str | None = None, *, next_step: Advice | None = None) -> None:
        steps = () if next_step is None else (next_step,)
        super().__init__(f"{message}; {suggestion}" if suggestion else message, next_steps=steps)
        self.message = message
        self.suggestion = suggestion
        """The advice, if there is one."""


@dataclass(frozen=True, slots=True)
class AllowedRoot:
    """The folder that a named file must be in, after all links are resolved."""

    folder: Path
    """Links resolved."""
    label: str
    """How messages name it."""


def allowed_root_of(file: Path) -> AllowedRoot:
    """Return the allowed root of a file: the git work tree of its path as typed, or its folder without one.

    Links above the work tree are the user's own. Links inside came with it, so a link to another work tree does not
    move the root there. Without a work tree, links above the spec's folder and in the current folder are the
    user's own; links deeper in the path may come from an unpacked archive, and must stay in their folders.

    Raises:
        FileRefused: Such a link leads out of its folder.
        OSError, RuntimeError, ValueError: The system does not accept the name, or links form a cycle.
    """
    typed = Path(os.path.abspath(file))  # noqa: PTH100 - resolve() would follow the links that are checked below
    trusted = len(Path.cwd().parts) + 1 if not file.is_absolute() else len(typed.parent.parts) - 1
    tree: Path | None = None
    links: list[Path] = []
    for folder in (*reversed(typed.parents),):
        if folder.is_symlink():
            if tree is not None:
                break
            links += [folder] if len(folder.parts) > trusted else []
        if os.path.lexists(folder / ".git"):
            tree = folder
    if tree is not None:
        return AllowedRoot(tree.resolve(), "the spec's git work tree")
    for link in links:
        if not link.resolve().is_relative_to(link.parent.resolve()):
            raise FileRefused(
                f"{file} cannot be read: {link} is a symbolic link that leads out of its folder; "
                "name the file by its real path",
                next_step=Advice(NextStep.ALLOW_READ, str(link.resolve())),
            )
    return AllowedRoot(typed.parent.resolve(), "the spec's folder")


def allowed_folders(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders of ``--allow-read``, links resolved.

    Raises:
        FileRefused: One of them is in a ``.git`` folder.
    """
    for folder in folders:
        if is_in_git(folder):
            raise FileRefused(f"{folder} cannot be allowed: files in a .git folder are never read")
        yield folder.resolve()


def is_in_git(file: Path) -> bool:
    """Whether a path, as written or resolved, is a ``.git`` folder or in one."""
    return any(is_git_name(part) for part in (*file.parts, *file.resolve().parts))


def is_kept_spec(file: Path) -> bool:
    """Whether a file, links resolved, is the spec that a run folder keeps, with its inputs beside it."""
    tree = Tree(file.parent)
    try:
        return file.name == _SPEC and tree.is_folder(INPUTS) and any(tree.look(name) is not None for name in _OF_A_RUN)
    except (OSError, FolderError):
        return False


def kept_in(folder: Path, name: str) -> str | None:
    """Return the path in a run folder of the copy of a file that its spec calls ``name``; None without a copy.

    Raises:
        FileRefused: The run folder has two files of that name.
    """
    tree = Tree(folder)
    try:
        path = kept_at(name)
        if tree.look(path) is not None:
            return path
        # earlier versions named the folder of a file from elsewhere after its place on that machine
        last = component(PurePosixPath(name).name)
        found = [path for each in tree.entries(ELSEWHERE) if tree.look(path := f"{each.path}/{last}") is not None]
    except (OSError, FolderError, ValueError):
        return None
    if len(found) > 1:
        raise FileRefused(
            f'"{name}" is ambiguous: it may be any of the inputs {", ".join(found)}',
            "use the spec that the run was started from",
        )
    return found[0] if found and kept_at(name).startswith(ELSEWHERE) else None
