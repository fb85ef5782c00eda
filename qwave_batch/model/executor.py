"""The choice of the place where the work on images is done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """Ray does the work on images; what is submitted, what it may cost and what is on record stays here."""

    workers: int | None = None
    """How many; None for one on each processor that Ray has."""
    address: str | None = None
    """A Ray that runs; None for the one that ``RAY_ADDRESS`` names, else for one of this machine's own."""
