"""Looks at the input images of orders as vendors do, which fetch what is at an address.

An image inside the request is at hand. An address of this API itself must be one that it gave out, and must serve when
the task leaves its queue. An address of another host is taken as it is: nothing is fetched from there.
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace
from hashlib import blake2b
from urllib.parse import SplitResult, urlsplit

from qwave_batch.imaging.data_uris import strict_bytes
from qwave_batch.imaging.formats.judging import Size
from qwave_batch.imaging.image_inspection import ImageInfo
from qwave_batch.model.input_references import PREFIX, texts_in, with_images
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.simulator.image_content import ImageContent, content_of
from qwave_batch.simulator.image_drawing import pixel_size, render
from qwave_batch.simulator.inline_images import InlineImages
from qwave_batch.simulator.result_files import FILES, ResultFiles
from qwave_batch.simulator.seen_input import SeenInput
from qwave_batch.simulator.validation import ImageOrder, hash_of

_HELD = 10_000


class InputViewer:
    """Looks at input images, and at the same one only once."""

    def __init__(self, files: ResultFiles, inline: InlineImages, image_fields: Collection[str]) -> None:
        self._files = files
        self._inline = inline
        self._image_fields = image_fields
        self._contents: OrderedDict[Hashable, ImageContent] = OrderedDict()

    def seen(self, order: ImageOrder, body: JsonObject, *, origin: str, now: float) -> ImageOrder:
        """Return an order with the input images that were looked at.

        Its hashes are those of the images' contents, so that the same image makes the same order, whether it is inside
        the request, or at an address, or at the same address signed anew.

        Args:
            order: A valid order.
            body: The body that was sent.
            origin: The scheme and host under which the caller reached this API.
            now: Unix seconds.
        """
        seen: dict[str, SeenInput] = {}
        inputs: list[SeenInput] = []
        for field in order.request:
            if field in self._image_fields:
                for number, text in enumerate(texts_in(order.request[field])):
                    found = self._look(text, f"{field}[{number}]", origin, now)
                    if found is not None:
                        seen[text] = found
                        inputs.append(found)
        if not inputs:
            return order
        names = {text: PREFIX + one.content.digest for text, one in seen.items() if one.content}
        return replace(
            order,
            body_hash=hash_of(with_images(order.request, self._image_fields, names)),
            sent_hash=hash_of(with_images(body, self._image_fields, names)),
            inputs=tuple(inputs),
        )

    def _look(self, text: str, place: str, origin: str, now: float) -> SeenInput | None:
        """Return what is to be seen of an input; None for an address of another host."""
        info = self._inline.verdict_on(text)
        if isinstance(info, ImageInfo):
            key = blake2b(text.encode(), digest_size=16).digest()
            content = self._content(key, lambda: strict_bytes(text), info.format, (info.width, info.height))
            return SeenInput(place=place, content=content)
        parts = _loopback(text)
        is_ours = parts is not None and parts.port == urlsplit(origin).port
        if parts is None or not (is_ours or parts.path.startswith(FILES)):
            return None
        file = self._files.find(parts.path, parts.query, now)  # an earlier process had the same files on another port
        if file is None:
            return SeenInput(place=place, address=text)
        design, number = file.design, file.number
        size = pixel_size(design.ratio, design.tier)
        content = self._content((design, number), lambda: render(design, number), design.format, size)
        return SeenInput(place=place, address=text, content=content, file=file)

    def _content(self, key: Hashable, read: Callable[[], bytes], image_format: str, size: Size) -> ImageContent:
        if key not in self._contents:
            self._contents[key] = content_of(read(), image_format, size)
            if len(self._contents) > _HELD:
                self._contents.popitem(last=False)
        return self._contents[key]


def _loopback(text: str) -> SplitResult | None:
    """Return the parts of an address on this machine; None for any other text."""
    try:
        parts = urlsplit(text)
        name = parts.hostname or ""
        is_here = name == "localhost" or ipaddress.ip_address(name).is_loopback
        _ = parts.port  # raises ValueError for what is not a port
    except ValueError:
        return None
    return parts if is_here and parts.scheme == "http" else None
