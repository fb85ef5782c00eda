"""The folder that a report is: files that are replaced as a whole, and only where their content differs."""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.errors import FolderBusy, QwaveError, UsageError
from qwave_batch.files.lone_writer import WrittenByAnother, lone_writer
from qwave_batch.files.tree import Tree, place_of
from qwave_batch.folder.artifacts import IMAGES
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.folder.workspace import PRIVATE
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.portable_paths import INPUTS
from qwave_batch.report.kept_thumbnails import MADE, RECORD_BEGINNING, THUMBS
from qwave_batch.resources import shipped

INDEX = "index.html"
DATA = "data"
JOBS_PER_FILE = 500
"""Details that are loaded together: about a megabyte with long prompts."""
_LOCK = ".writing"
PATIENCE_S = 5.0
"""A run that keeps its page current, and a server of the same page, write every few seconds, and not for long."""
_LOOK_S = 0.05
_PAGE = "report/page"
_REVISION = b'receiveData("revision",'
_MOST_BYTES = 1 << 30
_OF_THE_RUN = frozenset({IMAGES, INPUTS, PRIVATE})
"""Folders of a run, in which nobody else writes: ``verify`` takes what it finds there for damage."""
_ENDINGS = frozenset({".js", ".css", ".html", ".txt"})


@dataclass(slots=True)
class ReportFolder:
    """An open output folder; see ``report_folder``."""

    path: Path
    tree: Tree
    wanted: set[str] = field(default_factory=set)
    """Files of the page and of its data that belong to the report as it is now."""
    written: int = 0

    def write_page(self) -> None:
        """Copy the page's own files."""
        page = shipped(_PAGE)
        for file in sorted(page.rglob("*")):
            name = file.relative_to(page).as_posix()
            if file.suffix in _ENDINGS and not name.endswith(".d.ts"):
                self.write(name if name == INDEX else f"page/{name}", file.read_bytes())

    def write_data(self, name: str, value: Json) -> None:
        """Write ``data/NAME.js``, which hands a JSON value to the page.

        A page that was opened from disk may load scripts and nothing else, so its data are scripts.
        """
        self.write(f"{DATA}/{name}.js", script_of(name, value))

    def write(self, path: str, data: bytes) -> None:
        """Replace a file by ``data`` unless it holds them already."""
        self.wanted.add(path)
        with storage_errors(self.path, below=path):
            self.tree.make_folder(path.rpartition("/")[0])
            status = self.tree.look(path)
            if status is None or status.st_size != len(data) or self.tree.read(path, most_bytes=_MOST_BYTES) != data:
                write_atomic(self.tree, path, data)
                self.written += 1

    def finish(self) -> None:
        """Remove details and page files of an earlier, larger report."""
        with storage_errors(self.path, "remove"):
            for folder in (DATA, "page"):
                for found in list(self.tree.walk(folder)):
                    if found.path not in self.wanted and found.path.endswith((".js", ".css")):
                        self.tree.remove(found.path)


@dataclass(slots=True)
class DetailFiles:
    """Takes the details of one job after the other, and writes them in files of 500."""

    folder: ReportFolder
    waiting: list[JsonObject] = field(default_factory=list)
    files: int = 0

    def add(self, detail: JsonObject) -> None:
        """Take the details of the next job."""
        self.waiting.append(detail)
        if len(self.waiting) == JOBS_PER_FILE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self.waiting:
            self.folder.write_data(f"details/{self.files:03}", list(self.waiting))
            self.files += 1
            self.waiting.clear()


def script_of(name: str, value: Json) -> bytes:
    """Return the script that hands ``value`` to the page."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # a lone surrogate, which JSON may hold as an escape, has no UTF-8
    return f"receiveData({json.dumps(name)},{text});\n".encode("utf-8", "backslashreplace")


def revision_of(value: Json) -> str:
    """Return a text that differs when the value does."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextmanager
def report_folder(path: Path, *, patience_s: float = PATIENCE_S) -> Iterator[ReportFolder]:
    """Yield the folder, made if it is missing, while no other report writes into it.

    Raises:
        UsageError: something that no report made stands there.
        FolderBusy: another report is writing into it, for longer than ``patience_s``.
        StorageError: the disk refuses.
    """
    check_report_place(path)
    tree = Tree(path)
    with storage_errors(path), ExitStack() as stack:
        tree.make_folder()
        gives_up_at = time.monotonic() + patience_s
        while not _is_alone(tree, stack):
            if time.monotonic() >= gives_up_at:
                raise FolderBusy(str(path), "another report")
            time.sleep(_LOOK_S)
        try:
            yield ReportFolder(path, tree)
        finally:
            tree.remove(_LOCK)


def _is_alone(tree: Tree, stack: ExitStack) -> bool:
    """Take the right to write, until the stack is closed; return False if another report has it."""
    try:
        stack.enter_context(lone_writer(tree, _LOCK))
    except WrittenByAnother:
        return False
    return True


def check_report_place(path: Path) -> None:
    """Refuse a place that holds what no report made; nothing is changed.

    Raises:
        UsageError: it is a file, or a folder with other content.
    """
    _check_is_not_the_runs(path.resolve())
    tree = Tree(path)
    above, name = place_of(path)
    if above.look(name) is not None and not path.exists():
        raise UsageError(f"{path} is a link that leads nowhere; name another place")
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is a file, and a report is a folder; name another place")
    if tree.entries() and not _is_report(tree):
        raise UsageError(f"{path} holds files that no report made; name an empty folder, or a new one")


def _check_is_not_the_runs(place: Path) -> None:
    for folder in (place, *place.parents):
        below = place.relative_to(folder).parts[:1]
        if is_run_folder(folder) and (not below or below[0] in _OF_THE_RUN):
            raise UsageError(
                f"{place} is in the run folder {folder}, among files that belong to the run; name another place"
            )


def _is_report(tree: Tree) -> bool:
    """Whether a report made this folder, or began to; others have folders called ``data`` and ``thumbs``, too."""
    if _begins(tree, f"{DATA}/revision.js", _REVISION) or _begins(tree, MADE, RECORD_BEGINNING):
        return True
    lock = tree.look(_LOCK)  # a killed one leaves it, before any of the others
    return {found.path for found in tree.entries()} <= {_LOCK, THUMBS} and (lock is None or lock.st_size == 0)


def _begins(tree: Tree, path: str, beginning: bytes) -> bool:
    try:
        with tree.open(path) as file:
            return file.read(len(beginning)) == beginning
    except (OSError, QwaveError):
        return False
