"""Files that are there whole or not at all, even after a power cut."""

from collections.abc import Iterable, Iterator

from qwave_batch.files.tree import SHARED_MODE, Tree
from qwave_batch.folder.disk import storage_errors


def write_atomic(tree: Tree, path: str, data: bytes | Iterable[bytes], *, mode: int = SHARED_MODE) -> None:
    """Replace the file at ``path`` below ``tree`` by ``data``, all of it or nothing; an iterable is streamed.

    Whoever reads it meanwhile sees the old file or the new one. When this returns, the new one survives a power cut;
    when ``data`` or the disk raises, the old one is untouched and nothing is left beside it.

    Raises:
        StorageError: the disk refuses.
        FolderError, NotRegular: a link is on the way, or something other than a file has the name.
    """
    pieces = (data,) if isinstance(data, bytes) else data
    try:
        with storage_errors(tree.root / path):
            tree.make_folder(path.rpartition("/")[0])
            tree.write_atomic(path, _marked(pieces), mode=mode)
    except _SourceFailed as failed:
        raise failed.error from None


class _SourceFailed(Exception):
    def __init__(self, error: OSError) -> None:
        self.error = error


def _marked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces, and keep an OSError of their source apart from the target's."""
    try:
        yield from pieces
    except OSError as error:
        raise _SourceFailed(error) from error
