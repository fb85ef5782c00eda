"""manifest.jsonl: written whole from the ledger, read as typed lines, rewritten when a crash left it outdated."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.errors import FolderBusy, FolderError, StorageError, UsageError
from qwave_batch.files.tree import PRIVATE_MODE
from qwave_batch.folder.artifacts import MANIFEST, sha256_of_artifact
from qwave_batch.folder.inputs import store_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock, holder_of
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.folder.workspace import LEDGER, REMEMBERED
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.codec import Codec, Key
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.output.ledger_ports import LedgerReading
from qwave_batch.output.line_counts import LineCounter
from qwave_batch.output.manifest_line import ManifestLine, encode_line, line_from_json, manifest_line
from qwave_batch.output.versions import PROGRAM, version_of

MOST_LINE_BYTES = 32 * 1024 * 1024
"""Limit of a line that is read. The longest line that is written holds a prompt of a million characters twice."""
_MOST_BYTES_OF_REMEMBERED = 64 * 1024
_MOST_BYTES_OF_OLD = 4 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenManifest:
    """A manifest that was written from the ledger."""

    sha256: str
    counts: LineCounts


class Freshness(StrEnum):
    """The state of a manifest relative to the ledger."""

    CURRENT = "current"
    REBUILT = "rebuilt"
    """It was outdated after a crash, and has been rewritten."""
    LIVE = "live"
    """A run is active and writes it from time to time."""
    STALE = "stale"
    """It is outdated, and cannot be written here."""
    EDITED = "edited"
    """It differs from the one this program wrote."""
    AHEAD = "ahead"
    """The ledger has lost records, so the manifest may know more; it stays until a run has handled that."""


def keep_manifest(layout: RunLayout, ledger: LedgerReading) -> WrittenManifest:
    """Write the manifest from the ledger, unless it is there as it would be written; raises as ``write_manifest``."""
    lines_of = _lines_of(ledger)
    known = _written_from(lines_of, _remembered(layout))
    # inputs are written anew, for somebody may have removed one
    if known is not None and not known.inputs and _sha256_if_ours(layout, (known,)) == known.sha256:
        return WrittenManifest(sha256=known.sha256, counts=ledger.line_counts())
    return write_manifest(layout, ledger.lines(), lines_of=lines_of)


def write_manifest(layout: RunLayout, lines: Iterable[PlanLine], *, lines_of: str | None = None) -> WrittenManifest:
    """Replace the manifest by ``lines``, atomically, and keep the inline inputs of their requests.

    Lines are streamed. It blocks: call it in a thread, by the process that holds the folder's lock.

    Args:
        layout: The folder.
        lines: The lines of its ledger.
        lines_of: The id of these lines, by which they are known without being read.

    Raises:
        StorageError: the disk refuses; the old manifest remains.
    """
    before = _sha256_if_ours(layout, _remembered(layout))
    size_bytes, inputs, digest, counters = 0, 0, hashlib.sha256(), LineCounter()

    def keep(data: bytes) -> str:
        nonlocal inputs
        inputs += 1
        return store_input(layout, data)

    def encoded() -> Iterator[bytes]:
        nonlocal size_bytes
        for line in lines:
            counters.add_plan_line(line)
            data = encode_line(manifest_line(line, keep))
            digest.update(data)
            size_bytes += len(data)
            yield data
        # before the renaming, so that a manifest of ours is always known
        _remember(layout, _Fingerprint(size_bytes, digest.hexdigest(), lines_of, inputs), before)

    layout.artifacts.put(MANIFEST, encoded())
    return WrittenManifest(sha256=digest.hexdigest(), counts=counters.counts())


def read_manifest(layout: RunLayout) -> Iterator[ManifestLine]:
    """Yield the manifest's lines in plan order.

    Raises:
        FolderError: there is none, or a line is torn or not of its schema.
        StorageError: it can't be read.
    """
    place = layout.place_of(MANIFEST)
    for number, raw in read_raw_lines(layout):
        try:
            line = line_from_json(json.loads(raw))
        except (ValueError, RecursionError) as error:
            raise FolderError(
                f"{place}:{number}: not a line of a manifest ({error}); the next run writes it anew",
                next_steps=(Advice(NextStep.VERIFY, layout.address),),
            ) from error
        yield line


def read_raw_lines(layout: RunLayout, *, into: "hashlib._Hash | None" = None) -> Iterator[tuple[int, bytes]]:
    """Yield number (from 1) and bytes of each line, without its end; a last line that was cut is one too.

    Args:
        layout: The run folder.
        into: A hash that takes in all that is read.

    Raises:
        FolderError: there is no manifest, or a line of it is longer than any that this program writes.
        StorageError: it can't be read.
    """
    if not _is_there(layout):
        raise _no_manifest(layout)
    with storage_errors(layout.manifest, "read"):
        file = layout.artifacts.open(MANIFEST)
    with file:
        number = 0
        while raw := file.readline(MOST_LINE_BYTES + 1):
            number += 1
            if len(raw) > MOST_LINE_BYTES:
                raise FolderError(
                    f"{layout.place_of(MANIFEST)}:{number}: the line is longer than {MOST_LINE_BYTES:,} bytes"
                )
            if into is not None:
                into.update(raw)
            yield number, raw.removesuffix(b"\n")


def _no_manifest(layout: RunLayout) -> FolderError:
    if (holder := holder_of(layout)) is not None:
        return FolderError(f"{layout.address} has no manifest.jsonl yet: a run is at work there ({holder})")
    if layout.tree.is_file(LEDGER):
        step = Advice(NextStep.WRITE_MANIFEST, str(layout.root))
        return FolderError(f"{layout.root} has no manifest.jsonl", next_steps=(step,))
    return FolderError(
        f"{layout.address} has no manifest.jsonl, nor a ledger to write it from: no run has come that far"
    )


def refresh_manifest(layout: RunLayout, ledger: LedgerReading) -> Freshness:
    """Rewrite the manifest if it is behind the ledger, as after a crash; every command that reads a folder calls this.

    A manifest that someone else wrote is left as it is, and so is the folder of a live run. If a run died before it
    claimed the ledger, none is written: an unclaimed ledger beside a manifest is one that has lost what it knew.
    """
    if holder_of(layout) is not None:
        return Freshness.LIVE
    identity = ledger.identity()
    if identity is None:
        return Freshness.CURRENT
    if identity.lost_since is not None:
        return Freshness.AHEAD
    return _refreshed(layout, ledger)


def _refreshed(layout: RunLayout, ledger: LedgerReading) -> Freshness:
    known, lines_of = _remembered(layout), _lines_of(ledger)
    expected = _written_from(lines_of, known) or _fingerprint_of_lines(ledger.lines())
    have = _sha256_if_ours(layout, (expected, *known))
    if have == expected.sha256:
        return Freshness.CURRENT
    if _is_there(layout) and have not in {each.sha256 for each in known}:
        return Freshness.EDITED
    try:
        with FolderLock(layout):
            write_manifest(layout, ledger.lines(), lines_of=lines_of)
    except FolderBusy:
        return Freshness.LIVE
    except StorageError:  # a read-only copy, or a full disk: looking goes on without
        return Freshness.STALE
    return Freshness.REBUILT


def is_as_written(layout: RunLayout) -> bool:
    """Whether the manifest is one that this program wrote here, or there is none and none was written."""
    known = _remembered(layout)
    if layout.artifacts.look(MANIFEST) is None:
        return not known
    return _sha256_if_ours(layout, known) in {each.sha256 for each in known}


@dataclass(frozen=True, slots=True)
class _Fingerprint:
    """Identifies our manifest without reading files of another size."""

    size_bytes: int | None
    """None if an earlier version of this program recorded it."""
    sha256: str
    lines_of: str | None = None
    """The id of the lines that it holds; None where that was not known."""
    inputs: int = 0
    """The number of inline inputs that were kept with it."""


_FORM = 1
"""Of a line; to be raised whenever the same record is written in other bytes, since a checkout has no version."""
_WRITTEN = Codec({_Fingerprint: {"size_bytes": Key(name="bytes")}})


def _lines_of(ledger: LedgerReading) -> str | None:
    """Return the id of the ledger's lines as this version of the program writes them."""
    lines_id = ledger.lines_id()
    return None if lines_id is None else f"{version_of(PROGRAM)} {_FORM} {lines_id}"


