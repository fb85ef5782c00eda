"""Calls of the embedded API: who makes one, the outcome of a submit, and what has been seen so far."""

from collections import Counter
from dataclasses import dataclass, field

from qwave_batch.simulator.faults import FaultPlace
from qwave_batch.simulator.replies import Reply
from qwave_batch.simulator.simulated_task import SimulatedTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The caller, and the address under which it reached the server."""

    account: str
    origin: str
    """Scheme and host as the client wrote them, such as ``http://127.0.0.1:8000``."""
    elsewhere: str
    """The URL of this request on another host name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A callback that a submit has requested."""

    url: str
    events: tuple[str, ...]
    """The events to report; empty means all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The outcome of a submit."""

    reply: Reply
    task: SimulatedTask | None = None
    """The task that was created or found, if the regular answer to it may still be waited for."""
    call: Call | None = None
    """The callback for the end of the task; None for a task that existed already, whose callback is scheduled."""


@dataclass(slots=True)
class Seen:
    """Requests that have reached the server so far, for tests."""

    answers: Counter[tuple[FaultPlace, int]]
    """Number of requests to each place, by the intended status of the answer."""
    keys_on_files: int = 0
    """Number of Authorization headers sent with a request for a file."""
    keys_after_redirect: int = 0
    """Number of Authorization headers sent on to the other host name of a redirect."""
    throttled: int = 0
    """Number of requests rejected by the rate limits."""
    calls: Counter[int] = field(default_factory=Counter)
    """Number of answered callbacks, by status; 0 means no answer."""
