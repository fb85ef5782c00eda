"""One question to a vision model: its text, its images, what it may cost, and the request that it becomes. Pure."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.client.keyed_calls import encoded
from qwave_batch.errors import UsageError
from qwave_batch.imaging.data_uris import data_uri
from qwave_batch.judging.token_costs import TokenEstimate, estimate_tokens
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.scoring.scorer import ItemFile

_FEW_TOKENS, _TOKENS_OF_AN_ANSWER = 64, 32
"""Enough for a JSON object with short answers, and a sentence around it."""


def _as_it_is(image: ItemFile, _: int) -> bytes:
    return image.data


class UnshrinkableImage(UsageError):
    """An image that can't be made smaller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatSettings:
    """Everything of a request but its text and images."""

    service: str
    """The host, or ``simulator``: the same model elsewhere may be another."""
    model: str
    fields: JsonObject
    """Further fields of the request, such as ``temperature``."""
    most_output: int | None
    """The limit of an answer's tokens that these fields set; None for one that grows with the questions."""
    detail: str | None = None
    image_tokens: int | None = None
    max_size: int | None = None
    """Pixels of the longer side of an image; larger ones are shown smaller."""
    shrink: Callable[[ItemFile, int], bytes] = field(default=_as_it_is, repr=False, compare=False)
    """Makes an image smaller; raises UnshrinkableImage."""

    def size_of(self, image: ItemFile) -> tuple[int, int]:
        """Return width and height as an image is shown."""
        scale = self._scale(image)
        return (max(1, round(image.width * scale)), max(1, round(image.height * scale)))

    def shown(self, image: ItemFile) -> bytes:
        """Return the bytes of an image as it is shown."""
        return image.data if self._scale(image) == 1 else self.shrink(image, self.max_size or 0)

    def _scale(self, image: ItemFile) -> float:
        longer = max(image.width, image.height)
        return 1.0 if self.max_size is None or longer <= self.max_size else self.max_size / longer


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """One question about one or two images."""

    settings: ChatSettings
    text: str
    images: tuple[ItemFile, ...]
    answers: int = 1
    """How many questions are answered."""

    @property
    def most_output(self) -> int:
        """The limit of the answer's tokens."""
        return self.settings.most_output or _FEW_TOKENS + _TOKENS_OF_AN_ANSWER * self.answers

    @property
    def id(self) -> str:
        """64 hex digits that stand for the question: equal for equal requests to one service."""
        shown: list[Json] = [f"sha256:{image.sha256}" for image in self.images]
        whole = {
            "request": self._request(shown),
            "service": self.settings.service,
            "max_size": self.settings.max_size,
        }
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def estimate(self) -> TokenEstimate:
        """The tokens that it should take."""
        return estimate_tokens(
            self.text,
            [self.settings.size_of(image) for image in self.images],
            most_output=self.most_output,
            answers=self.answers,
            image_tokens=self.settings.image_tokens,
        )

    def body(self) -> bytes:
        """Return the request as it is sent; it takes time for large images. Raises UnshrinkableImage."""
        return encoded(self._request([data_uri(self.settings.shown(image)) for image in self.images]))

    def _request(self, urls: Sequence[Json]) -> dict[str, Json]:
        detail: Mapping[str, Json] = {} if self.settings.detail is None else {"detail": self.settings.detail}
        content: list[Json] = [{"type": "text", "text": self.text}]
        content.extend({"type": "image_url", "image_url": {"url": url, **detail}} for url in urls)
        messages: list[Json] = [{"role": "user", "content": content}]
        limit: Mapping[str, Json] = {} if self.settings.most_output else {"max_tokens": self.most_output}
        return {"model": self.settings.model, "messages": messages, **limit, **self.settings.fields}
