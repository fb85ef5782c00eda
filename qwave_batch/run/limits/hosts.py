"""Where images lie, and which of these hosts asked to be left alone for a while. Pure."""

from urllib.parse import urlsplit


class Hosts:
    """The times before which nothing of a host is to be downloaded; monotonic seconds."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}

    def opens_at(self, url: str) -> float:
        """Return when an image may be downloaded; in the past when it may now."""
        return self._held.get(urlsplit(url).netloc, 0.0)

    def hold(self, url: str, until: float) -> None:
        """Leave an image's host alone; a hold is never shortened."""
        host = urlsplit(url).netloc
        self._held[host] = max(until, self.opens_at(url))


def host_of(url: str) -> str:
    """Return where an image lies, for words and comparison; empty for one that came in an answer."""
    return urlsplit(url).netloc
