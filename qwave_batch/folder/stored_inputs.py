"""The images of a run folder as they are sent, read once for requests that leave together."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.folder.artifacts import read_artifact
from qwave_batch.folder.inputs import read_stored_image
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.data_uris import data_uri
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.input_references import PREFIX, reference_to

_MOST_CHARACTERS = 1 << 25


class StoredInputs:
    """Reads images of one run folder, and shares the text of one between the requests that hold it."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._held: OrderedDict[str, str] = OrderedDict()

    def text_of(self, reference: str) -> str:
        """Return the ``data:`` URI of an image of ``inputs/``. It blocks: call it in a thread.

        Raises:
            StorageError: it is gone, or has other bytes.
        """
        return self._shared(reference, lambda: read_stored_image(self._layout, reference))

    def text_of_image(self, path: str, sha256: str) -> str | None:
        """Return the ``data:`` URI of an image that a job has made; None if it is gone or has other bytes. It blocks.

        Raises:
            StorageError: a remote store can't be reached; nothing follows from that for the image.
        """
        try:
            return self._shared(PREFIX + sha256, lambda: self._read(path, sha256))
        except _OtherBytes:
            return None

    def _read(self, path: str, sha256: str) -> str:
        artifacts = self._layout.artifacts
        try:
            data = read_artifact(artifacts, path, most_bytes=MAX_IMAGE_BYTES)
        except (StorageError, FolderError):
            if artifacts.is_remote:
                raise
            raise _OtherBytes from None
        except (NotRegular, OSError):
            raise _OtherBytes from None
        if reference_to(data) != PREFIX + sha256:
            raise _OtherBytes
        return data_uri(data)

    def _shared(self, reference: str, read: Callable[[], str]) -> str:
        """Return the text of an image by its hash, from memory if it was read before."""
        with self._lock:  # so that many requests for one image read it once
            text = self._held.get(reference)
            if text is None:
                text = self._held[reference] = read()
                while sum(map(len, self._held.values())) > _MOST_CHARACTERS and len(self._held) > 1:
                    self._held.popitem(last=False)
            self._held.move_to_end(reference)
        return text


class _OtherBytes(Exception):
    """The file does not hold the image on record."""
