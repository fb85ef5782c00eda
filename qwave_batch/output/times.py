"""Times as manifests write them: ISO 8601, UTC, milliseconds."""

import re
from datetime import UTC, datetime
from functools import lru_cache

_TO_SECONDS = len("2026-11-22T08:00:00")
_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z", re.ASCII)


def iso_from_unix(moment: float) -> str:
    """Return ``2026-11-22T08:00:00.123Z`` for Unix seconds."""
    whole, milliseconds = divmod(round(moment * 1000), 1000)
    return f"{_to_the_second(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)  # many lines in a row begin or end in the same seconds
def _to_the_second(whole: int) -> str:
    return datetime.fromtimestamp(whole, UTC).isoformat()[:_TO_SECONDS]


def unix_from_iso(text: object) -> float:
    """Return Unix seconds for the output of ``iso_from_unix``.

    Raises:
        ValueError: it is not a moment of that form.
    """
    if not (isinstance(text, str) and _FORM.fullmatch(text)):
        raise ValueError("expected a moment such as 2026-11-22T08:00:00.123Z")
    return datetime.fromisoformat(text).timestamp()


def to_the_millisecond(moment: float | None) -> float | None:
    """Return Unix seconds as they come back from ``iso_from_unix``."""
    return None if moment is None else round(moment * 1000) / 1000
