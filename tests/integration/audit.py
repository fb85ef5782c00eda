"""The API's books held to a folder's ledger: each paid task has its attempt, and each second one a person's word."""

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.simulator import Simulator
from qwave_batch.simulator.simulated_task import SimulatedCharge

OPEN = frozenset(
    {
        AttemptState.SUBMITTING,
        AttemptState.ACCEPTED,
        AttemptState.COMPLETED,
        AttemptState.UNKNOWN,
        AttemptState.NOT_FOUND,
    }
)
"""The next run, or a person's word, may still bring the images."""
ENDED_IN_DOUBT = frozenset({AttemptState.FAILED, AttemptState.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Accounts for the money of one folder. All counts but ``open`` are final."""

    paid_twice: int
    """Paid tasks for a job beyond its first that nobody asked for."""
    paid_on_request: int
    """Paid tasks after one whose images were broken twice, gone or withheld: only ``--retry-failed`` makes them."""
    lost: int
    """Images that were made and paid, and that neither a file, nor the ledger, nor a person's word will bring."""
    spoiled: int
    """Images that were made and paid, and came broken twice, were gone, or are withheld by the API's word."""
    open: int
    """Images that were made and paid, and that a next run may still bring."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    job_id: str
    number: int
    state: AttemptState
    is_perhaps_paid: bool
    """Whether its money stays held: its task failed without a word on its cost, or it was refused as it was sent again
    on request, after a submit without an answer."""
    paths: tuple[str, ...]


def audit(simulator: Simulator, folder: Path) -> Audit:
    """Compare each task that took money with what is on record and on disk."""
    tries = _tries_by_key(folder / ".qwave" / "ledger.sqlite")
    newest = _newest(tries)
    images: Counter[str] = Counter()
    paid: dict[str, list[SimulatedCharge]] = defaultdict(list)
    for charge in simulator.charges():
        its = tries.get(charge.idempotency_key or "")
        if charge.cost_quota:  # bodies of one job differ in the addresses of its parents' images
            paid[its.job_id if its else charge.body_hash].append(charge)
        if charge.images:
            for kind, count in _fate(charge, its, newest, folder).items():
                images[kind] += count
    extra = sum(len(charges) - 1 for charges in paid.values())
    asked_for = sum(min(len(charges) - 1, _replaced(charges, tries, newest)) for charges in paid.values())
    return Audit(
        paid_twice=extra - asked_for,
        paid_on_request=asked_for,
        lost=images["lost"],
        spoiled=images["spoiled"],
        open=images["open"],
    )


def _fate(charge: SimulatedCharge, its: _Try | None, newest: dict[str, int], folder: Path) -> dict[str, int]:
    """Return what became of the images of one task."""
    if its is None:
        return {"lost": charge.images}
    held = sum((folder / path).is_file() for path in its.paths)
    if its.state is AttemptState.STORED:
        return {"lost": charge.images - held}
    if its.state is AttemptState.UNRECOVERABLE:
        return {"spoiled": charge.images - held}
    if its.is_perhaps_paid:  # refetch still asks it, unless a person had the job made again
        return {"spoiled" if newest[its.job_id] > its.number else "open": charge.images}
    return {"open" if its.state in OPEN else "lost": charge.images}


def _replaced(charges: list[SimulatedCharge], tries: dict[str, _Try], newest: dict[str, int]) -> int:
    """Return how many attempts were paid, came to nothing by the API's word, and were then followed by another.

    Only ``--retry-failed`` begins an attempt after one that is unrecoverable or perhaps paid.
    """
    keys = {charge.idempotency_key or "" for charge in charges}
    spoiled = [
        tries[key]
        for key in keys & tries.keys()
        if tries[key].state is AttemptState.UNRECOVERABLE or tries[key].is_perhaps_paid
    ]
    return sum(newest[its.job_id] > its.number for its in spoiled)


def _newest(tries: dict[str, _Try]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for its in tries.values():
        newest[its.job_id] = max(its.number, newest.get(its.job_id, 0))
    return newest


def _tries_by_key(ledger: Path) -> dict[str, _Try]:
    with closing(sqlite3.connect(ledger)) as connection:
        paths: dict[tuple[str, int], list[str]] = defaultdict(list)
        for job_id, number, path in connection.execute("SELECT job_id, number, path FROM images"):
            paths[job_id, number].append(path)
        return {
            key: _Try(
                job_id=job_id,
                number=number,
                state=AttemptState(state),
                is_perhaps_paid=AttemptState(state) in ENDED_IN_DOUBT and doubt_nusd > 0,
                paths=tuple(paths[job_id, number]),
            )
            for key, job_id, number, state, doubt_nusd in connection.execute(
                "SELECT key, job_id, number, state, doubt_nusd FROM attempts"
            )
        }
