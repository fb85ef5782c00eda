"""manifest.jsonl: written whole from the ledger, read as typed lines, written anew when a crash left it behind."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from qwave_batch.errors import FolderBusy, FolderError, StorageError
from qwave_batch.folder.atomic import write_atomic
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.hashing import sha256_of_file
from qwave_batch.folder.inputs import store_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock, holder_of
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.output.counts import LineCounts, Tally
from qwave_batch.output.line import ManifestLine, encode_line, line_from_json, manifest_line
from qwave_batch.output.ports import LedgerReading

_REMEMBERED = "manifest.json"
"""Below ``.qwave/``: the hashes of the newest manifests that this program wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenManifest:
    """What ``write_manifest`` wrote."""

    sha256: str
    counts: LineCounts


class Freshness(StrEnum):
    """How a manifest stands to the ledger."""

    CURRENT = "current"
    REBUILT = "rebuilt"
    """It was behind, as a crash leaves it, and has been written anew."""
    LIVE = "live"
    """A run is at work and writes it every while."""
    STALE = "stale"
    """It is behind, and can't be written here."""
    EDITED = "edited"
    """It is not as this program wrote it."""


def write_manifest(layout: RunLayout, lines: Iterable[PlanLine]) -> WrittenManifest:
    """Replace the manifest by ``lines``, all or nothing, and keep the inline inputs of their requests.

    Lines are streamed. It blocks: call it in a thread, by the process that holds the folder's lock.

    Raises:
        StorageError: the disk refuses; the old manifest stands.
    """
    before = _hash_of(layout.manifest)
    digest, tally = hashlib.sha256(), Tally()

    def encoded() -> Iterator[bytes]:
        for line in lines:
            tally.add_plan_line(line)
            data = encode_line(manifest_line(line, partial(store_input, layout)))
            digest.update(data)
            yield data
        # before the renaming, so that no moment has a manifest of ours that is not remembered
        _remember(layout, digest.hexdigest(), before)

    write_atomic(layout.manifest, encoded())
    return WrittenManifest(sha256=digest.hexdigest(), counts=tally.counts())


def read_manifest(layout: RunLayout) -> Iterator[ManifestLine]:
    """Yield the manifest's lines in plan order.

    Raises:
        FolderError: there is none, or a line is torn or not of its schema.
        StorageError: it can't be read.
    """
    for number, raw in read_raw_lines(layout):
        try:
            line = line_from_json(json.loads(raw))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise FolderError(
                f"{layout.manifest}:{number}: no line of a manifest ({_word(error)}); "
                f"`qwave-batch verify {layout.root}` says more, and the next run writes it anew"
            ) from error
        yield line


def read_raw_lines(layout: RunLayout) -> Iterator[tuple[int, bytes]]:
    """Yield number (from 1) and bytes of each line, without its end; a last line that was cut is one too.

    Raises:
        FolderError: there is no manifest.
        StorageError: it can't be read.
    """
    if not layout.manifest.is_file():
        if (holder := holder_of(layout)) is not None:
            raise FolderError(f"{layout.root} has no manifest.jsonl yet: a run is at work there ({holder})")
        way_out = (
            f"`qwave-batch status {layout.root}` writes it from the ledger"
            if layout.ledger.is_file()
            else "nor a ledger to write it from: no run has come that far"
        )
        raise FolderError(f"{layout.root} has no manifest.jsonl; {way_out}")
    with storage_errors(layout.manifest, "read"):
        file = layout.manifest.open("rb")
    with file:
        yield from ((number, raw.removesuffix(b"\n")) for number, raw in enumerate(file, start=1))


def refresh_manifest(layout: RunLayout, ledger: LedgerReading) -> Freshness:
    """Write the manifest anew when it is behind the ledger, as after a crash; whoever looks at a folder calls this.

    A manifest that someone else wrote is left as it is, and so is the folder of a live run.
    """
    if holder_of(layout) is not None:
        return Freshness.LIVE
    have = _hash_of(layout.manifest)
    if have == _hash_of_lines(ledger.lines()):
        return Freshness.CURRENT
    if have is not None and have not in _remembered(layout):
        return Freshness.EDITED
    try:
        with FolderLock(layout):
            write_manifest(layout, ledger.lines())
    except FolderBusy:
        return Freshness.LIVE
    except StorageError:  # a read-only copy, or a full disk: looking goes on without
        return Freshness.STALE
    return Freshness.REBUILT


def _hash_of_lines(lines: Iterable[PlanLine]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(encode_line(manifest_line(line)))
    return digest.hexdigest()


def _hash_of(path: Path) -> str | None:
    return sha256_of_file(path) if path.is_file() else None


def _remember(layout: RunLayout, *hashes: str | None) -> None:
    known = {"sha256": [sha256 for sha256 in hashes if sha256 is not None]}
    write_atomic(layout.private / _REMEMBERED, json.dumps(known).encode() + b"\n")


def _remembered(layout: RunLayout) -> list[str]:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return [str(sha256) for sha256 in json.loads((layout.private / _REMEMBERED).read_bytes())["sha256"]]
    return []


def _word(error: Exception) -> str:
    return f"no key {error}" if isinstance(error, KeyError) else str(error)
