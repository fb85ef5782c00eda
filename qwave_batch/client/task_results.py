"""Parses a task's result in every shape that the vendors behind the API use. Pure.

Images appear in a list, an object or alone, under ``images``, ``data`` or ``output``, in ``result`` or beside
``status``; each as an address or as Base64. If all these places are empty, nothing is listed yet. Any other value there
may be images that were paid for: it is unread, which differs from "no images".
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes, urljoin

from qwave_batch.client.http import Redact, words
from qwave_batch.client.instants import instant
from qwave_batch.client.web_addresses import BadAddress, read_address
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.task import INLINE, ResultImage

_DATA = re.compile(r"data:", re.IGNORECASE)
_BASE64 = re.compile(r";\s*base64\s*$", re.IGNORECASE)
_SPACE = re.compile(rb"\s+")
_LETTERS = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_FEWEST_LETTERS = 64
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"\0\0\0")
"""The first bytes of files that an unmarked text is accepted as."""


class BadLetters(ValueError):
    """A text that should encode an image and does not; its message is a phrase with the reason."""


def is_data_address(text: str) -> bool:
    """Tell whether a text is a ``data:`` address."""
    return _DATA.match(text) is not None


def decoded_address(text: str) -> bytes:
    """Return the bytes of a ``data:`` address, regardless of its type; raises BadLetters."""
    head, comma, body = text[len("data:") :].partition(",")
    if not comma:
        raise BadLetters("a data: address without a comma")
    encoded = body.encode("utf-8", "surrogatepass")
    return decoded_letters(unquote_to_bytes(encoded)) if _BASE64.search(head) else unquote_to_bytes(encoded)


def decoded_letters(letters: bytes) -> bytes:
    """Return the bytes of a Base64 text; white space, missing padding and the URL-safe alphabet pass.

    Raises BadLetters for any other deviation: the decoded image would differ from the original.
    """
    plain = _SPACE.sub(b"", letters).replace(b"-", b"+").replace(b"_", b"/")
    if not _LETTERS.fullmatch(plain):
        raise BadLetters("base64 with letters that are none of it")
    try:
        return binascii.a2b_base64(plain.rstrip(b"=") + b"=" * (-len(plain.rstrip(b"=")) % 4))
    except binascii.Error:
        raise BadLetters("base64 that is cut off") from None


def decoded_bare(text: str) -> bytes | None:
    """Return the bytes of an unmarked text that is an image in Base64; None for any other text."""
    if len(text) < _FEWEST_LETTERS or (text.startswith(("/", "http")) and not text.startswith("/9j/")):
        return None
    try:
        found = decoded_letters(text.encode("ascii"))
    except (UnicodeEncodeError, BadLetters):
        return None
    return found if found.startswith(_MAGIC) else None


MAX_IMAGES = 1000
MAX_URL_LENGTH = 16_384
_DEEPEST = 6
_HOLDERS = ("images", "data", "output")
_ADDRESSES = ("url", "image_url", "urls", "image_urls")
_BASE64_KEYS = ("b64_json", "base64", "b64")
_KNOWN = frozenset({*_ADDRESSES, *_BASE64_KEYS})
_HOLE = ResultImage(url="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The images found so far."""

    images: tuple[ResultImage, ...] = ()
    """In the API's order, with an empty entry for each place that has no image yet, or an unreadable one."""
    unread: str = ""
    """Why a part of it cannot be read; empty when all of it can."""

    @property
    def is_listed(self) -> bool:
        """Whether at least one image is available."""
        return any(image.is_listed for image in self.images)


@dataclass(frozen=True, slots=True)
class _UnknownImage:
    """A value that is not recognized as an image."""

    reason: str


def read_result(answer: JsonObject, *, base: str = "", redact: Redact = str) -> Result:
    """Return the images in an answer; never raises.

    Args:
        answer: The whole answer.
        base: The task's own address, for addresses that are relative to it.
        redact: Removes secrets from recorded texts.
    """
    reader = _ResultReader(base, redact)
    result = answer.get("result")
    found = list(reader.images_in(result)) if result else []
    if not any(isinstance(each, _UnknownImage) or each.is_listed for each in found):
        beside = (list(reader.images(answer.get(holder))) for holder in _HOLDERS)
        found = next((each for each in beside if each), found)
    if len(found) > MAX_IMAGES:
        return Result(unread=f"the task's result lists {len(found):,} images")
    unknown = [each.reason for each in found if isinstance(each, _UnknownImage)]
    while len(found) > 1 and found[-1] == _HOLE:  # the charge tells better how many are missing
        found.pop()
    return Result(
        images=tuple(each if isinstance(each, ResultImage) else _HOLE for each in found),
        unread=unknown[0] if unknown else "",
    )


