"""Decides which images of a job to fetch, when to wait, and when an image is gone for good. Pure.

Times are monotonic seconds, except ``Moment.api_now``.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias, assert_never

from qwave_batch.client.answers import DownloadFailed, Expired
from qwave_batch.client.downloads import EXPIRED
from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import JobError
from qwave_batch.model.task import ResultImage
from qwave_batch.run.images.image_store import BrokenImage
from qwave_batch.run.images.listed_images import LIST_S, owes_images
from qwave_batch.run.jobs.job_errors import bad_image, not_fetched, not_listed, result_gone
from qwave_batch.run.jobs.job_run import JobRun

MOST_BROKEN = 2
"""An image that fails to decode this often is broken at its source: a single failure may come from the connection."""
PATIENCE_S = 180.0
"""How long an image is retried, in parallel with the rest of the run."""
GONE_AFTER_S = 180.0
"""A file that is missing this long after the end of its task will not appear any more."""
REFUSED_FOR_GOOD_S = 86_400.0
"""Results live for at least a day: a host that rejects one after that may only mean that it is gone."""


@dataclass(frozen=True, slots=True)
class ImageTrouble:
    """Why an image is missing, after the last try."""

    reason: str
    status: int | None = None
    """The HTTP status with which its host did not serve the file."""
    is_broken: bool = False
    """Whether it was downloaded and is not a complete image."""
    is_unlisted: bool = False
    """Whether the task does not list it."""
    may_come: bool = True
    """Whether another try in this run may succeed."""


UNLISTED = ImageTrouble("the task does not list it", is_unlisted=True)


@dataclass(slots=True)
class FetchState:
    """The images of one job to fetch, and their results; places count from 0."""

    job_run: JobRun
    attempt: Attempt
    task_id: str
    results: tuple[ResultImage, ...]
    is_earlier: bool = False
    """Whether its task belongs to an earlier run."""
    is_fresh: bool = False
    """Whether the addresses were read in this run."""
    files: dict[int, StoredFile] = field(default_factory=dict)
    """The stored images, by their place in the task's result."""
    troubles: dict[int, ImageTrouble] = field(default_factory=dict)
    """The problems of the last round, by place."""
    broken: dict[int, int] = field(default_factory=dict)
    """How often the bytes of an image were broken, by place."""
    evidence: dict[int, str] = field(default_factory=dict)
    """Paths of invalid image bytes, by place."""
    is_owed: bool = False
    """Whether more images were paid for than are listed."""
    rounds: int = 0
    """Rounds that left something missing."""
    began: float = 0.0
    """When the first of them ended."""
    gone: list[JobError] = field(default_factory=list)
    """Images that are gone for good."""
    kept: list[JobError] = field(default_factory=list)
    """Results in a format that is not supported, kept as evidence."""
    missing: list[JobError] = field(default_factory=list)
    """Images that are unavailable in this run."""

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.job_run.job.job_id

    @property
    def places(self) -> range:
        """The places that are known to hold an image."""
        return range(max(len(self.results), len(self.job_run.files)))

    @property
    def listed(self) -> int:
        """How many images the task lists, or has listed."""
        return max(len(self.files), sum(result.is_listed for result in self.results))

    @property
    def is_open(self) -> bool:
        """Whether another round could still complete the job."""
        return not self.gone and not self.missing

    def measure(self, *, fetch_only: bool) -> None:
        """Compute whether the task still owes images."""
        is_asked_for = self.attempt.state is AttemptState.COMPLETED or fetch_only
        is_read = self.job_run.unread is None
        self.is_owed = is_asked_for and is_read and owes_images(self.job_run.job, self.attempt, self.listed)

    def is_listed(self, place: int) -> bool:
        """Whether the task lists an address for an image."""
        return place < len(self.results) and self.results[place].is_listed

    def is_needed(self, place: int) -> bool:
        """Whether a place that is not listed is an image that was paid for, as far as is known."""
        is_on_record = place < len(self.job_run.files)
        is_only = not any(result.is_listed for result in self.results)
        return self.is_owed or self.job_run.unread is not None or is_on_record or is_only

    def note_trouble(self, place: int, outcome: BrokenImage | Expired | DownloadFailed) -> ImageTrouble:
        """Record why an image could not be fetched."""
        match outcome:
            case BrokenImage():
                self.broken[place] = self.broken.get(place, 0) + 1
                if outcome.evidence is not None:
                    self.evidence[place] = outcome.evidence
                trouble = ImageTrouble(outcome.reason, is_broken=True)
            case Expired():
                trouble = ImageTrouble(outcome.reason, status=outcome.status)
            case DownloadFailed():
                trouble = ImageTrouble(outcome.reason, may_come=outcome.retryable or outcome.status is not None)
            case _:
                assert_never(outcome)
        self.troubles[place] = trouble
        return trouble

    def awaits_list(self, now: float) -> bool:
        """Whether the task may still list the images it owes."""
        is_owed = self.is_owed or any(trouble.is_unlisted for trouble in self.troubles.values())
        is_asked = self.attempt.state is AttemptState.COMPLETED and self.job_run.unread is None
        return is_owed and is_asked and now - self.began < LIST_S

    def may_be_listed(self, now: float) -> bool:
        """Whether the task was not polled long enough yet for unlisted images."""
        return self.job_run.unread is not None or self.awaits_list(now)

    def is_untried(self) -> bool:
        """Whether an image was not tried yet."""
        return not all(place in self.files or place in self.troubles for place in self.places)


