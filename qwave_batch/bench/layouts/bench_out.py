"""The output of a bench export: a folder that holds what a scorer reads and nothing else, and its record beside it.

All is made in a workspace beside the output, ``.OUT.bench``, and takes its place at the end in one step: a scorer sees
the earlier output or the whole new one. A workspace that an export has left because it was stopped is used by the next
one, which does not make again what is there. ``OUT.json`` says which files an export has put there, by their names and
sizes: an output that was changed since, such as by a scorer that writes its results into it, is not replaced.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qwave_batch.errors import UsageError
from qwave_batch.export.image_loading import ImageLoader
from qwave_batch.export.out_folder import OutFolder, check_outside_of_runs, out_folder
from qwave_batch.files.tree import Tree, place_of
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json

FILES: Final = "out"
"""The folder of the workspace that becomes the output."""
_RECORD = "record.json"
_EARLIER = "earlier"
"""The folder of the workspace that the earlier output is moved to before it is removed."""
_MARK = "bench_export"
"""The first key of a record."""
_MOST_BYTES = 1 << 16
"""Of the first line of a record."""
_FORMAT = "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderDigest:
    """The files of a folder, by their names and sizes."""

    files: int
    sha256: str

    def as_json(self) -> dict[str, Json]:
        """Return it as the record has it."""
        return {"files": self.files, "names_sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class BenchOut:
    """An output that is being made; see ``bench_out``."""

    place: Path
    files: OutFolder
    """The workspace; what is in its folder ``FILES`` becomes the output."""

    def finish(self, head: dict[str, Json], lines: Iterable[str]) -> None:
        """Put the new output into its place, and the record beside it.

        Args:
            head: The record's facts as a whole.
            lines: The JSON of its entries.

        Raises:
            StorageError: the disk refuses.
        """
        self.files.finish()
        beside, work, name = Tree(self.place.parent), self.files.tree, self.place.name
        with storage_errors(work.root):
            work.make_folder(FILES)
        new = folder_digest(work, FILES)
        record = _record(head, new, lines)
        with storage_errors(work.root, below=_RECORD):
            work.write_atomic(_RECORD, record)
        # from here on a kill leaves an output that the next export knows as its own, and no record that is complete
        known = [*_known_digests(beside, name), new.as_json()]
        write_atomic(beside, f"{name}.json", _line({_MARK: 1, "is_complete": False, "known": known}).encode())
        with storage_errors(self.place, "replace"):
            if beside.look(name) is not None:
                work.move_from(beside, name, _EARLIER)
            beside.move_from(work, FILES, name)
            beside.move_from(work, _RECORD, f"{name}.json")


@contextmanager
def bench_out(place: Path, loader: ImageLoader) -> Iterator[BenchOut]:
    """Yield an output to fill, whose place was checked.

    Without ``finish`` the block leaves everything as it was; only one that an error ends leaves the workspace.

    Raises:
        FolderBusy: another export is at work there.
        StorageError: the disk refuses.
    """
    with out_folder(_workspace(place), format_name=_FORMAT, loader=loader) as files:
        _put_back(files.tree, place)
        yield BenchOut(place, files)
        files.state.commit()
        _remove_workspace(files.tree)


def check_bench_out(place: Path) -> None:
    """Refuse an output that holds what no export made; nothing is changed.

    Raises:
        UsageError: it does, or lies in a run folder.
        StorageError: it can't be read.
    """
    check_outside_of_runs(place)
    name, beside = place.name, Tree(place.parent)
    if not name or name == "..":
        raise UsageError(f"{place} has no name of its own, which the record beside the output needs; name a new folder")
    with storage_errors(place, "read"):
        record = beside.look(f"{name}.json")
        known = _known_digests(beside, name)
        if record is not None and not known:
            raise UsageError(f"{place}.json was not made by an export; move it away, or name another folder")
        if beside.look(name) is None:
            return
        if not beside.is_folder(name):
            raise UsageError(f"{place} is not a folder, and a scorer is given one; name another place")
        there = folder_digest(beside, name)
    if there.files and there.as_json() not in known:
        raise UsageError(
            f"{place} holds files that no export made, or was changed since, as by a scorer that wrote its results "
            f"there; {f'{place}.json says what an export put there; ' if known else ''}move them away, or name another "
            "folder"
        )


def folder_digest(tree: Tree, folder: str) -> FolderDigest:
    """Return the digest of all files below a folder; their bytes are not read."""
    digest, files = hashlib.sha256(), 0
    for found in tree.walk(folder):
        files += 1
        path = found.path.removeprefix(f"{folder}/")
        digest.update(f"{path}\0{found.status.st_size}\n".encode("utf-8", "surrogateescape"))
    return FolderDigest(files=files, sha256=digest.hexdigest())


def _workspace(place: Path) -> Path:
    return place.with_name(f".{place.name}.bench")


def _known_digests(tree: Tree, name: str) -> list[Json]:
    """Return the digests that the record knows the output by; none without a record, or with one of others."""
    if not tree.is_file(f"{name}.json"):
        return []
    with tree.open(f"{name}.json") as file:
        first = file.readline(_MOST_BYTES).rstrip()
    try:
        head = json.loads(first if first.endswith(b"}") else first.rstrip(b",") + b"}")
    except ValueError:
        return []
    if not isinstance(head, dict) or _MARK not in head:
        return []
    return list(head["known"]) if isinstance(head.get("known"), list) else []


def _record(head: dict[str, Json], digest: FolderDigest, lines: Iterable[str]) -> Iterator[bytes]:
    """Yield a record: one JSON object, of which the first line is enough to know the output by."""
    first = _line({_MARK: 1, "is_complete": True, "known": [digest.as_json()]})
    yield f"{first.rstrip()[:-1]},\n".encode()
    for key, value in head.items():
        yield f"{json.dumps(key)}: {_line(value).rstrip()},\n".encode("utf-8", "backslashreplace")
    yield b'"entries": ['
    comma = ""
    for line in lines:
        yield f"{comma}\n{line}".encode("utf-8", "backslashreplace")
        comma = ","
    yield b"\n]}\n"


def _line(value: Json) -> str:
    return f"{json.dumps(value, ensure_ascii=False)}\n"


def _put_back(work: Tree, place: Path) -> None:
    """Put an earlier output back that an export had moved away when it was killed."""
    beside, name = Tree(place.parent), place.name
    with storage_errors(place, "put back"):
        if work.is_folder(_EARLIER) and beside.look(name) is None:
            beside.move_from(work, _EARLIER, name)
    _remove_all(work, _EARLIER)


def _remove_workspace(work: Tree) -> None:
    _remove_all(work, "")
    tree, name = place_of(work.root)
    with storage_errors(work.root, "remove"), suppress(FileNotFoundError):
        tree.remove_folder(name)


def _remove_all(tree: Tree, folder: str) -> None:
    """Remove all that is in a folder, and the folder itself unless it is the root."""
    with storage_errors(tree.root, "remove", folder):
        for found in tree.entries(folder):
            if found.is_folder:
                _remove_all(tree, found.path)
            else:
                tree.remove(found.path)
        if folder:
            with suppress(FileNotFoundError):
                tree.remove_folder(folder)
