"""Judges the images inside a request as strictly as the API does, which decodes them before it takes an order."""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any

from qwave_batch.catalog.image_fields import same_size_fields
from qwave_batch.catalog.model import Model
from qwave_batch.imaging.data_uris import is_data_uri, strict_bytes
from qwave_batch.imaging.image_inspection import BadImage, ImageInfo, inspect_bytes
from qwave_batch.model.input_references import texts_in

_HELD = 10_000


class InlineImages:
    """Looks at inline images, and at each only once, since many requests may hold the same."""

    def __init__(self) -> None:
        self._verdicts: OrderedDict[bytes, ImageInfo | str] = OrderedDict()

    def fault_in(self, request: Mapping[str, Any], model: Model, fields: Collection[str]) -> tuple[str, str] | None:
        """Return the first field with an image that cannot be used, and why; None where all can."""
        for name in sorted(fields):
            for number, text in enumerate(texts_in(request.get(name))):
                verdict = self.verdict_on(text)
                if isinstance(verdict, str):
                    return name, f"{name}[{number}] is not a usable image: {verdict}"
        for name, other in same_size_fields(model):
            image = self.verdict_on(next(texts_in(request.get(name)), ""))
            first = self.verdict_on(next(texts_in(request.get(other)), ""))
            if isinstance(image, ImageInfo) and isinstance(first, ImageInfo) and _size(image) != _size(first):
                return name, f"{name} has another size than the first image of {other}"
        return None

    def verdict_on(self, text: str) -> ImageInfo | str | None:
        """Return an inline image, or why it is refused; None for any other text."""
        if not is_data_uri(text):
            return None
        key = blake2b(text.encode(), digest_size=16).digest()
        if key not in self._verdicts:
            self._verdicts[key] = _judged(text)
            if len(self._verdicts) > _HELD:
                self._verdicts.popitem(last=False)
        return self._verdicts[key]


def _judged(text: str) -> ImageInfo | str:
    try:
        info = inspect_bytes(strict_bytes(text))
    except (BadImage, ValueError) as fault:
        return str(fault)
    declared = text[5:].partition(";")[0].lower().replace("jpg", "jpeg")
    return info if declared == f"image/{info.format}" else f"it says {declared} and is image/{info.format}"


def _size(image: ImageInfo) -> tuple[int, int]:
    return image.width, image.height