# Whether to go on.


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The facts known when a fetch decides whether to go on."""

    now: float
    api_now: float
    """Unix seconds by the API's clock, the later time if the clocks disagree."""
    age_s: float
    """Minimum time since the task ended; 0 if unknown."""
    may_judge: bool
    """Whether an image's failure can be attributed to the image: others arrived, or there are none to compare with."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Another round may fetch the missing images."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No more tries in this run."""


@dataclass(frozen=True, slots=True)
class AllGone:
    """Every missing image is gone for good."""

    errors: tuple[JobError, ...]


def decide(state: FetchState, moment: Moment) -> TryAgain | GiveUp | AllGone:
    """Return whether to try again."""
    errors = [error for place, trouble in state.troubles.items() if (error := _why_gone(state, place, trouble, moment))]
    if errors and len(errors) == len(state.troubles):
        return AllGone(tuple(errors))
    is_any_open = any(trouble.may_come and not trouble.is_unlisted for trouble in state.troubles.values())
    is_over = moment.now - state.began >= PATIENCE_S or not is_any_open
    return GiveUp() if is_over and not state.awaits_list(moment.now) else TryAgain()


def _why_gone(state: FetchState, place: int, trouble: ImageTrouble, moment: Moment) -> JobError | None:
    """Return why an image will never be available, if that is known; a failure shared with others proves nothing."""
    if trouble.is_unlisted or (not trouble.is_broken and trouble.status not in EXPIRED):
        return None
    expires_at = state.results[place].expires_at if place < len(state.results) else None
    if not trouble.is_broken and expires_at is not None and moment.api_now > expires_at:
        return result_gone(f"the image has expired at the API ({trouble.reason})")
    if not moment.may_judge and moment.age_s < REFUSED_FOR_GOOD_S:
        return None
    if trouble.is_broken:
        is_proven = state.broken.get(place, 0) >= MOST_BROKEN
        return bad_image(trouble.reason, state.evidence[place]) if is_proven else None
    long_s = REFUSED_FOR_GOOD_S if trouble.status == HTTPStatus.FORBIDDEN else GONE_AFTER_S
    if moment.age_s < long_s or not state.is_fresh:
        return None
    return result_gone(f"the image can't be fetched any more ({trouble.reason})")


# How a fetch ended.


@dataclass(frozen=True, slots=True)
class Complete:
    """Every image is in place."""


@dataclass(frozen=True, slots=True)
class LeftEarly:
    """The run ended before each image was tried: the record stays as it is."""


@dataclass(frozen=True, slots=True)
class FailedAsBefore:
    """The attempt was recorded as failed and still is; images in place stay there, too."""

    is_gone: bool
    """Whether its images are gone according to the task's current answer."""


@dataclass(frozen=True, slots=True)
class LostForGood:
    """An image is gone, or was received in an unsupported format."""

    error: JobError


@dataclass(frozen=True, slots=True)
class NotYetHere:
    """An image did not arrive: the job is paid for, and the next run fetches it."""

    error: JobError


Conclusion: TypeAlias = Complete | LeftEarly | FailedAsBefore | LostForGood | NotYetHere


def conclude(state: FetchState, now: float, *, is_leaving: bool) -> Conclusion:
    """Return the result of a fetch that is not retried.

    Args:
        state: The fetch; its ``missing`` is completed.
        now: The current facts.
        is_leaving: Whether the run ends.
    """
    is_left = is_leaving and state.is_untried()
    if state.is_open and not is_left:
        state.missing += _missing(state, now)
    is_incomplete = bool(state.gone or state.missing or state.kept)
    if not is_incomplete:
        return LeftEarly() if is_left else Complete()
    if state.attempt.state in {AttemptState.UNRECOVERABLE, AttemptState.FAILED}:
        return FailedAsBefore(is_gone=bool(state.gone or (state.kept and not state.missing)))
    lasting = [] if state.missing else state.gone or state.kept
    return LostForGood(lasting[0]) if lasting else NotYetHere(state.missing[0])


def _missing(state: FetchState, now: float) -> list[JobError]:
    """Return the errors of missing images that may be available in the next run."""
    errors: list[JobError] = []
    for place in sorted(state.troubles):
        trouble = state.troubles[place]
        is_short = trouble.is_unlisted and state.files and not state.may_be_listed(now)
        if not is_short:
            unlisted = state.job_run.unread or not_listed()
            errors.append(unlisted if trouble.is_unlisted else not_fetched(trouble.reason))
    if state.is_owed and not state.troubles and state.may_be_listed(now):
        errors.append(not_listed())
    return errors
