"""The steps of an image between its download and its name, wherever they are done. They block."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwave_batch.folder.artifacts import Artifact
from qwave_batch.folder.evidence import broken_image_path, keep_bytes, keep_file
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.placing import Placing, without_ending
from qwave_batch.folder.storage import storage_errors
from qwave_batch.imaging import formats
from qwave_batch.imaging.image_inspection import BadImage, ImageInfo, OtherFormat, inspect_bytes, inspect_file
from qwave_batch.ledger.attempt import StoredFile
from qwave_batch.model.record import ImageFile
from qwave_batch.run.images.image_store import BrokenImage, ImageRequest, UnreadFormat

if TYPE_CHECKING:
    from qwave_batch.imaging.formats.shrinking import Shrinker


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableBytes:
    """Bytes that are not a complete image."""

    reason: str
    extension: str
    is_unread: bool
    """Whether they are of a known format that is not read."""
    content: bytes | None = None
    """The bytes, where they are in memory."""
    partial: str = ""
    """Else the file that has them, relative to the run folder."""

    @classmethod
    def of(cls, bad: BadImage, content: bytes | None, partial: str) -> "UnusableBytes":
        """Return what was found out about some bytes."""
        return cls(
            reason=str(bad),
            extension=bad.extension,
            is_unread=isinstance(bad, OtherFormat),
            content=content,
            partial=partial,
        )

    def is_evidence(self, request: ImageRequest) -> bool:
        """Whether they are kept."""
        return self.is_unread or request.keeps_broken


def inspected(
    layout: RunLayout, partial: str, content: bytes | None, *, wants_picture: bool
) -> "tuple[ImageInfo, Shrinker | None]":
    """Return what a whole image is, and its small picture if one is wanted.

    Raises:
        BadImage: the bytes are not a complete image.
        StorageError: the file can't be read.
    """
    shrinker = formats.shrinking.Shrinker() if wants_picture else None
    with storage_errors(layout.root, below=partial):
        if content is not None:
            return inspect_bytes(content, shrinker), shrinker
        with layout.tree.open(partial) as file:
            return inspect_file(file, shrinker), shrinker


def stage(layout: RunLayout, partial: str, content: bytes | None) -> None:
    """Make the bytes of an image durable in its partial file; None for those that are in it already.

    Raises:
        StorageError: the disk refuses.
    """
    with storage_errors(layout.root, below=partial):
        if content is None:
            layout.tree.sync(partial)
        else:
            layout.tree.write_synced(partial, content)


def put_in_place(
    placing: Placing,
    request: ImageRequest,
    source: str | bytes,
    info: ImageInfo,
    owner_on_record: Callable[[str], str | None],
) -> StoredFile:
    """Bring an image to its final name; see ``Placing.place`` for what it raises."""

    def owner_of(path: str) -> str | None:
        return request.claims.get(without_ending(path)) or owner_on_record(path)

    path = request.restores
    placed = None if path is None else placing.restore(source, path)
    return _stored(placed or placing.place(source, info, request.name, owner_of), info, request)


def _stored(placed: Artifact, info: ImageInfo, request: ImageRequest) -> StoredFile:
    return StoredFile(
        image=ImageFile(
            path=placed.path,
            sha256=info.sha256,
            size_bytes=info.size_bytes,
            width=info.width,
            height=info.height,
            format=info.format,
            source_url=request.source_url,
        ),
        modified_ns=placed.modified_ns,
    )


def keep_unusable(layout: RunLayout, request: ImageRequest, bytes_: UnusableBytes) -> BrokenImage | UnreadFormat:
    """Return the outcome for bytes that are not a complete image, kept as evidence if requested.

    Raises:
        StorageError: the disk refuses.
    """
    if not bytes_.is_evidence(request):
        return BrokenImage(reason=bytes_.reason)
    name = request.name
    evidence = broken_image_path(name.job_id, request.attempt_number, name.number, bytes_.extension)
    if bytes_.content is None:
        keep_file(layout, evidence, bytes_.partial)
    else:
        keep_bytes(layout, evidence, bytes_.content)
    return (UnreadFormat if bytes_.is_unread else BrokenImage)(reason=bytes_.reason, evidence=evidence)
