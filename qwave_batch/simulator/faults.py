"""The faults of the simulator: names, stages and effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class FaultPlace(StrEnum):
    """The stage of a request at which a fault applies."""

    SUBMIT = "submit"
    ACCEPTED = "accepted"
    POLL = "poll"
    CANCEL = "cancel"
    DOWNLOAD = "download"
    INFO = "info"
    TASK = "task"
    CALLBACK = "callback"
    CHAT = "chat"
    CHATTED = "chatted"


_CHATS = frozenset({FaultPlace.CHAT, FaultPlace.CHATTED})
_CALLS = (
    frozenset({FaultPlace.SUBMIT, FaultPlace.ACCEPTED, FaultPlace.POLL, FaultPlace.CANCEL, FaultPlace.INFO}) | _CHATS
)
_NOTHING_TO_SPOIL = frozenset({FaultPlace.SUBMIT, FaultPlace.CHAT})
_WIRE = _CALLS | {FaultPlace.DOWNLOAD}
_TASK_ANSWERS = frozenset({FaultPlace.ACCEPTED, FaultPlace.POLL, FaultPlace.CANCEL})
_USUAL = frozenset({FaultPlace.SUBMIT, FaultPlace.POLL})
_CHATTED = frozenset({FaultPlace.CHATTED})
_SPOILT_USUAL = frozenset(
    {FaultPlace.ACCEPTED, FaultPlace.POLL}
)  # before a task is accepted there is nothing to corrupt


class FaultName(StrEnum):
    """All faults."""

    DROP = "drop"
    HTTP500 = "http500"
    HTTP502 = "http502"
    HTTP503 = "http503"
    HTML = "html"
    HTML502 = "html502"
    CUT_JSON = "cut_json"
    CUT_BODY = "cut_body"
    EMPTY = "empty"
    HANG = "hang"
    SLOW = "slow"
    ENDLESS = "endless"
    OVERSIZED = "oversized"
    REDIRECT = "redirect"
    WRONG_TYPE = "wrong_type"
    HTTP429 = "http429"
    HTTP429_DATE = "http429_date"
    HTTP429_BARE = "http429_bare"
    HTTP429_MOMENT = "http429_moment"
    INSUFFICIENT_QUOTA = "insufficient_quota"
    QUOTA_WINDOW = "quota_window_exceeded"
    BAD_KEY = "bad_key"
    FORBIDDEN = "forbidden"
    FORBIDDEN_HTML = "forbidden_html"
    MODEL_DENIED = "model_denied"
    PROMPT_DENIED = "prompt_denied"
    MODEL_NOT_FOUND = "model_not_found"
    ASSET_NOT_FOUND = "asset_not_found"
    BALANCE_USED_UP = "balance_used_up"
    PRICE_NOT_CONFIGURED = "price_not_configured"
    TASK_LOST = "task_lost"
    BARE_URL = "bare_url"
    UNKNOWN_FIELDS = "unknown_fields"
    RESET_UNITS = "reset_units"
    OTHER_SHAPE = "other_shape"
    UNREADABLE_RESULT = "unreadable_result"
    UNLISTED = "unlisted"
    LISTED_IN_PART = "listed_in_part"
    RELATIVE_URL = "relative_url"
    UNKNOWN_WORD = "unknown_word"
    NO_NUMBER = "no_number"
    ERROR_IN_SUCCESS = "error_in_success"
    TASK_FAILED = "task_failed"
    UPSTREAM_UNAVAILABLE = "upstream_unavailable"
    UPSTREAM_RATE_LIMITED = "upstream_rate_limited"
    UPSTREAM_BAD_REQUEST = "upstream_bad_request"
    NEVER_ENDS = "never_ends"
    NO_IMAGES = "no_images"
    FEWER_IMAGES = "fewer_images"
    SEED_IGNORED = "seed_ignored"
    SEED_LOOSE = "seed_loose"
    STAMPED_FILE = "stamped_file"
    SIGNED_URL = "signed_url"
    SHORT_LIVED = "short_lived"
    TRUNCATED_IMAGE = "truncated_image"
    CORRUPT_IMAGE = "corrupt_image"
    EXPIRED_URL = "expired_url"
    NOT_THERE_YET = "not_there_yet"
    REFUSED_FILE = "refused_file"
    CALLBACK_NEVER = "callback_never"
    CALLBACK_LATE = "callback_late"
    CALLBACK_TWICE = "callback_twice"
    CALLBACK_GARBAGE = "callback_garbage"
    PROSE = "prose"
    FENCED = "fenced"
    CUT_SHORT = "cut_short"
    FILTERED = "filtered"
    EMPTY_TEXT = "empty_text"
    TOOL_CALL = "tool_call"
    OTHER_MODEL = "other_model"
    NO_USAGE = "no_usage"
    STREAMED = "streamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKind:
    """Static description of a fault."""

    says: str
    """The effect, for people."""
    usual: frozenset[FaultPlace]
    """The stage that applies if none is named."""
    possible: frozenset[FaultPlace]
    seconds: float = 0.0
    """Default duration without ``:SECONDS``; 0 for faults without a duration."""
    is_shape: bool = False
    """Whether it only changes the form of an answer, so that it can be combined with another fault."""


def _wire(says: str, *, seconds: float = 0.0) -> FaultKind:
    return FaultKind(says=says, usual=_USUAL, possible=_WIRE, seconds=seconds)


def _spoilt(says: str, possible: frozenset[FaultPlace], *, seconds: float = 0.0) -> FaultKind:
    return FaultKind(says=says, usual=possible & _SPOILT_USUAL, possible=possible - _NOTHING_TO_SPOIL, seconds=seconds)


def _only(place: FaultPlace, says: str, *, seconds: float = 0.0) -> FaultKind:
    return FaultKind(says=says, usual=frozenset({place}), possible=frozenset({place}), seconds=seconds)


def _bought(says: str, *, seconds: float = 0.0) -> FaultKind:
    """A refusal of what costs money: of a task, and of a chat where that is asked for."""
    usual = frozenset({FaultPlace.SUBMIT})
    return FaultKind(says=says, usual=usual, possible=usual | {FaultPlace.CHAT}, seconds=seconds)


def _shape(says: str, places: frozenset[FaultPlace], *, seconds: float = 0.0) -> FaultKind:
    return FaultKind(says=says, usual=places, possible=places, seconds=seconds, is_shape=True)


KINDS: Mapping[FaultName, FaultKind] = {
    FaultName.DROP: _wire("the connection is cut without an answer"),
    FaultName.HTTP500: _wire("500 with an error body"),
    FaultName.HTTP502: _wire("502 with an error body"),
    FaultName.HTTP503: _wire("503 with an error body"),
    FaultName.HTML: _wire("200 with an HTML page"),
    FaultName.HTML502: _wire("502 with an HTML page"),
    FaultName.CUT_JSON: _spoilt("the first half of the JSON, as if it were all", _CALLS),
    FaultName.CUT_BODY: _spoilt("the connection is cut half way through the body", _WIRE),
    FaultName.EMPTY: _wire("200 with an empty body"),
    FaultName.HANG: _wire("no answer for so many seconds, then the connection is cut", seconds=3600),
    FaultName.SLOW: _spoilt("the right answer, trickling in over so many seconds", _WIRE, seconds=10),
    FaultName.ENDLESS: _wire("a body that does not end"),
    FaultName.OVERSIZED: _wire("a body that is announced as 8 GiB and comes"),
    FaultName.REDIRECT: _wire("307 to the same path on another host name"),
    FaultName.WRONG_TYPE: FaultKind(
        says="the right body under a wrong content type",
        usual=frozenset({FaultPlace.POLL, FaultPlace.DOWNLOAD}),
        possible=_WIRE - _NOTHING_TO_SPOIL,
        is_shape=True,
    ),
    FaultName.HTTP429: _wire("429 with Retry-After in seconds", seconds=1),
    FaultName.HTTP429_DATE: _wire("429 with Retry-After as an HTTP date", seconds=1),
    FaultName.HTTP429_BARE: _wire("429 without Retry-After"),
    FaultName.HTTP429_MOMENT: _wire("429 with Retry-After as a moment in Unix seconds", seconds=1),
    FaultName.INSUFFICIENT_QUOTA: _bought("429 insufficient_quota without a time: the money is used up"),
    FaultName.QUOTA_WINDOW: _bought(
        "429 quota_window_exceeded, which holds for every submit until its reset_at", seconds=2
    ),
    FaultName.BAD_KEY: FaultKind(says="401 for a good key", usual=frozenset({FaultPlace.SUBMIT}), possible=_CALLS),
    FaultName.FORBIDDEN: FaultKind(
        says="403 without a reason; at info the balance is not shown",
        usual=frozenset({FaultPlace.SUBMIT}),
        possible=_CALLS,
    ),
    FaultName.FORBIDDEN_HTML: FaultKind(
        says="403 with an HTML page, as gateways send it", usual=frozenset({FaultPlace.SUBMIT}), possible=_CALLS
    ),
    FaultName.MODEL_DENIED: _bought("403 that names the model, always or never for a model"),
    FaultName.PROMPT_DENIED: _bought("403 that names the prompt, always or never for a request"),
    FaultName.MODEL_NOT_FOUND: _bought("404 model_not_found, always or never for a model"),
    FaultName.ASSET_NOT_FOUND: _only(
        FaultPlace.SUBMIT, "400 asset_not_found that names the input images, always or never for a request"
    ),
    FaultName.BALANCE_USED_UP: _bought("402 although there is money left"),
    FaultName.PRICE_NOT_CONFIGURED: _bought("500 price_not_configured, always or never for a model"),
    FaultName.TASK_LOST: _only(FaultPlace.POLL, "404 task_not_found for a task that exists"),
    FaultName.BARE_URL: _shape("an image's url as a bare string", _TASK_ANSWERS),
    FaultName.UNKNOWN_FIELDS: _shape("fields that no document names, at every level", _TASK_ANSWERS),
    FaultName.RESET_UNITS: _shape("rate limit headers that leave nothing until a reset of 250ms", _TASK_ANSWERS),
    FaultName.OTHER_SHAPE: _shape("images beside status, under data and image_url", _TASK_ANSWERS),
    FaultName.UNREADABLE_RESULT: _shape("images where nobody knows to look, and no cost", _TASK_ANSWERS),
    FaultName.UNLISTED: _shape("a completed task that lists no image yet", _TASK_ANSWERS),
    FaultName.LISTED_IN_PART: _shape("a completed task that lists its first image only", _TASK_ANSWERS),
    FaultName.RELATIVE_URL: _shape("an image's url without scheme and host", _TASK_ANSWERS),
    FaultName.UNKNOWN_WORD: _shape("the end of a task in a word that no document names", _TASK_ANSWERS),
    FaultName.NO_NUMBER: _shape("NaN and Infinity in fields that nobody needs", _TASK_ANSWERS),
    FaultName.ERROR_IN_SUCCESS: _shape("200 with an error in place of the task, which exists", _TASK_ANSWERS),
    FaultName.TASK_FAILED: _only(FaultPlace.TASK, "the task fails: task_failed"),
    FaultName.UPSTREAM_UNAVAILABLE: _only(FaultPlace.TASK, "the task fails: upstream_unavailable"),
    FaultName.UPSTREAM_RATE_LIMITED: _only(FaultPlace.TASK, "the task fails: upstream_rate_limited"),
    FaultName.UPSTREAM_BAD_REQUEST: _only(FaultPlace.TASK, "the task fails: upstream_bad_request"),
    FaultName.NEVER_ENDS: _only(FaultPlace.TASK, "the task stays in processing for ever"),
    FaultName.NO_IMAGES: _only(FaultPlace.TASK, "the task completes without an image, and is refunded"),
    FaultName.FEWER_IMAGES: _only(FaultPlace.TASK, "the task brings fewer images than were asked for (never none)"),
    FaultName.SEED_IGNORED: _shape(
        "another image for each task, whatever its seed; always or never for a model", frozenset({FaultPlace.TASK})
    ),
    FaultName.SEED_LOOSE: _shape(
        "nearly the same image for each task with the same seed; always or never for a model",
        frozenset({FaultPlace.TASK}),
    ),
    FaultName.STAMPED_FILE: _shape(
        "the task's id in the file beside the same pixels; always or never for a model", frozenset({FaultPlace.TASK})
    ),
    FaultName.SIGNED_URL: _shape(
        "image addresses signed anew at each answer, which serve for so many seconds; always or never for a model",
        frozenset({FaultPlace.TASK}),
        seconds=600,
    ),
    FaultName.SHORT_LIVED: _shape(
        "files that are gone so many seconds after the end of the task; always or never for a model",
        frozenset({FaultPlace.TASK}),
        seconds=10,
    ),
    FaultName.TRUNCATED_IMAGE: _only(FaultPlace.DOWNLOAD, "the first half of the file, as if it were all"),
    FaultName.CORRUPT_IMAGE: _only(FaultPlace.DOWNLOAD, "a file of the right length with damage in the middle"),
    FaultName.EXPIRED_URL: _only(FaultPlace.DOWNLOAD, "the file is gone before its time"),
    FaultName.NOT_THERE_YET: _only(FaultPlace.DOWNLOAD, "404 for a file that comes later"),
    FaultName.REFUSED_FILE: _only(
        FaultPlace.DOWNLOAD, "403 for a file that is there, as of a proxy or a country block"
    ),
    FaultName.CALLBACK_NEVER: _only(FaultPlace.CALLBACK, "the call does not come"),
    FaultName.CALLBACK_LATE: _only(FaultPlace.CALLBACK, "the call comes so many seconds after the end", seconds=30),
    FaultName.CALLBACK_TWICE: _only(FaultPlace.CALLBACK, "the call comes twice"),
    FaultName.CALLBACK_GARBAGE: _only(FaultPlace.CALLBACK, "the call has a body without a task's id"),
    FaultName.PROSE: _shape("the answer in a sentence of its own", _CHATTED),
    FaultName.FENCED: _shape("the answer in a fenced block, with a sentence before it", _CHATTED),
    FaultName.CUT_SHORT: _shape("half of the answer, ended by its limit of tokens", _CHATTED),
    FaultName.FILTERED: _shape("no answer, withheld by a content filter", _CHATTED),
    FaultName.EMPTY_TEXT: _shape("an answer without text", _CHATTED),
    FaultName.TOOL_CALL: _shape("a call of a tool in place of an answer", _CHATTED),
    FaultName.OTHER_MODEL: _shape("the answer of another model than was asked for", _CHATTED),
    FaultName.NO_USAGE: _shape("an answer that does not count its tokens", _CHATTED),
    FaultName.STREAMED: _shape("the answer as a stream that nobody asked for", _CHATTED),
}
"""Every fault, in the order in which they are tried."""


ALIASES: Mapping[str, str] = {"drop_before": "submit.drop", "drop_after": "accepted.drop"}
"""Shorter names for a place and a fault."""
