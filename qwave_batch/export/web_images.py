"""Input images on the web, as an export asks for them; fetching itself is passed in."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """The bytes at an address. Whether they are an image is not known yet."""

    read: Callable[[], bytes]
    """Returns them until something else is fetched; it may be called from any thread."""


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Nothing was got from an address."""

    reason: str
    """A phrase for people, which names the host and never the whole address: that may be signed."""


WebAnswer: TypeAlias = FetchedImage | NotFetched


class WebImages(Protocol):
    """Fetches images from the web."""

    def fetched(self, addresses: Collection[str]) -> Mapping[str, WebAnswer]:
        """Return what comes of each address, fetched side by side. It blocks."""
        ...
