"""What goes into a change of an attempt, and how whoever watches is told of one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from qwave_batch.ledger.attempt import Attempt, StoredFile
from qwave_batch.ledger.states import AttemptState


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a task's end cost, and who says so."""

    cost_nusd: int
    cost_from: Literal["api", "catalog"] | None
    catalog_nusd: int | None = None
    """The catalog's price of what came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What the API said when it made a task."""

    task_id: str
    submitted_at: float
    """Unix seconds."""
    held_nusd: int
    """The most the task can cost."""
    hold_nusd: int | None = None
    """What the API says it set aside; None when it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptChange:
    """A change of an attempt that is on record."""

    before: AttemptState | None
    """None for a new attempt; the present state when only an error was noted."""
    attempt: Attempt
    files: tuple[StoredFile, ...] = ()


OnChange: TypeAlias = Callable[[AttemptChange], None]
