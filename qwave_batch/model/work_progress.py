"""Progress of work on a folder's images outside of runs: checking, exporting, uploading."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkProgress:
    """Counts of one moment."""

    done: int
    total: int | None = None
    """None while nobody knows it yet."""
    doing: str = ""
    """The present part of the work, such as ``reading the folders``; empty where there is only one."""


OnWork: TypeAlias = Callable[[WorkProgress], None]


def ignore_work(_: WorkProgress) -> None:
    """Watch nothing."""
