"""The terms of a run: limits, retries, timeouts and money. Part of the spec and of a plan's header."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qwave_batch.model.short_repr import repr_of_changes


class Completion(StrEnum):
    """How a run learns that a task has ended."""

    AUTO = "auto"
    """The cheapest way: submits are held until their tasks end if the API supports that, else tasks are polled."""
    POLL = "poll"
    """Each task is asked for now and then."""
    WAIT = "wait"
    """Each submit is held by the API until its task ends, a minute at most."""
    WEBHOOK = "webhook"
    """The API calls a receiver of the run's own, and tasks are asked for when it does; now and then all the same."""


DEFAULT_CONCURRENCY = 16
"""Tasks alive at once where neither spec nor options say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """Ceilings for one model; None leaves it to the account's."""

    concurrency: int | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Ceilings for the account and for single models."""

    concurrency: int | None = None
    """Tasks alive at once; None leaves it to the run."""
    requests_per_minute: int | None = None
    """Submits in any 60 seconds; None means unlimited."""
    count_polls: bool = False
    """Whether polls count against ``requests_per_minute`` too."""
    models: Mapping[str, ModelLimits] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything in a spec that shapes the run and not the jobs."""

    limits: Limits = Limits()
    retry_attempts: int = 5
    """How often more a job may be tried after its first try; 0 is never."""
    timeout_s: float = 300.0
    """How long one run waits for one task."""
    completion: Completion = Completion.AUTO
    """How the run learns that a task has ended."""
    max_usd: float | None = None
    """Most that the run folder may ever cost; None means uncapped."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)