def _written_from(lines_of: str | None, known: Iterable[_Fingerprint]) -> _Fingerprint | None:
    """Return the manifest that was written from these lines; None if none is known, or they have no id."""
    return None if lines_of is None else next((each for each in known if each.lines_of == lines_of), None)


def _fingerprint_of_lines(lines: Iterable[PlanLine]) -> _Fingerprint:
    size_bytes, digest = 0, hashlib.sha256()
    for line in lines:
        data = encode_line(manifest_line(line))
        digest.update(data)
        size_bytes += len(data)
    return _Fingerprint(size_bytes, digest.hexdigest())


def _sha256_if_ours(layout: RunLayout, candidates: Iterable[_Fingerprint]) -> str | None:
    """Return the hash of the manifest if its size is that of a candidate; others are not read."""
    found = layout.artifacts.look(MANIFEST)
    sizes = {each.size_bytes for each in candidates}
    if found is None or not found.is_file:
        return None
    if found.size_bytes not in sizes and not (None in sizes and found.size_bytes <= _MOST_BYTES_OF_OLD):
        return None
    return found.sha256 or sha256_of_artifact(layout.artifacts, MANIFEST)


def _is_there(layout: RunLayout) -> bool:
    found = layout.artifacts.look(MANIFEST)
    return found is not None and found.is_file


def _remember(layout: RunLayout, written: _Fingerprint, before: str | None) -> None:
    earlier = [each for each in _remembered(layout) if each.sha256 == before]
    known = [_WRITTEN.encode(each) for each in (written, *earlier[:1])]
    write_atomic(layout.tree, REMEMBERED, json.dumps({"written": known}).encode() + b"\n", mode=PRIVATE_MODE)


def _remembered(layout: RunLayout) -> list[_Fingerprint]:
    with suppress(OSError, UsageError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        told = json.loads(layout.tree.read(REMEMBERED, most_bytes=_MOST_BYTES_OF_REMEMBERED))
        old = [_Fingerprint(None, str(sha256)) for sha256 in told.get("sha256", ())]
        return old + [_WRITTEN.decode(each, _Fingerprint) for each in told.get("written", ())]
    return []
