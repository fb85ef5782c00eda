"""The lock of a run folder in an object store: what the object holds, and what follows from how it is found. Pure.

The lock is one object, ``.qwave/lock.json``. It is made with If-None-Match and only ever replaced with If-Match, so of
two processes that want it one is refused by the store. It is never removed: after a release it still holds the
*generation*, which grows with every taking, and by which a process that comes back late is known.

The store's clock alone decides that a lock has run out. The store stamps every object with the time of its last
write. One who finds a lock writes an object beside it, and compares the two stamps: a lock whose last renewal is older
than its ``ttl_s``, and by a sixteenth more for stamps that are cut to seconds, is that of a dead process. Neither the
owner's clock nor the finder's is asked, so they may differ by days. While the finder waits for the rest of that time it
counts seconds by its own clock, and it looks whether the owner renews: if so, the owner lives.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TypeAlias

from qwave_batch.model.clock import clock_time

TTL_S = 80.0
"""How long a lock lasts after its last renewal. With the slack and the looks, less than two minutes."""
SLACK = 1 / 16
"""How much longer a finder waits, as a share of that: stamps are cut to seconds, and machines differ by a little."""
MOST_TTL_S = 3600.0
"""A lock that claims to last longer was not written by this program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockOwner:
    """The process that made or took a lock."""

    pid: int
    host: str
    path: str
    """Its local folder."""
    since: float
    """Unix seconds, by its own clock; only for people."""

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} ({self.path}) since {clock_time(self.since, self.since + 1)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreLockRecord:
    """The content of the lock object."""

    format: int = 1
    folder_id: str | None
    """The folder's id; None until the ledger of a new folder has one, before which nothing is sent."""
    generation: int
    """How often the lock was taken."""
    token: str
    """Random for each taking, so that a process knows its own lock."""
    owner: LockOwner
    ttl_s: float
    renewals: int = 0
    """Each renewal has other content, and so another tag."""
    is_released: bool = False
    """Whether its owner has ended, and said so."""
    snapshot: str | None = None
    """The newest snapshot of the ledger; None before the first, without which nothing is sent."""
    is_whole: bool = True
    """Whether that snapshot holds all that was ever submitted. False from the first submit of a run until its end."""
    is_retry: bool = False
    """While it is not whole: whether failed jobs were tried again."""

    @property
    def taken_after_s(self) -> float:
        """How old its last renewal is when others may take it."""
        return self.ttl_s * (1 + SLACK)

    def renewed(self) -> "StoreLockRecord":
        """Return it as its owner writes it next."""
        return replace(self, renewals=self.renewals + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLock:
    """A lock as a look at the store shows it."""

    record: StoreLockRecord
    tag: str
    written_at: float
    """By the store's clock."""


class Taking(Enum):
    """Why a lock may be taken."""

    NEW = auto()
    """There is none yet."""
    OURS = auto()
    """It is of an earlier process of this workspace, which is dead: its local lock is ours now."""
    RELEASED = auto()
    """Its owner has ended and said so."""
    RUN_OUT = auto()
    """Its owner did not renew it in time: it is dead, or has stopped to submit long ago."""


@dataclass(frozen=True, slots=True)
class MayTake:
    """The lock can be taken now."""

    why: Taking


@dataclass(frozen=True, slots=True)
class MustWait:
    """Its owner may live: look again, at the latest when the lock has run out."""

    owner: LockOwner
    left_s: float
    """Until then, if it is not renewed."""


@dataclass(frozen=True, slots=True)
class IsHeld:
    """Its owner lives: it has renewed the lock while we looked."""

    owner: LockOwner


LockVerdict: TypeAlias = MayTake | MustWait | IsHeld


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The first look at a lock of somebody else, from which time is counted."""

    tag: str
    age_s: float
    """How old its last renewal was then, by the store's clock."""
    seen_at: float
    """Monotonic seconds of ours, not earlier than the moment of that age."""


def judge_lock(
    found: FoundLock | None, *, own_tokens: frozenset[str], first: Sighting | None, monotonic: float
) -> LockVerdict:
    """Return what one may do about a lock.

    Args:
        found: The lock; None when there is none.
        own_tokens: Those of this workspace, whose local lock the caller holds.
        first: The first look at it, if it is somebody else's and not released.
        monotonic: Monotonic seconds, now.
    """
    if found is None:
        return MayTake(Taking.NEW)
    record = found.record
    if record.is_released:
        return MayTake(Taking.OURS if record.token in own_tokens else Taking.RELEASED)
    if record.token in own_tokens:
        return MayTake(Taking.OURS)
    if first is None:
        return MustWait(record.owner, record.taken_after_s)
    if found.tag != first.tag:
        return IsHeld(record.owner)
    left_s = record.taken_after_s - first.age_s - (monotonic - first.seen_at)
    return MayTake(Taking.RUN_OUT) if left_s <= 0 else MustWait(record.owner, left_s)


def taken(
    before: StoreLockRecord | None, *, owner: LockOwner, token: str, least_generation: int, ttl_s: float = TTL_S
) -> StoreLockRecord:
    """Return the lock as its new owner writes it; what it tells of the ledger stays until that has its own snapshot."""
    if before is None:
        return StoreLockRecord(folder_id=None, generation=least_generation, token=token, owner=owner, ttl_s=ttl_s)
    return replace(
        before,
        generation=max(before.generation + 1, least_generation),
        token=token,
        owner=owner,
        ttl_s=ttl_s,
        renewals=0,
        is_released=False,
    )
