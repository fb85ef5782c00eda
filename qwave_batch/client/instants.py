"""Times as servers write them: Unix seconds or milliseconds, ISO 8601, HTTP dates. All become Unix seconds."""

import functools
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qwave_batch.model.jsontypes import Json

# 10^11 s is the year 5138 and 10^11 ms is 1973, so current dates are clearly on one side or the other
_MILLISECONDS_FROM = 1e11
_MICROSECONDS_FROM = 1e14
_NONSENSE_FROM = 1e17
_NUMBER = re.compile(r"\s*\d{1,17}(\.\d{1,9})?\s*", re.ASCII)
_LONGEST = 64
_HTTP_DATE = re.compile(
    r"(?:[a-z]{3,9},\s*)?\d{1,2}[ -][a-z]{3}[ -](?:\d{2}|\d{4}) \d{1,2}:\d\d(?::\d\d)? (?:GMT|UTC?|Z|[+-]\d{4})"
    r"|[a-z]{3} [a-z]{3} {1,2}\d{1,2} \d\d:\d\d:\d\d \d{4}",
    re.ASCII | re.IGNORECASE,
)
"""The forms of a date in HTTP; the e-mail parser would accept one followed by anything."""


def instant(value: Json) -> float | None:
    """Return Unix seconds for a number or text that can only mean one moment, else None."""
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return None
        return _from_number(float(value)) if _NUMBER.fullmatch(value) else iso_moment(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _from_number(value)


@functools.lru_cache(maxsize=16)  # all answers of one second carry the same Date
def http_date(text: str) -> float | None:
    """Return Unix seconds for an HTTP date such as ``Sun, 22 Nov 2026 08:00:00 GMT``, else None."""
    text = text.strip()
    if len(text) > _LONGEST or not _HTTP_DATE.fullmatch(text):
        return None
    try:
        moment = parsedate_to_datetime(text)
        return _timestamp(moment)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_number(number: float) -> float | None:
    if not 0 <= number < _NONSENSE_FROM:  # written like this, it is also true of NaN
        return None
    if number >= _MICROSECONDS_FROM:
        return number / 1e6
    return number / 1e3 if number >= _MILLISECONDS_FROM else float(number)


def iso_moment(text: str) -> float | None:
    """Return Unix seconds for an ISO 8601 time, else None; without a zone it is UTC."""
    try:
        return _timestamp(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def _timestamp(moment: datetime) -> float | None:
    """Return Unix seconds; a time without a zone is UTC, and one before 1970 is rejected."""
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return seconds if seconds >= 0 else None
