"""Reads a run folder, live, ended or copied: its lines, images, inputs and facts. Nothing is written.

Exports, reports and scores are made from a folder through this reader, and rely on these rules:

- The lines come from the ledger where the folder has one: the state of this moment, in one consistent snapshot, also
  while a run is at work. They are what the next manifest will say.
- A copy without ``.qwave`` has its manifest only. A manifest is replaced as a whole, so a reader sees the old one or
  the new one, never a part.
- A ledger that has lost records may know less than the manifest; then the manifest is read, where there is one.
- An edited manifest is not read while there is a ledger: the next run would write it anew from there.

Lines are streamed, so that memory does not grow with the folder. It blocks: call it in a thread.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import MANIFEST, SPEC, read_artifact
from qwave_batch.folder.inputs import stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import LockHolder, holder_of
from qwave_batch.folder.spec_inputs import SpecInput, spec_inputs
from qwave_batch.folder.storage import storage_errors
from qwave_batch.folder.traces import check_ledger_file
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.ledger_ports import LedgerReading
from qwave_batch.output.manifest import read_manifest
from qwave_batch.output.manifest_line import ManifestLine, manifest_line
from qwave_batch.output.summary import MOST_SPEC_BYTES, read_summary
from qwave_batch.output.unrecorded_submits import check_is_claimed


class LineSource(StrEnum):
    """The source of a folder's lines."""

    LEDGER = "ledger"
    MANIFEST = "manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Selects lines that meet every condition; an empty filter selects all."""

    statuses: frozenset[JobStatus] = frozenset()
    models: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    """A line with any of these tags is selected."""
    where: Callable[[ManifestLine], bool] | None = None
    """Such as ``line_condition.lines_matching`` returns."""

    def takes(self, line: ManifestLine) -> bool:
        """Whether the filter selects a line; raises the errors of ``where``."""
        return (
            (not self.statuses or line.status in self.statuses)
            and (not self.models or line.model in self.models)
            and (not self.tags or not self.tags.isdisjoint(line.tags))
            and (self.where is None or self.where(line))
        )


EVERY_LINE = LineFilter()
"""Selects all lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderHeader:
    """A run folder as a whole."""

    root: Path
    folder_id: str | None
    """The random id of the folder, which stays when it is moved; None for a copy without its ledger."""
    name: str | None
    """The spec's name; None if neither ledger nor summary states it."""
    backend: str | None
    """The API's host, or ``simulator``; None likewise."""
    source: LineSource
    holder: LockHolder | None
    """The process that works on the folder at this moment; None when the folder is not live."""
    lost_since: float | None
    """Unix seconds from which on the ledger lacks records; None when it lacks none, or there is no ledger."""
    summary: JsonObject | None = field(repr=False)
    """The current summary.json, which describes the newest run; None if it is missing or unreadable."""


