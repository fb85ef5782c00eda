"""One attempt at a job: one idempotency key, at most one paid task under it, and the values that change it."""

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from qwave_batch.files.sqlite_files import DamagedDatabase
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import MAX_NUSD, usd_from_nusd
from qwave_batch.model.record import ImageFile, ReusedFrom
from qwave_batch.model.task import ResultImage

T = TypeVar("T")

_KEY = re.compile(r"[a-z0-9-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt as recorded. Times are Unix seconds, money is nano-dollars."""

    job_id: str
    number: int
    """From 1; it grows only after an attempt that cost nothing, or when a user asks to pay for the job again."""
    round: int
    """From 0; it grows when the same key is sent again after the previous sending had a known end."""
    state: AttemptState
    key: str
    first_sent_at: float | None
    """When the key was first sent, by the API's own clock where it is known."""
    held_nusd: int
    """The most it can still cost while its state reserves money."""
    doubt_nusd: int
    """Possible unconfirmed cost of earlier rounds; it stays reserved."""
    task_id: str | None = None
    earlier_tasks: int = 0
    """Tasks of earlier rounds."""
    submitted_at: float | None = None
    ended_at: float | None = None
    cost_nusd: int = 0
    cost_from: Literal["api", "catalog"] | None = None
    results: tuple[ResultImage, ...] = ()
    error: JobError | None = None
    hold_nusd: int | None = None
    """Amount that the API holds for the task (``pre_consumed_cost``); None if it did not say."""
    catalog_nusd: int | None = None
    """The catalog's price of the images received; None before the task has ended."""
    origin: ReusedFrom | None = None
    """The folder whose task it was, when the images were reused from there and nothing was sent."""

    callback: JsonObject | None = None
    """The callback fields sent with the key, so that a resubmit has the same body; None in old ledgers."""
    next_sent_at: float | None = None
    """Since when a process whose records are lost may have sent the key of the next attempt; None when none has."""

    @property
    def may_have_cost(self) -> bool:
        """Whether it was charged, or may have been."""
        is_unsaid = self.cost_from is None and self.task_id is not None
        return self.cost_nusd > 0 or (is_unsaid and self.doubt_nusd > 0)

    @property
    def tasks(self) -> int:
        """The number of tasks that the API created under this attempt's key."""
        return self.earlier_tasks + (self.task_id is not None and self.origin is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An image on disk, with the file facts that cheaply reveal a later change."""

    image: ImageFile
    modified_ns: int


def idempotency_key(folder_id: str, job_id: str, number: int) -> str:
    """Return the key of an attempt: stable across restarts, and unique to this attempt in this folder."""
    digest = hashlib.sha256(f"{folder_id}:{job_id}:{number}".encode()).hexdigest()
    return f"qwave-{job_id}-{number}-{digest[:24]}"


COLUMNS = (
    "job_id, number, round, state, key, first_sent_at, held_nusd, doubt_nusd, task_id, earlier_tasks, "
    "submitted_at, ended_at, cost_nusd, cost_from, results, error, hold_nusd, catalog_nusd, origin, "
    "callback, next_sent_at"
)
"""The columns of an attempt in the order that ``attempt_from_row`` reads."""


def attempt_from_row(row: Sequence[Any]) -> Attempt:
    """Return the attempt that a row of ``COLUMNS`` holds."""
    (job_id, number, round_, state, key, first_sent_at, held, doubt, task_id, earlier, *rest) = row
    if not _KEY.fullmatch(key):
        raise DamagedDatabase(f"the key of job {job_id!a} is not one that this program makes")
    submitted_at, ended_at, cost, cost_from, results, error, hold, catalog, origin, callback, next_sent_at = rest
    return Attempt(
        job_id=job_id,
        number=number,
        round=round_,
        state=AttemptState(state),
        key=key,
        first_sent_at=first_sent_at,
        held_nusd=held,
        doubt_nusd=doubt,
        task_id=task_id,
        earlier_tasks=earlier,
        submitted_at=submitted_at,
        ended_at=ended_at,
        cost_nusd=cost,
        cost_from=cost_from,
        results=_read(results_from_text, results, job_id) or (),
        error=error_from_text(error, job_id),
        hold_nusd=hold,
        catalog_nusd=catalog,
        origin=_read(_origin_from_text, origin, job_id),
        callback=_read(_callback_from_text, callback, job_id),
        next_sent_at=next_sent_at,
    )


def _read(reader: Callable[[str], T | None], text: str | None, job_id: str) -> T | None:
    """Return the value stored as text; raises DamagedDatabase for text that this program did not write."""
    if not text:
        return None
    try:
        return reader(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise DamagedDatabase(f"what it holds of job {job_id!a} does not make sense: {error}") from None


def _origin_from_text(text: str) -> ReusedFrom:
    origin = EXACT.decode(json.loads(text), ReusedFrom)
    if not 0 <= origin.cost_usd <= usd_from_nusd(MAX_NUSD):
        raise ValueError("what its images cost elsewhere is out of range")
    return origin


def _callback_from_text(text: str) -> JsonObject:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise TypeError("its callback fields are not an object")
    return value


def text_of_results(results: Sequence[ResultImage]) -> str:
    """Return result addresses as the text that the ledger stores; an address that holds a secret is stored as empty."""
    return json.dumps([[result.url] for result in results_as_kept(results)])


def results_as_kept(results: Sequence[ResultImage]) -> tuple[ResultImage, ...]:
    """Return result addresses as they are read back from the ledger."""
    return tuple(ResultImage(url="" if each.masked_url else each.url) for each in results)


def results_from_text(text: str | None) -> tuple[ResultImage, ...]:
    """Return the addresses that ``text_of_results`` was given; raises ValueError or TypeError for any other text."""
    if not text:
        return ()
    value = json.loads(text)
    # up to format 3 a second value followed each address
    if not isinstance(value, list) or not all(
        isinstance(each, list) and each and isinstance(each[0], str) for each in value
    ):
        raise TypeError("its result addresses are not a list of addresses")
    return tuple(ResultImage(url=url) for url, *_ in value)


def stored_text(value: JobError | ReusedFrom | None) -> str | None:
    """Return an error or an origin as the text that the ledger stores."""
    return json.dumps(EXACT.encode(value)) if value else None


def error_from_text(text: str | None, job_id: str) -> JobError | None:
    """Return the error that ``stored_text`` was given; raises DamagedDatabase for any other text."""
    return _read(lambda told: EXACT.decode(json.loads(told), JobError), text, job_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """The final cost of a task, and its source."""

    cost_nusd: int
    cost_from: Literal["api", "catalog"] | None
    catalog_nusd: int | None = None
    """The catalog's price of the images received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The API's answer when it created a task."""

    task_id: str
    submitted_at: float
    """Unix seconds."""
    held_nusd: int
    """The most the task can cost."""
    hold_nusd: int | None = None
    """Amount that the API holds; None if it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptChange:
    """A change of a recorded attempt."""

    before: AttemptState | None
    """None for a new attempt; the current state when only an error was recorded."""
    attempt: Attempt
    files: tuple[StoredFile, ...] = ()


OnChange: TypeAlias = Callable[[AttemptChange], None]
