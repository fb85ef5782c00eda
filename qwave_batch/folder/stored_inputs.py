"""The images of ``inputs/`` as they are sent, read once for requests that leave together."""

import threading
from collections import OrderedDict

from qwave_batch.folder.inputs import read_stored_image
from qwave_batch.folder.layout import RunLayout

_MOST_CHARACTERS = 1 << 25


class StoredInputs:
    """Reads images of one run folder, and shares the text of one between the requests that hold it."""

    def __init__(self, layout: RunLayout) -> None:
        self._layout = layout
        self._lock = threading.Lock()
        self._held: OrderedDict[str, str] = OrderedDict()

    def text_of(self, reference: str) -> str:
        """Return the ``data:`` URI of an image. It blocks: call it in a thread.

        Raises:
            StorageError: it is gone, or has other bytes.
        """
        with self._lock:  # so that many requests for one image read it once
            text = self._held.get(reference)
            if text is None:
                text = self._held[reference] = read_stored_image(self._layout, reference)
                while sum(map(len, self._held.values())) > _MOST_CHARACTERS and len(self._held) > 1:
                    self._held.popitem(last=False)
            self._held.move_to_end(reference)
        return text
