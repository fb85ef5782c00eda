"""Why a run stops submitting, or leaves a model to the next run: facts, each of which ``str`` words.

The words name no option and no command: what to do is in ``next_steps``, and the command line words that.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, TypeAlias

from qwave_batch.model.clock import clock_time
from qwave_batch.model.money import usd_words
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.progress import WORTH_A_WORD_S, WaitKind, no_images_message
from qwave_batch.model.run_ends import EndKind, gravest


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user, a signal or the caller stopped the run."""

    kind: ClassVar[EndKind] = EndKind.INTERRUPTED
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)

    def __str__(self) -> str:
        return "stopped before all was done"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMoved:
    """The folder was last used at another place, where a run may be at work."""

    kind: ClassVar[EndKind] = EndKind.MOVED
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.ADOPT,)
    path: str
    host: str

    def __str__(self) -> str:
        return f"this folder was last used as {self.path} on {self.host}, where it may still be at work"


@dataclass(frozen=True, slots=True)
class StorageFailed:
    """The disk or the ledger failed."""

    kind: ClassVar[EndKind] = EndKind.STORAGE
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    error: str

    def __str__(self) -> str:
        return self.error


@dataclass(frozen=True, slots=True)
class WorkersLost:
    """The workers elsewhere, which fetch the images, went away."""

    kind: ClassVar[EndKind] = EndKind.WORKERS
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN, NextStep.RUN_WITHOUT_WORKERS)
    why: str

    def __str__(self) -> str:
        return self.why


class Refusal(StrEnum):
    """The reason why the API refuses an account."""

    KEY = "key"
    ACCOUNT = "account"
    BALANCE = "balance"
    FUNDS = "funds"
    """The balance, or what the plan of the account includes, in other ways than HTTP 402."""


_REFUSED = {
    Refusal.KEY: "the API refuses the key",
    Refusal.ACCOUNT: "the API refuses the account",
    Refusal.BALANCE: "the balance is used up",
    Refusal.FUNDS: "the API says that the balance or the plan is used up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRefused:
    """The API refuses the key or the account, or the account has no money left."""

    kind: ClassVar[EndKind] = EndKind.ACCOUNT
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    refusal: Refusal
    http_status: int
    said: str
    """The API's message; empty when it sent none."""

    def __str__(self) -> str:
        return f"{_REFUSED[self.refusal]} (HTTP {self.http_status}{f': {self.said}' if self.said else ''})"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitTooLong:
    """A limit of the API opens later than the run may wait."""

    kind: ClassVar[EndKind] = EndKind.ACCOUNT
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_LATER, NextStep.WAIT_LONGER)
    limit: WaitKind
    window: str = ""
    """The name of the quota window, such as ``day``; empty when the API gave none."""
    said: str = ""
    """The API's own words, in quotes."""
    until: float
    """Unix seconds."""
    wait_s: float
    """From now."""
    waited_s: float = 0.0
    """For how long the run has waited for the same already."""
    longest_s: float
    """How long the run waits at most."""

    def __str__(self) -> str:
        match self.limit:
            case WaitKind.QUOTA:
                what = f"the quota{f' ({self.window})' if self.window else ''} is used up"
            case WaitKind.API_WINDOW:
                what = "the API's limit on requests is used up"
            case _:
                what = "the API asks for a pause"
        said = f" ({self.said})" if self.said else ""
        so_far = f" after {self.waited_s:,.0f} s of waiting" if self.waited_s >= WORTH_A_WORD_S else ""
        end = clock_time(self.until, self.until - self.wait_s)
        return (
            f"{what}{said} until {end}: {self.wait_s:,.0f} s to wait{so_far}, more than the "
            f"{self.longest_s:,.0f} s that this run waits at most"
        )


