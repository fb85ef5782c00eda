"""The thumbnails of a folder as they lie there: their places, and the record of how each was left.

``thumbs/made.txt`` holds a line for each: its name, its bytes, their checksum, the file's time and its nine pixels. A
file is taken for a thumbnail while it has the size and the time on record; after a copy, which changes the time, while
it has the checksum. Nothing depends on the record: what can't be read, or was made otherwise, is made anew.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from qwave_batch.errors import QwaveError
from qwave_batch.files.tree import Tree
from qwave_batch.imaging.thumbnail import TINY_CHARACTERS, Thumbnail
from qwave_batch.report.reported_images import NAME_DIGITS, name_of_image

THUMBS: Final = "thumbs"
MADE: Final = f"{THUMBS}/made.txt"

RECORD_BEGINNING: Final = b"qwave-batch thumbnails "
"""Of every record, whatever its form."""
_FORM = RECORD_BEGINNING + b"1\n"
"""To be raised whenever thumbnails look otherwise than before: then all are made anew."""
_MOST_RECORD_BYTES = 1 << 28
MOST_THUMBNAIL_BYTES: Final = 1 << 22
"""Of one thumbnail: far more than 256 x 256 pixels take."""
_LINE: Final = re.compile(
    rb"(?m)^([0-9a-f]{%d}) (\d{1,7}) ([0-9a-f]{8}) (\d{1,20}|-) ([A-Za-z0-9+/]{%d})\n" % (NAME_DIGITS, TINY_CHARACTERS)
)
_FILE: Final = re.compile(r"thumbs/([0-9a-f]{2})/(\1[0-9a-f]{30})\.webp")


@dataclass(frozen=True, slots=True)
class KeptThumbnail:
    """One thumbnail on record."""

    size_bytes: int
    checksum: int
    """CRC-32 of its bytes."""
    modified_ns: int | None
    """The time of its file; None before that was looked at."""
    tiny: str

    @classmethod
    def of(cls, thumbnail: Thumbnail) -> "KeptThumbnail":
        """Return what is to be on record of a new one."""
        return cls(len(thumbnail.webp), zlib.crc32(thumbnail.webp), None, thumbnail.tiny)


def thumbnail_path(sha256: str) -> str:
    """Return where the thumbnail of an image lies, relative to the report's folder."""
    return path_of_name(name_of_image(sha256))


def path_of_name(name: str) -> str:
    """Return the same by the name."""
    return f"{THUMBS}/{name[:2]}/{name}.webp"


def thumbnail_line(name: str, kept: KeptThumbnail) -> bytes:
    """Return the line of the record for a thumbnail."""
    modified = "-" if kept.modified_ns is None else kept.modified_ns
    return f"{name} {kept.size_bytes} {kept.checksum:08x} {modified} {kept.tiny}\n".encode()


def thumbnail_record(kept: Mapping[str, KeptThumbnail]) -> bytes:
    """Return the whole record."""
    return _FORM + b"".join(thumbnail_line(name, kept[name]) for name in sorted(kept))


def read_thumbnail_record(tree: Tree, path: str) -> dict[str, KeptThumbnail]:
    """Return what a record says by name; nothing where there is none, or one of another form."""
    try:
        text = tree.read(path, most_bytes=_MOST_RECORD_BYTES)
    except (OSError, QwaveError):
        return {}
    if not text.startswith(_FORM):
        return {}
    return {
        name.decode(): KeptThumbnail(
            int(size), int(checksum, 16), None if modified == b"-" else int(modified), tiny.decode()
        )
        for name, size, checksum, modified, tiny in _LINE.findall(text, len(_FORM))
    }


def still_there(tree: Tree, known: Mapping[str, KeptThumbnail], folder: str = "") -> dict[str, KeptThumbnail]:
    """Return those thumbnails on record whose files are as they were left, with the times that these have now.

    Args:
        tree: The tree that they are in.
        known: The record.
        folder: The folder that holds ``thumbs``, with a slash at its end; empty for the root.
    """
    return dict(_matching(tree, known, folder))


def _matching(tree: Tree, known: Mapping[str, KeptThumbnail], folder: str) -> Iterator[tuple[str, KeptThumbnail]]:
    for path, modified_ns, size_bytes in _files(tree, folder):
        found = _FILE.fullmatch(path)
        kept = None if found is None else known.get(found[2])
        if found is None or kept is None or kept.size_bytes != size_bytes:
            continue
        if kept.modified_ns == modified_ns:
            yield found[2], kept
        elif _checksum(tree, folder + path) == kept.checksum:
            yield found[2], replace(kept, modified_ns=modified_ns)


def _files(tree: Tree, folder: str) -> Iterable[tuple[str, int, int]]:
    """Yield the path of each regular file, its time and its size."""
    for found in tree.walk(f"{folder}{THUMBS}"):
        if found.is_file:
            yield found.path.removeprefix(folder), found.status.st_mtime_ns, found.status.st_size


def _checksum(tree: Tree, path: str) -> int | None:
    try:
        return zlib.crc32(tree.read(path, most_bytes=MOST_THUMBNAIL_BYTES))
    except (OSError, QwaveError):
        return None
