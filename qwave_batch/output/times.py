"""Moments as manifests write them: ISO 8601, UTC, milliseconds."""

from datetime import UTC, datetime


def iso_from_unix(moment: float) -> str:
    """Return ``2026-11-22T08:00:00.123Z`` for Unix seconds."""
    whole, milliseconds = divmod(round(moment * 1000), 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"


def unix_from_iso(text: str) -> float:
    """Return Unix seconds for what ``iso_from_unix`` wrote.

    Raises:
        ValueError: it is no moment of that form.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()


def to_the_millisecond(moment: float | None) -> float | None:
    """Return Unix seconds as they come back from ``iso_from_unix``."""
    return None if moment is None else round(moment * 1000) / 1000
