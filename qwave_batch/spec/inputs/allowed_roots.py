"""Where a file lies that somebody named on the command line, and how far links may lead it from there."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.portable_paths import ELSEWHERE, INPUTS, component, is_git_name, kept_at


class FileRefused(UsageError):
    """A file that was named and may not be read, or can't."""

    def __init__(self, message: str, suggestion: str | None = None, *, next_step: Advice | None = None) -> None:
        steps = () if next_step is None else (next_step,)
        super().__init__(f"{message}; {suggestion}" if suggestion else message, next_steps=steps)
        self.message = message
        self.suggestion = suggestion
        """What to do, where that is known."""


@dataclass(frozen=True, slots=True)
class AllowedRoot:
    """The folder that a named file has to lie in, after all links."""

    folder: Path
    """Links resolved."""
    called: str
    """What it is called in errors."""


def allowed_root_of(file: Path) -> AllowedRoot:
    """Return the allowed root of a file: the git work tree that it was named in, or its folder where there is none.

    Links above the work tree are the user's own. Those in it came with it, so that a link to another work tree does
    not move the root there. Without a work tree, links above the spec's folder and in the current folder are the
    user's own; one that a path leads to through other folders may have been unpacked, and must stay in its folder.

    Raises:
        FileRefused: such a link leads away.
        OSError, RuntimeError, ValueError: the system does not take the name, or links form a circle.
    """
    typed = Path(os.path.abspath(file))  # noqa: PTH100 - by its letters: resolve() would follow the links to be judged
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
                f"{file} leads away by a link: {link} is a symbolic link that leaves its folder; "
                "name the file where it lies",
                next_step=Advice(NextStep.ALLOW_READ, str(link.resolve())),
            )
    return AllowedRoot(typed.parent.resolve(), "the spec's folder")


def allowed_folders(folders: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders of ``--allow-read``, links resolved.

    Raises:
        FileRefused: one of them is git's own.
    """
    for folder in folders:
        if is_in_git(folder):
            raise FileRefused(f"{folder} cannot be allowed: nothing in a .git folder is read as data")
        yield folder.resolve()


def is_in_git(file: Path) -> bool:
    """Whether a path, as written or after all links, is git's own folder or leads into one."""
    return any(is_git_name(part) for part in (*file.parts, *file.resolve().parts))


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