@dataclass(frozen=True, slots=True)
class TaskNotKnown:
    """The API does not know a task on record: this is another account, or another host."""

    kind: ClassVar[EndKind] = EndKind.ACCOUNT
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)

    def __str__(self) -> str:
        return "the API does not know the task: is this the account and the host it was made with?"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTaskStatus:
    """The API answers, and has not told for long how any task stands."""

    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    why: str
    """The reason of the last failed poll."""
    since: float
    """Unix seconds."""
    lasted_s: float
    is_throttled: bool

    @property
    def kind(self) -> EndKind:
        """A 429 is the account's limit."""
        return EndKind.ACCOUNT if self.is_throttled else EndKind.OFFLINE

    def __str__(self) -> str:
        since = clock_time(self.since, self.since + self.lasted_s)
        return f"since {since} the API has not told how any task stands ({self.why})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The API could not be reached."""

    kind: ClassVar[EndKind] = EndKind.OFFLINE
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    why: str
    tried_s: float | None
    """For how long the run has tried; None where another try would be in vain, as for a bad certificate."""

    def __str__(self) -> str:
        tried = "" if self.tried_s is None else f" for {self.tried_s:g} s"
        return f"the API could not be reached{tried}: {self.why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoImages:
    """No image can be fetched."""

    kind: ClassVar[EndKind] = EndKind.NO_IMAGES
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    why: str
    """The source and the failure."""
    waiting: int
    """Jobs that are paid and wait for their images."""

    def __str__(self) -> str:
        return no_images_message(self.why, self.waiting)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsUnreadable:
    """Tasks are done, and what they list can't be read."""

    kind: ClassVar[EndKind] = EndKind.NO_IMAGES
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    tasks: int
    why: str

    def __str__(self) -> str:
        return f"the results of {self.tasks:,} tasks can't be read, so nothing more is bought: {self.why}"


@dataclass(frozen=True, slots=True)
class JobFailed:
    """A job failed, and the run was to stop then."""

    kind: ClassVar[EndKind] = EndKind.FAIL_FAST
    next_steps: ClassVar[tuple[NextStep, ...]] = ()
    job_id: str

    def __str__(self) -> str:
        return f"job {self.job_id} failed, and fail-fast was asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDenied:
    """The key may not use a model."""

    kind: ClassVar[EndKind] = EndKind.DENIED
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    http_status: int
    said: str

    def __str__(self) -> str:
        return f"the API does not let this key use it (HTTP {self.http_status}: {self.said})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUnavailable:
    """A model took no job for long."""

    kind: ClassVar[EndKind] = EndKind.OFFLINE
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    why: str
    lasted_s: float
    asked_s: float
    """How much longer the API asks to wait; 0 when it does not say."""

    def __str__(self) -> str:
        asks = f", and asks to wait for another {self.asked_s:,.0f} s" if self.asked_s else ""
        return f"it took no job for {self.lasted_s:,.0f} s ({self.why}){asks}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTooHigh:
    """The API sets aside far more for a job of a model than the catalog says."""

    kind: ClassVar[EndKind] = EndKind.BUDGET
    next_steps: ClassVar[tuple[NextStep, ...]] = (NextStep.RUN_AGAIN,)
    held_nusd: int
    estimated_nusd: int

    def __str__(self) -> str:
        return f"the API holds {usd_words(self.held_nusd)} for a job estimated at {usd_words(self.estimated_nusd)}"


ModelTrouble: TypeAlias = AccountRefused | WaitTooLong | ModelDenied | ModelUnavailable | HoldTooHigh
"""Why nothing more of a model is submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLeft:
    """The rest of a model is left to the next run, while other models go on."""

    model: str
    trouble: ModelTrouble

    @property
    def kind(self) -> EndKind:
        """The kind of its trouble."""
        return self.trouble.kind

    @property
    def next_steps(self) -> tuple[NextStep, ...]:
        """Those of its trouble."""
        return self.trouble.next_steps

    def __str__(self) -> str:
        if isinstance(self.trouble, HoldTooHigh):
            return f"{self.model} is paused: {self.trouble}"
        return f"{self.model} is left to the next run: {self.trouble}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToSubmit:
    """All that is left is of models that are left to the next run, or costs more than the budget leaves."""

    models: tuple[ModelLeft, ...]
    left_nusd: int | None
    """The rest of the budget, if some job costs more; None if money is not the reason."""

    @property
    def kind(self) -> EndKind:
        """The gravest of its parts."""
        money = [] if self.left_nusd is None else [EndKind.BUDGET]
        return gravest([*(left.kind for left in self.models), *money])

    @property
    def next_steps(self) -> tuple[NextStep, ...]:
        """Those of its gravest part."""
        steps = next((left.next_steps for left in self.models if left.kind is self.kind), None)
        return (NextStep.RAISE_BUDGET,) if steps is None else steps

    def __str__(self) -> str:
        parts = [str(left) for left in self.models]
        if self.left_nusd is not None:
            parts.append(
                f"the budget is used up: {usd_words(self.left_nusd)} is left, and every job that is left may cost more"
            )
        return "; ".join(parts)


StopReason: TypeAlias = (
    Interrupted
    | FolderMoved
    | StorageFailed
    | WorkersLost
    | AccountRefused
    | WaitTooLong
    | TaskNotKnown
    | NoTaskStatus
    | Unreachable
    | NoImages
    | ResultsUnreadable
    | JobFailed
    | NothingToSubmit
)
"""Why a run submits nothing more."""