@dataclass(frozen=True, slots=True)
class FolderReader:
    """An open run folder; see ``open_folder``."""

    layout: RunLayout
    ledger: LedgerReading | None
    """None for a copy that came without one."""

    @property
    def source(self) -> LineSource:
        """The source of the lines."""
        if self.ledger is None:
            return LineSource.MANIFEST
        identity = self.ledger.identity()
        is_behind = identity is not None and identity.lost_since is not None
        return LineSource.MANIFEST if is_behind and self._has_manifest() else LineSource.LEDGER

    def lines(self, where: LineFilter = EVERY_LINE) -> Iterator[ManifestLine]:
        """Yield the lines that a filter selects, in plan order.

        The inline inputs of a live run's newest lines may not be in ``inputs/`` yet: it writes them with its manifest.

        Raises:
            FolderError: there is no ledger, and the manifest is missing or torn.
            StorageError: the disk or the ledger fails.
            UsageError: the filter's expression fails on a line.
        """
        for line in self._all_lines():
            if where.takes(line):
                yield line

    def images(self, where: LineFilter = EVERY_LINE) -> Iterator[tuple[ManifestLine, ImageFile]]:
        """Yield every recorded image with its line, in plan order; raises as ``lines`` does."""
        for line in self.lines(where):
            for image in line.images:
                yield line, image

    def open_image(self, image: ImageFile) -> BinaryIO | None:
        """Open an image's file, never through a link; return None if it is missing.

        Its content is not checked: ``verify`` does that.

        Raises:
            FolderError: its path leads out of ``images/`` or over a link.
            NotRegular: something other than a file has its name.
            StorageError: it can't be read.
        """
        fault = path_fault(image.path)
        if fault is not None:
            raise FolderError(f"{self.layout.address} names an image {image.path!r}, which no run has written: {fault}")
        return self._open(image.path)

    def open_input(self, reference: str) -> BinaryIO | None:
        """Open the file behind a ``sha256:...`` of a line's request; return None when it is not there.

        Raises:
            StorageError: it can't be read.
        """
        path = stored_input(self.layout, reference)
        return None if path is None else self._open(path)

    def inputs(self) -> Iterator[SpecInput]:
        """Yield the tables, overlays and images that the runs read, with the names that the spec gave them.

        Raises:
            FolderError, StorageError: they can't be read.
        """
        return spec_inputs(self.layout)

    def spec(self) -> bytes | None:
        """Return the spec as it was, byte for byte; None when it is not there.

        Raises:
            NotRegular: it is not a file, or is larger than any spec.
            StorageError: it can't be read.
        """
        if self.layout.artifacts.look(SPEC) is None:
            return None
        with storage_errors(self.layout.spec, "read"):
            return read_artifact(self.layout.artifacts, SPEC, most_bytes=MOST_SPEC_BYTES)

    def header(self) -> FolderHeader:
        """Return the facts of the folder as a whole; no line is read for them."""
        identity = None if self.ledger is None else self.ledger.identity()
        summary = read_summary(self.layout)
        told = summary or {}
        name, backend = told.get("name"), told.get("backend")
        return FolderHeader(
            root=self.layout.root,
            folder_id=identity.folder_id if identity else None,
            name=identity.spec_name if identity else name if isinstance(name, str) else None,
            backend=identity.backend if identity else backend if isinstance(backend, str) else None,
            source=self.source,
            holder=holder_of(self.layout),
            lost_since=identity.lost_since if identity else None,
            summary=summary,
        )

    def _all_lines(self) -> Iterator[ManifestLine]:
        if self.ledger is not None and self.source is LineSource.LEDGER:
            return map(manifest_line, self.ledger.lines())
        return read_manifest(self.layout)

    def _open(self, path: str) -> BinaryIO | None:
        try:
            return self.layout.artifacts.open(path)
        except FileNotFoundError:
            return None

    def _has_manifest(self) -> bool:
        found = self.layout.artifacts.look(MANIFEST)
        return found is not None and found.is_file


@contextmanager
def open_folder(address: str | Path | RunLayout) -> Iterator[FolderReader]:
    """Yield a reader of a run folder; its ledger is open, to read only, inside the block.

    Args:
        address: A folder's path, or the address of a store, which is read as a copy without ``.qwave`` is; or a layout.

    Raises:
        FolderError: there is none, with the nearest one that is; or runs have filled it and its ledger is gone.
        MissingExtra, StoreUnusable: a store can't be read as it is set up.
        StorageError: the disk or the ledger fails, or a store can't be reached.
    """
    layout = address if isinstance(address, RunLayout) else RunLayout.at(address)
    with open_ledger(layout) as ledger:
        yield FolderReader(layout, ledger)


@contextmanager
def open_ledger(layout: RunLayout) -> Iterator[Ledger | None]:
    """Yield a folder's ledger, open to read; None for a copy that came without one.

    Raises:
        FolderError: a link or a pipe stands in one of the fixed places, or the ledger has lost what it knew.
        StorageError: the disk or the ledger fails.
    """
    layout.check()
    if not layout.tree.is_file(LEDGER):
        yield None
        return
    check_ledger_file(layout)
    with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
        check_is_claimed(layout, ledger)
        yield ledger
