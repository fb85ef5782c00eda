"""What an error body says a refusal is about: money, the one job, its model, or nothing that can be known. Pure.

No document lists such codes, so they are read as words: of a code and a type each part, of a message only phrases that
mean money and nothing else. An API that says how fast it may be asked often names plans and quotas too.
"""

import re
from typing import Literal, TypeAlias

from qwave_batch.client.words import words
from qwave_batch.model.jsontypes import JsonObject

Ground: TypeAlias = Literal["funds", "job", "model", "unsaid"]

_FLAGS = re.ASCII | re.IGNORECASE
_FUNDS_CODE = re.compile(
    r"(insufficient|exhausted|exceeded|no|out[_. -]?of)[_. -]?((account|user)[_. -]?)?(quota|funds?|balance|credits?)"
    r"|(quota|funds?|balance|credits?)[_. -]?(is[_. -]?)?(insufficient|exhausted|exceeded|depleted|empty|used)"
    r"|billing|payment|arrear|overdue|credit|recharge|top[_-]?up|(^|[_. -])plan([_. -]|$)",
    _FLAGS,
)
_PACE = re.compile(
    r"rate[_. -]?limit|\brate\b|too[_. -]?many|throttl|concurren|slow[_ -]?down|per[_ -]?(second|minute|hour|day)"
    r"|\b[rt]p[mds]\b|quota_window",
    _FLAGS,
)
_FUNDS_MESSAGE = re.compile(
    r"(insufficient|not enough|exhausted|out of|ran out of|run out of|used up|no remaining|no more|exceeded)"
    r"\s+(\w+\s+){0,3}(quota|funds?|balance|credits?|money)\b"
    r"|\b(quota|funds?|balance|credits?)\s+(\w+\s+){0,3}(insufficient|exhausted|used up|depleted|empty|too low)\b"
    r"|\bbilling\b|\bpayment\b|\bcredits?\b|\brecharge\b|\btop[ -]?up\b|\byour (current )?plan\b",
    _FLAGS,
)
_CONTENT = re.compile(
    r"content|moderat|safety|nsfw|sensitiv|prompt|flagged|inappropriate|violat|copyright|guideline", _FLAGS
)
_PARAM_ROOT = re.compile(r"[\w-]+", re.ASCII)
_OF_THE_ACCOUNT = frozenset({"key", "api_key", "apikey", "authorization", "account", "organization", "project", "user"})
"""Parameters that no request body has."""


def speaks_of_funds(error: JsonObject) -> bool:
    """Tell whether an error says that money or a plan is used up, and not that it was asked too fast."""
    marks = [words(error.get(key), limit=200) for key in ("code", "type")]
    paced = any(_PACE.search(mark) for mark in marks)
    if any(_FUNDS_CODE.search(mark) for mark in marks if not _PACE.search(mark)):
        return True
    message = words(error.get("message"))
    return not paced and not _PACE.search(message) and _FUNDS_MESSAGE.search(message) is not None


def ground_of(error: JsonObject) -> Ground:
    """Return what a refusal with this error is about."""
    param = _PARAM_ROOT.match(words(error.get("param"), limit=200))
    root = param[0].lower() if param else ""
    if root == "model":
        return "model"
    if root and root not in _OF_THE_ACCOUNT:
        return "job"
    if any(_CONTENT.search(words(error.get(key), limit=200)) for key in ("code", "type")):
        return "job"
    return "funds" if speaks_of_funds(error) else "unsaid"
