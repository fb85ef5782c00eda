"""Judges the images inside a request as strictly as the API does, which decodes them before it takes an order."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from qwave_batch.imaging.data_uris import is_data_uri, strict_bytes
from qwave_batch.imaging.image_inspection import BadImage, inspect_bytes
from qwave_batch.model.input_references import texts_in

_HELD = 10_000


class InlineImages:
    """Looks at inline images, and at each only once, since many requests may hold the same."""

    def __init__(self) -> None:
        self._verdicts: OrderedDict[bytes, str | None] = OrderedDict()

    def fault_in(self, request: Mapping[str, Any], image_fields: Collection[str]) -> tuple[str, str] | None:
        """Return the first field with an image that cannot be used, and why; None where all can."""
        for name in sorted(image_fields):
            for number, text in enumerate(texts_in(request.get(name))):
                fault = self._fault_of(text) if is_data_uri(text) else None
                if fault is not None:
                    return name, f"{name}[{number}] is not a usable image: {fault}"
        return None

    def _fault_of(self, text: str) -> str | None:
        key = blake2b(text.encode(), digest_size=16).digest()
        if key not in self._verdicts:
            self._verdicts[key] = _judged(text)
            if len(self._verdicts) > _HELD:
                self._verdicts.popitem(last=False)
        return self._verdicts[key]


def _judged(text: str) -> str | None:
    try:
        info = inspect_bytes(strict_bytes(text))
    except (BadImage, ValueError) as fault:
        return str(fault)
    declared = text[5:].partition(";")[0].lower().replace("jpg", "jpeg")
    return None if declared == f"image/{info.format}" else f"it says {declared} and is image/{info.format}"
