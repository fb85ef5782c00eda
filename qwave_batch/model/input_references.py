"""References to the bytes of an input: ``sha256:`` and their hash, which stands in a request for an image itself."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from qwave_batch import lazy
from qwave_batch.model.jsontypes import Json, JsonObject

PREFIX = "sha256:"
_REFERENCE = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)


def reference_to(data: bytes) -> str:
    """Return the ``sha256:...`` that stands for bytes."""
    return PREFIX + lazy.hashlib.sha256(data).hexdigest()


def is_reference(text: Json) -> bool:
    """Whether a value is a whole reference."""
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None


def references_in(request: JsonObject, image_fields: Collection[str]) -> Iterator[str]:
    """Yield the references in those fields of a request that hold images, in their order."""
    for name in image_fields:
        if name in request:
            yield from (text for text in texts_in(request[name]) if is_reference(text))


def texts_in(value: Json) -> Iterator[str]:
    """Yield the texts in a value, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)


def with_texts(value: Json, replaced: Callable[[str], str]) -> Json:
    """Return a value with each text in it replaced."""
    if isinstance(value, str):
        return replaced(value)
    if isinstance(value, list | tuple):
        return [with_texts(item, replaced) for item in value]
    if isinstance(value, Mapping):
        return {name: with_texts(item, replaced) for name, item in value.items()}
    return value


def with_images(request: JsonObject, image_fields: Collection[str], images: Mapping[str, str]) -> dict[str, Json]:
    """Return a request with the references in its image fields replaced by what ``images`` holds for them."""
    return {
        name: with_texts(value, lambda text: images.get(text, text)) if name in image_fields else value
        for name, value in request.items()
    }
