"""The inputs of a run, stored beside its outputs: the spec, its tables, and inline images of requests."""

import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

from qwave_batch.errors import StorageError
from qwave_batch.files.regular_files import open_regular
from qwave_batch.folder.artifacts import SPEC, read_artifact, sha256_of_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import sha256_of, storage_errors
from qwave_batch.imaging.data_uris import data_uri, inline_bytes
from qwave_batch.imaging.formats.signatures import format_of
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.input_references import PREFIX, reference_to
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.portable_paths import INPUTS, kept_at

_ENDINGS = ("bin", "gif", "jpeg", "json", "png", "webp")
_PIECE_BYTES = 1 << 20


def without_inline(value: Json, keep: Callable[[bytes], str] = reference_to) -> Json:
    """Return ``value`` as plain JSON, every ``data:`` URI in it replaced by what ``keep`` returns for its bytes."""
    if isinstance(value, str):
        data = inline_bytes(value)
        return value if data is None else keep(data)
    if value is None or isinstance(value, int | float):  # asked first, since the next question takes longer for them
        return value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: without_inline(inner, keep) for key, inner in value.items()} if value else {}
    if isinstance(value, list | tuple):
        return [without_inline(inner, keep) for inner in value]
    return value


def references(value: Json) -> Iterator[str]:
    """Yield every ``sha256:...`` that stands for an inline input in a manifest line's request."""
    if isinstance(value, str):
        if value.startswith(PREFIX):
            yield value
    elif value is None or isinstance(value, int | float):
        return
    else:
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from references(inner)


def store_input(layout: RunLayout, data: bytes, *, ending: str = "") -> str:
    """Keep bytes in ``inputs/``, once however often they are used, and return their ``sha256:...``.

    Args:
        layout: The folder.
        data: The bytes.
        ending: How their file's name ends; without it, what their first bytes say.

    Raises:
        StorageError: the disk refuses.
    """
    reference = reference_to(data)
    target = f"{INPUTS}/{reference.replace(':', '-')}.{ending or format_of(data) or 'bin'}"
    found = layout.artifacts.look(target)
    if found is None or found.size_bytes != len(data) or not found.is_file:
        layout.artifacts.put(target, data)
    return reference


def read_stored_image(layout: RunLayout, reference: str) -> str:
    """Return the ``data:`` URI of an image of ``inputs/``, as every submit of it sends it.

    Raises:
        StorageError: it is gone, or has other bytes.
    """
    file = stored_input(layout, reference)
    if file is None:
        raise StorageError(
            f"the input {reference} is not in {layout.root / INPUTS}, so what was asked for can't be sent; "
            "put it back, or run the spec again"
        )
    with storage_errors(layout.root / file, "read"):
        data = read_artifact(layout.artifacts, file, most_bytes=MAX_IMAGE_BYTES)
    if reference_to(data) != reference:
        raise StorageError(
            f"{layout.root / file} has other bytes than were planned; remove it and run the spec again, which keeps "
            "the image anew"
        )
    return data_uri(data)


def stored_input(layout: RunLayout, reference: str) -> str | None:
    """Return the path, from the folder, of the file behind a ``sha256:...`` of a line; None when it is not there."""
    digest = reference.removeprefix(PREFIX)
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):  # noqa: PLR2004 - a SHA-256 in hex
        return None
    paths = [f"{INPUTS}/sha256-{digest}.{ending}" for ending in _ENDINGS]
    artifacts = layout.artifacts
    found = artifacts.look_all(paths) if artifacts.is_remote else map(artifacts.look, paths)
    return next((each.path for each in found if each is not None and each.is_file), None)


def keep_spec(layout: RunLayout, source: bytes) -> None:
    """Write ``spec.yaml`` as the user's file is, byte for byte.

    Raises:
        StorageError: the disk refuses.
    """
    if not _holds(layout, SPEC, source):
        layout.artifacts.put(SPEC, source)


def keep_input_file(layout: RunLayout, file: Path, name: str) -> str:
    """Copy a file that the spec pulled in to ``inputs/`` and return the copy's path, relative to the folder.

    Args:
        layout: The folder.
        file: The path of the file.
        name: Its name from the spec's folder, by which the spec that is kept finds the copy.

    Raises:
        StorageError: it can't be read or written.
    """
    place = file.resolve()
    target = kept_at(name)
    with storage_errors(place, "read"), open_regular(place) as source:
        if not _is_copy(layout, target, source):
            source.seek(0)
            layout.artifacts.put(target, iter(partial(source.read, _PIECE_BYTES), b""))
    return target


def _is_copy(layout: RunLayout, target: str, source: BinaryIO) -> bool:
    found = layout.artifacts.look(target)
    if found is None or not found.is_file or found.size_bytes != os.fstat(source.fileno()).st_size:
        return False
    return sha256_of_artifact(layout.artifacts, target) == sha256_of(source)


def _holds(layout: RunLayout, path: str, data: bytes) -> bool:
    found = layout.artifacts.look(path)
    if found is None or found.size_bytes != len(data):
        return False
    with storage_errors(layout.root / path, "read"):
        return read_artifact(layout.artifacts, path, most_bytes=len(data)) == data
