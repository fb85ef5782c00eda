"""What went in, kept beside what came out: the spec, its tables, and pictures that stood inline in requests."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote_to_bytes

from qwave_batch.folder.atomic import write_atomic
from qwave_batch.folder.disk import storage_errors
from qwave_batch.folder.endings import format_of
from qwave_batch.folder.hashing import sha256_of_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.paths import component

PREFIX = "sha256:"
"""What an inline input becomes in a manifest line, with its hash behind."""

_PIECE_BYTES = 1 << 20


def reference_to(data: bytes) -> str:
    """Return the ``sha256:...`` that stands for bytes in a manifest line."""
    return PREFIX + hashlib.sha256(data).hexdigest()


def without_inline(value: Json, keep: Callable[[bytes], str] = reference_to) -> Json:
    """Return ``value`` as plain JSON, every ``data:`` URI in it replaced by what ``keep`` returns for its bytes."""
    if isinstance(value, str):
        data = inline_bytes(value)
        return value if data is None else keep(data)
    if isinstance(value, Mapping):
        return {key: without_inline(inner, keep) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_inline(inner, keep) for inner in value]
    return value


def references(value: Json) -> Iterator[str]:
    """Yield every ``sha256:...`` that stands for an inline input in a manifest line's request."""
    if isinstance(value, str):
        if value.startswith(PREFIX):
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from references(inner)


def inline_bytes(text: str) -> bytes | None:
    """Return the bytes of a ``data:`` URI, or None when ``text`` is none."""
    if text[:5].lower() != "data:":
        return None
    head, comma, body = text.partition(",")
    if not comma:
        return None
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(unquote_to_bytes(body), validate=False)
    except (binascii.Error, ValueError):
        return None


def store_input(layout: RunLayout, data: bytes) -> str:
    """Keep bytes in ``inputs/``, once however often they are used, and return their ``sha256:...``.

    Raises:
        StorageError: the disk refuses.
    """
    reference = reference_to(data)
    target = layout.inputs / f"{reference.replace(':', '-')}.{format_of(data) or 'bin'}"
    if not (target.is_file() and target.stat().st_size == len(data)):
        write_atomic(target, data)
    return reference


def stored_input(layout: RunLayout, reference: str) -> Path | None:
    """Return the file that holds a ``sha256:...`` of a manifest line, or None when it is not there."""
    digest = reference.removeprefix(PREFIX)
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 - a SHA-256 in hex
        return None
    return next(iter(sorted(layout.inputs.glob(f"sha256-{digest}.*"))), None)


def keep_spec(layout: RunLayout, source: bytes) -> None:
    """Write ``spec.yaml`` as the user's file is, byte for byte.

    Raises:
        StorageError: the disk refuses.
    """
    if not (layout.spec.is_file() and layout.spec.read_bytes() == source):
        write_atomic(layout.spec, source)


def keep_input_file(layout: RunLayout, file: Path, spec_root: Path) -> str:
    """Copy a file that the spec pulled in to ``inputs/`` and return the copy's path, relative to the folder.

    A file below the spec's own folder keeps its path; one from elsewhere is named by its name and a hash of where
    it lies.

    Raises:
        StorageError: it can't be read or written.
    """
    place = file.resolve()
    try:
        parts = place.relative_to(spec_root.resolve()).parts
    except ValueError:
        where = hashlib.sha256(str(place.parent).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        parts = ("elsewhere", where, component(place.name))
    target = layout.inputs.joinpath(*parts)
    if not (target.is_file() and sha256_of_file(target) == sha256_of_file(place)):
        write_atomic(target, _pieces(place))
    return layout.relative(target)


def _pieces(path: Path) -> Iterator[bytes]:
    with storage_errors(path, "read"), path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
