"""All outcomes of a call of the task API: closed unions, for ``match`` with ``assert_never``."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class RateHint:
    """Rate limit headers of an answer; every part may be missing."""

    limit: int | None = None
    """Calls allowed in a window."""
    remaining: int | None = None
    """Calls left in the current window."""
    reset_s: float | None = None
    """Seconds from the answer until the window resets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseMeta:
    """Metadata of a response, next to its meaning."""

    served_at: float | None = None
    """Unix seconds by the server's own ``Date``; None when it sent none, or nothing came."""
    rate: RateHint | None = None
    """The server's rate limit headers, when it sent some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer(ResponseMeta):
    """The API reported the state of the task."""

    task: Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(ResponseMeta):
    """The API rejected a submit or a cancel, in its own words. A status call never has this outcome."""

    status: int
    code: str
    message: str
    param: str | None = None
    """The request field at fault, when the API names one."""
    keeps_attempt: bool = False
    """True when the job fails but the rejection does not prove that nothing was created (``price_not_configured``,
    which
    is a 5xx): a later attempt must use the same idempotency key."""

    @property
    def error(self) -> JobError:
        """The refusal as the error of the job that asked."""
        return JobError(code=self.code, message=self.message, http_status=self.status, field=self.param)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBlocked(ResponseMeta):
    """The account blocks the run: every further call would get the same answer."""

    kind: Literal["key", "balance"]
    """``key``: it is unknown (401). ``balance``: used up (402, or a submit's 429 or 403 that mentions money)."""
    status: int
    code: str
    message: str
    keeps_attempt: bool = True
    """False when the API itself rejected the submit, in a readable error body: nothing was created."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(ResponseMeta):
    """The request is forbidden (403, 451) by the API or by a gateway on the way; the key itself may be valid."""

    status: int
    code: str
    message: str
    param: str | None = None
    concerns: Literal["account", "job", "model", "unsaid"] = "unsaid"
    """The subject that the answer names."""
    keeps_attempt: bool = False
    """True when it is not in the API's own form, and so does not prove that nothing was created."""

    @property
    def error(self) -> JobError:
        """The refusal as the error of the job that asked."""
        return JobError(code=self.code, message=self.message, http_status=self.status, field=self.param)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNotFound(ResponseMeta):
    """The API does not know the task (or model) that was asked about, or it belongs to another account."""

    status: int
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(ResponseMeta):
    """The API wants fewer calls (429). A throttled submit created nothing, but its attempt is kept."""

    wait_s: float | None = None
    """Seconds to wait from now, by ``Retry-After``, ``reset_at`` or the rate limit headers, never negative and
    at most 32 days, which also stand for anything longer; None when the server does not say."""
    code: str = ""
    message: str = ""
    window: str | None = None
    """The quota window's name, such as ``day``; None for a plain rate limit."""
    unread: str = ""
    """A ``Retry-After`` that cannot be parsed, as it was written; empty when there is none such."""

    @property
    def is_quota_window(self) -> bool:
        """Whether a quota window of the account is used up, rather than a rate limit hit."""
        return self.code == "quota_window_exceeded"

    @property
    def quoted(self) -> str:
        """The API's own words in quotes; empty if it had none."""
        return f'"{self.message}"' if self.message and self.code != "http_429" else ""

    @property
    def error(self) -> JobError:
        """The 429 as the error of the job that asked; the next run sends it again."""
        return JobError(
            code=self.code or "rate_limited",
            message=self.message or "the API asked for fewer requests",
            http_status=429,
            retryable=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer(ResponseMeta):
    """No reliable answer: none came, a 5xx, or one that cannot be read. The attempt is kept."""

    reason: str
    """A phrase for people: what happened instead of an answer."""
    sent: bool
    """False when the request certainly never reached the server (no route, no name, no TLS)."""
    is_untrusted: bool = False
    """Whether the server's certificate was rejected, which a retry does not fix."""
    status: int | None = None
    """The status code, when there was one."""
    retry_after_s: float | None = None
    """Seconds the server asked to wait, when it did."""
    said: JobError | None = None
    """The error in a success response that has no task: the API's own words, which prove nothing."""


Answer: TypeAlias = TaskAnswer | Refused | AccountBlocked | Denied | TaskNotFound | Throttled | NoAnswer
"""Outcomes of submit, status and cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance(ResponseMeta):
    """The account's balance, in US dollars as the API states them."""

    available_usd: float
    granted_usd: float | None = None
    used_usd: float | None = None
    currency: str = "USD"
    as_of: float | None = None
    """Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModel(ResponseMeta):
    """A model as the API currently offers it."""

    name: str
    price_config: JsonObject
    """The API's own pricing object; empty when it gives none."""
    raw: JsonObject
    """Everything the API says about the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModels(ResponseMeta):
    """All models that the API currently offers, in its order."""

    models: tuple[LiveModel, ...]


Trouble: TypeAlias = AccountBlocked | Denied | TaskNotFound | Throttled | NoAnswer
"""Failures of a request about the account or its models."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded:
    """The body is complete, as far as HTTP can tell."""

    size_bytes: int
    content: bytes | None = field(default=None, repr=False)
    """A small body; None when it is in its file, closed and not synced to the disk yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """The address does not serve the file (403, 404, 410): ask the task for a fresh one, unless the image is gone."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadFailed:
    """The file did not arrive; nothing is left on disk."""

    reason: str
    retryable: bool
    """Whether the same address may work later."""
    status: int | None = None
    retry_after_s: float | None = None


DownloadAnswer: TypeAlias = Downloaded | Expired | DownloadFailed
"""Outcomes of a download."""
