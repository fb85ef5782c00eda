"""The choice of the place where the work on images is done."""

from dataclasses import dataclass
from typing import Final

MOST_WORKERS: Final = 10_000
"""Ray keeps a record of each worker that was asked for, though it has no processor for it yet."""


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Ray does the work on images; what is submitted, what it may cost and what is on record stays here."""

    workers: int | None = None
    """How many; None for one on each processor that Ray has."""
    address: str | None = None
    """A Ray that runs; None for the one that ``RAY_ADDRESS`` names, else for one of this machine's own."""