class _ResultReader:
    """Walks through a result and yields in the result's order."""

    def __init__(self, base: str, redact: Redact) -> None:
        self._base, self._redact = base, redact

    def images_in(self, result: Json) -> Iterator[ResultImage | _UnknownImage]:
        """Yield the images of a ``result``: an object that mentions no images is unknown."""
        if isinstance(result, Mapping) and not _KNOWN & result.keys() and any(key in result for key in _HOLDERS):
            yield from self._held(result, 0)
        else:
            yield from self.images(result)

    def images(self, value: Json, depth: int = 0) -> Iterator[ResultImage | _UnknownImage]:
        """Yield the images in one place."""
        if depth > _DEEPEST:
            yield _UnknownImage("the task's result is nested too deeply")
        elif value is None or (not value and not isinstance(value, int | float)):
            if depth:
                yield _HOLE
        elif isinstance(value, str):
            yield self._address(value.strip(), None)
        elif isinstance(value, list):
            for each in value[: MAX_IMAGES + 1]:
                yield from self.images(each, depth + 1)
        elif isinstance(value, Mapping):
            yield from self._object(value, depth)
        else:
            yield _UnknownImage(f"the task's result holds {words(str(value), limit=40)} in place of an image")

    def _object(self, value: JsonObject, depth: int) -> Iterator[ResultImage | _UnknownImage]:
        if _KNOWN & value.keys():
            yield from self._image(value, depth)
        elif any(key in value for key in _HOLDERS):
            yield from self._held(value, depth)
        elif _is_numbered(value):
            for key in sorted(value, key=int):
                yield from self.images(value[key], depth + 1)
        elif all(isinstance(each, Mapping) and _KNOWN & each.keys() for each in value.values()):
            for each in value.values():
                yield from self.images(each, depth + 1)
        else:
            names = ", ".join(words(key, limit=40, redact=self._redact) for key in list(value)[:5])
            yield _UnknownImage(f"the task's result holds no images in a known place, but {names}")

    def _held(self, value: JsonObject, depth: int) -> Iterator[ResultImage | _UnknownImage]:
        """Yield the images of the first place that is not empty."""
        for holder in _HOLDERS:
            if value.get(holder):
                yield from self.images(value[holder], depth)
                return

    def _image(self, image: JsonObject, depth: int) -> Iterator[ResultImage | _UnknownImage]:
        expires_at = instant(image.get("expires_at"))
        for key in _ADDRESSES:
            if value := image.get(key):
                yield from self._addresses(value, expires_at, depth)
                return
        for key in _BASE64_KEYS:
            if value := image.get(key):
                yield (
                    self._letters(value)
                    if isinstance(value, str)
                    else _UnknownImage(f"the {key} of an image is not a string")
                )
                return
        yield _HOLE

    def _addresses(self, value: Json, expires_at: float | None, depth: int) -> Iterator[ResultImage | _UnknownImage]:
        """Yield the images of a ``url``: usually one, in a list or alone."""
        if isinstance(value, Mapping):
            yield from self.images(value, depth + 1)
            return
        listed = [each for each in (value if isinstance(value, list) else [value]) if each is not None and each != ""]
        if not listed:
            yield _HOLE
        for each in listed:
            if isinstance(each, str):
                yield self._address(each.strip(), expires_at)
            elif isinstance(each, Mapping):
                yield from self.images(each, depth + 1)
            else:
                yield _UnknownImage("an image of the task's result has no usable url")

    def _address(self, text: str, expires_at: float | None) -> ResultImage | _UnknownImage:
        if is_data_address(text) or decoded_bare(text) is not None:
            return self._letters(text)
        if len(text) > MAX_URL_LENGTH:
            return _UnknownImage(f"the address of an image has {len(text):,} letters")
        try:
            # an address with a scheme is kept literally: signatures depend on it
            url = text if "://" in text[:20] else urljoin(self._base, text)
            read_address(url)
        except BadAddress as bad:
            return _UnknownImage(f"the address of an image can't be used: {bad}")
        except ValueError:
            return _UnknownImage("the address of an image makes no sense")
        masked = self._redact(url)
        return ResultImage(url=url, masked_url=masked if masked != url else None, expires_at=expires_at)

    def _letters(self, text: str) -> ResultImage | _UnknownImage:
        try:
            content = (
                decoded_address(text.strip())
                if is_data_address(text.strip())
                else decoded_letters(text.encode("ascii", "replace"))
            )
        except BadLetters as bad:
            return _UnknownImage(f"an image of the task's result is {bad}")
        return ResultImage(url="", masked_url=INLINE, content=content) if content else _HOLE


def _is_numbered(value: JsonObject) -> bool:
    return all(key.isascii() and key.isdecimal() and len(key) <= len(str(MAX_IMAGES)) for key in value)
