"""The limits that the newest run of a folder met, and how long it waited for them, as its summary tells. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottledCalls:
    """Calls that were answered with 429."""

    calls: str
    """``submit``, ``poll`` or ``download``."""
    model: str | None
    """None where the answer is not about one model."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitWait:
    """The time in which no submit could leave although jobs and room were there."""

    kind: str
    """As in ``run_waiting`` of events."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """One run and the limits that it met."""

    folder: int
    started_at: str
    submits: int
    polls: int
    downloads: int
    retried: int
    throttled: tuple[ThrottledCalls, ...] | None
    """None for a run of a version that did not record it."""
    waits: tuple[SubmitWait, ...] | None
    """None likewise."""


def limits_of_summary(folder: int, summary: object) -> RunLimits | None:
    """Return what a summary tells; None for one that is missing or tells of no run."""
    told = summary if isinstance(summary, Mapping) else {}
    requests, started_at = told.get("requests"), told.get("started_at")
    if not isinstance(requests, Mapping) or not isinstance(started_at, str):
        return None
    limits = told.get("limits")
    return RunLimits(
        folder=folder,
        started_at=started_at,
        submits=_whole(requests.get("submit")),
        polls=_whole(requests.get("poll")),
        downloads=_whole(requests.get("download")),
        retried=_whole(requests.get("retried")),
        throttled=tuple(_throttled(limits)) if isinstance(limits, Mapping) else None,
        waits=tuple(_waits(limits.get("waited_seconds"))) if isinstance(limits, Mapping) else None,
    )


def _throttled(limits: Mapping[str, object]) -> Iterator[ThrottledCalls]:
    submits = limits.get("throttled_submits")
    for model, count in submits.items() if isinstance(submits, Mapping) else ():
        yield ThrottledCalls(calls="submit", model=str(model), count=_whole(count))
    for calls in ("poll", "download"):
        count = _whole(limits.get(f"throttled_{calls}s"))
        if count:
            yield ThrottledCalls(calls=calls, model=None, count=count)


def _waits(waited: object) -> Iterator[SubmitWait]:
    for kind, seconds in waited.items() if isinstance(waited, Mapping) else ():
        if isinstance(seconds, int | float) and not isinstance(seconds, bool):
            yield SubmitWait(kind=str(kind), seconds=float(seconds))


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
