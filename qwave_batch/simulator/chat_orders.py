"""Validates the body of a chat completion as strictly as a real server may: a valid order, or a rejection."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any

from qwave_batch.imaging.data_uris import is_data_uri
from qwave_batch.imaging.image_inspection import ImageInfo
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.simulator.inline_images import InlineImages
from qwave_batch.simulator.replies import Reply, model_not_found, refusal
from qwave_batch.simulator.validation import hash_of

CHAT_MODEL = "embedded-judge"
"""The one model that looks at pictures; it answers by a hash of what it is shown."""
CHAT_RATES: Mapping[str, float] = {"text_input": 0.4, "image_input": 0.4, "text_output": 1.6}
"""Its price in USD for a million tokens."""

_MOST_IMAGE_CHARACTERS = 28 << 20
_LONGEST_SIDE = 8000
_MOST_IMAGES = 10
_MOST_TOKENS = 16_384
_ROLES = frozenset({"system", "user", "assistant"})
_FORMATS = frozenset({"text", "json_object", "json_schema"})
_DETAILS = frozenset({"auto", "low", "high"})
_WARMEST = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownImage:
    """An image in a chat."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOrder:
    """A chat that the model takes."""

    texts: tuple[str, ...]
    """The texts of all messages in their order."""
    images: tuple[ShownImage, ...]
    most_tokens: int
    body_hash: str
    is_streamed: bool


def read_chat_order(body: JsonObject, images: InlineImages) -> ChatOrder | Reply:
    """Return the order in a body, or the rejection, which names the field at fault."""
    texts: list[str] = []
    shown: list[ShownImage] = []
    for fault in chain(_faults_of_fields(body), _faults_in(body.get("messages"), images, texts, shown)):
        return fault
    if not _is_json_asked_for(body.get("response_format"), texts):
        return _invalid("response_format", "'messages' must contain the word 'json' to use json_object")
    limits = [body[name] for name in ("max_completion_tokens", "max_tokens") if name in body]
    return ChatOrder(
        texts=tuple(texts),
        images=tuple(shown),
        most_tokens=int(str(limits[0])) if limits else _MOST_TOKENS,
        body_hash=hash_of(body),
        is_streamed=body.get("stream") is True,
    )


def _is_whole(least: int, most: int) -> Callable[[Json], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FIELDS: Mapping[str, Callable[[Json], bool]] = {
    "model": lambda _: True,
    "messages": lambda _: True,
    "temperature": lambda value: _is_number(value) and 0 <= float(str(value)) <= _WARMEST,
    "top_p": lambda value: _is_number(value) and 0 <= float(str(value)) <= 1,
    "seed": _is_whole(-(2**63), 2**63 - 1),
    "max_tokens": _is_whole(1, _MOST_TOKENS),
    "max_completion_tokens": _is_whole(1, _MOST_TOKENS),
    "n": _is_whole(1, 1),
    "stream": lambda value: isinstance(value, bool),
    "user": lambda value: isinstance(value, str),
    "response_format": lambda value: isinstance(value, Mapping) and value.get("type") in _FORMATS,
}
"""Whether a field's value can be taken; a field that is missing here is refused."""


def _faults_of_fields(body: JsonObject) -> Iterator[Reply]:
    """Yield the rejections of fields other than the messages."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        yield _invalid("model", "you must provide a model")
    elif model != CHAT_MODEL:
        yield model_not_found(model)
    for name, value in body.items():
        is_right = _FIELDS.get(name)
        if is_right is None:
            yield _invalid(name, f"unrecognized request argument: {name[:100]}", code="unknown_parameter")
        elif not is_right(value):
            yield _invalid(name, f"the value of {name} is not one that this takes", code="invalid_value")


def _faults_in(messages: Json, images: InlineImages, texts: list[str], shown: list[ShownImage]) -> Iterator[Reply]:
    """Yield the rejections of messages, and collect their texts and images."""
    if not isinstance(messages, list) or not messages:
        yield _invalid("messages", "messages must be an array with at least one message")
        return
    for number, message in enumerate(messages):
        place = f"messages[{number}]"
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            yield _invalid(place, f"{place}.role must be one of {', '.join(sorted(_ROLES))}")
            return
        content = message.get("content")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not isinstance(parts, list) or not parts:
            yield _invalid(place, f"{place}.content must be a string or an array of parts")
            return
        for each, part in enumerate(parts):
            found = _read_part(part, f"{place}.content[{each}]", images)
            if isinstance(found, Reply):
                yield found
            elif isinstance(found, str):
                texts.append(found)
            else:
                shown.append(found)
    if len(shown) > _MOST_IMAGES:
        yield _invalid("messages", f"at most {_MOST_IMAGES} images are taken")


def _read_part(part: Any, place: str, images: InlineImages) -> str | ShownImage | Reply:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if kind == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    image = part.get("image_url") if kind == "image_url" else None
    url = image.get("url") if isinstance(image, Mapping) and image.get("detail", "auto") in _DETAILS else None
    if not isinstance(url, str):
        return _invalid(place, f"{place} is neither a text nor an image")
    return _read_image(url, place, images)


def _read_image(url: str, place: str, images: InlineImages) -> ShownImage | Reply:
    if not is_data_uri(url):
        return _invalid(place, f"{place}: images are taken as data: URIs only", code="invalid_image_url")
    if len(url) > _MOST_IMAGE_CHARACTERS:
        return _invalid(place, f"{place}: the image is larger than 20 MB", code="image_too_large")
    seen = images.verdict_on(url)
    if not isinstance(seen, ImageInfo):
        return _invalid(place, f"{place} is not a usable image: {seen}", code="invalid_image")
    if max(seen.width, seen.height) > _LONGEST_SIDE:
        return _invalid(place, f"{place}: no side may be longer than {_LONGEST_SIDE} pixels", code="image_too_large")
    digest = blake2b(url.encode(), digest_size=12).hexdigest()
    return ShownImage(digest=digest, width=seen.width, height=seen.height)


def _is_json_asked_for(response_format: Json, texts: list[str]) -> bool:
    is_object = isinstance(response_format, Mapping) and response_format.get("type") == "json_object"
    return not is_object or any("json" in text.lower() for text in texts)


def _invalid(param: str, message: str, *, code: str = "invalid_request") -> Reply:
    more: dict[str, Json] = {"type": "invalid_request_error", "param": param}
    return refusal(400, code, message, more=more)
