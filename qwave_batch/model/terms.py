"""The terms a run is held to: limits, retries, patience and money. Part of the spec and of a plan's header."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """Submits in any 60 seconds; None is no limit of our own."""
    count_polls: bool = False
    """Whether polls count against ``requests_per_minute`` too."""
    models: Mapping[str, ModelLimits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Everything in a spec that shapes the run and not the jobs."""

    limits: Limits = Limits()
    retry_attempts: int = 5
    """How often more a job may be tried after its first try; 0 is never."""
    timeout_s: float = 300.0
    """How long one run waits for one task."""
    max_usd: float | None = None
    """What the run folder may ever cost; None is no cap."""
