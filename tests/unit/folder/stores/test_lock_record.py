"""The decision whether the lock of a folder in a store may be taken."""

from dataclasses import dataclass, replace

from hypothesis import assume, given
from hypothesis import strategies as st

from qwave_batch.folder.stores.lock_record import (
    SLACK,
    TTL_S,
    FoundLock,
    IsHeld,
    LockOwner,
    MayTake,
    MustWait,
    Sighting,
    StoreLockRecord,
    Taking,
    judge_lock,
    taken,
)
from qwave_batch.folder.stores.submit_lease import STOPS_AT, SubmitLease

OWNER = LockOwner(pid=1, host="there", path="/runs/a", since=0.0)
RECORD = StoreLockRecord(folder_id="f", generation=3, token="theirs", owner=OWNER, ttl_s=TTL_S)
FOUND = FoundLock(record=RECORD, tag="t1", written_at=100.0)
OURS = frozenset({"ours"})


def judged(found: FoundLock | None, *, age_s: float | None = None, waited_s: float = 0.0) -> object:
    first = None if age_s is None else Sighting(tag="t1", age_s=age_s, seen_at=1000.0)
    return judge_lock(found, own_tokens=OURS, first=first, monotonic=1000.0 + waited_s)


def test_a_lock_that_is_not_there_is_taken() -> None:
    assert judged(None) == MayTake(Taking.NEW)


def test_a_released_lock_is_taken_at_once() -> None:
    released = replace(FOUND, record=replace(RECORD, is_released=True))
    assert judged(released) == MayTake(Taking.RELEASED)


def test_the_lock_of_a_dead_process_of_this_workspace_is_taken_at_once() -> None:
    assert judged(replace(FOUND, record=replace(RECORD, token="ours"))) == MayTake(Taking.OURS)


def test_a_lock_that_is_renewed_while_one_looks_is_held() -> None:
    assert judged(replace(FOUND, tag="t2"), age_s=3.0, waited_s=2.0) == IsHeld(OWNER)


def test_a_lock_that_another_has_taken_meanwhile_is_held_by_that_one() -> None:
    other = replace(OWNER, host="elsewhere")
    assert judged(
        FoundLock(record=replace(RECORD, owner=other, token="new"), tag="t9", written_at=200.0), age_s=500.0
    ) == (IsHeld(other))


def test_an_old_lock_is_taken_at_the_second_look_and_a_young_one_waited_for() -> None:
    assert judged(FOUND) == MustWait(OWNER, TTL_S + SLACK * TTL_S)
    assert judged(FOUND, age_s=TTL_S + SLACK * TTL_S) == MayTake(Taking.RUN_OUT)
    assert judged(FOUND, age_s=10.0, waited_s=TTL_S + SLACK * TTL_S - 10.5) == MustWait(OWNER, 0.5)
    assert judged(FOUND, age_s=10.0, waited_s=TTL_S + SLACK * TTL_S - 10) == MayTake(Taking.RUN_OUT)


def test_a_dead_run_is_taken_over_within_two_minutes() -> None:
    assert TTL_S + SLACK * TTL_S < 100


@given(
    before=st.integers(1, 10**6),
    known=st.integers(1, 10**6),
    is_whole=st.booleans(),
    snapshot=st.sampled_from([None, "s"]),
)
def test_the_generation_grows_with_each_taking_and_what_is_told_of_the_ledger_stays(
    *, before: int, known: int, is_whole: bool, snapshot: str | None
) -> None:
    old = replace(RECORD, generation=before, is_whole=is_whole, snapshot=snapshot, is_released=True, renewals=7)
    new = taken(old, owner=OWNER, token="n", least_generation=known)
    assert new.generation > before
    assert new.generation >= known
    assert (new.folder_id, new.is_whole, new.snapshot) == (old.folder_id, is_whole, snapshot)
    assert not new.is_released


@dataclass(frozen=True)
class OwnClock:
    """A machine's clock: set by so much, and fast or slow; ``true`` is the true time."""

    true: float
    offset_s: float
    rate: float

    def now(self) -> float:
        return self.true * self.rate + self.offset_s

    def monotonic(self) -> float:
        return self.true * self.rate

    async def sleep(self, wait_s: float) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class ReadClock:
    """A machine's clock that was read once."""

    wall: float
    since_start: float

    def now(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.since_start

    async def sleep(self, wait_s: float) -> None:
        raise NotImplementedError


RATES = st.floats(0.999, 1.001)
OFFSETS = st.floats(-1e6, 1e6)


@given(
    noted_at=st.floats(1e6, 1e6 + 50),
    travel_s=st.floats(0, 60),
    owner_offset_s=OFFSETS,
    finder_offset_s=OFFSETS,
    store_offset_s=OFFSETS,
    owner_rate=RATES,
    finder_rate=RATES,
    store_rate=RATES,
    looks_after_s=st.floats(0, 400),
    probe_travel_s=st.floats(0, 10),
    machines_apart_s=st.floats(-1.5, 1.5),
)
def test_nobody_may_take_a_lock_while_its_owner_may_submit_whatever_the_clocks_say(  # noqa: PLR0913 - one each
    *,
    noted_at: float,
    travel_s: float,
    owner_offset_s: float,
    finder_offset_s: float,
    store_offset_s: float,
    owner_rate: float,
    finder_rate: float,
    store_rate: float,
    looks_after_s: float,
    probe_travel_s: float,
    machines_apart_s: float,
) -> None:
    """When it is first taken, its owner has not submitted for 15 s, which is the most that a connection takes."""
    stamped_at = noted_at + travel_s
    store = OwnClock(stamped_at, store_offset_s, store_rate)
    looked_at = stamped_at + looks_after_s
    probed_at = looked_at + probe_travel_s
    probe = OwnClock(probed_at, store_offset_s + machines_apart_s, store_rate)
    age_s = max(0.0, float(int(probe.now())) - float(int(store.now())))
    finder = OwnClock(probed_at, finder_offset_s, finder_rate)
    first = Sighting(tag="t1", age_s=age_s, seen_at=finder.monotonic())
    left_s = max(0.0, (TTL_S + SLACK * TTL_S - age_s) / finder_rate)
    taken_at = probed_at + left_s
    verdict = judge_lock(
        FOUND,
        own_tokens=OURS,
        first=first,
        monotonic=OwnClock(taken_at, finder_offset_s, finder_rate).monotonic() + 1e-6,
    )
    assert verdict == MayTake(Taking.RUN_OUT)
    noted = OwnClock(noted_at, owner_offset_s, owner_rate)
    lease = SubmitLease.note(noted)
    assert lease.left_s(OwnClock(taken_at - 15.0, owner_offset_s, owner_rate)) <= 0


@given(jump_s=st.floats(-1e6, 1e6), passed_s=st.floats(0, 1000))
def test_a_clock_that_is_set_never_lengthens_the_right_to_submit(jump_s: float, passed_s: float) -> None:
    lease = SubmitLease(noted_at=1e7, monotonic=50.0)

    assert lease.left_s(ReadClock(1e7 + passed_s + jump_s, 50.0 + passed_s)) <= (TTL_S * STOPS_AT - passed_s + 1e-6)


@given(slept_s=st.floats(0, 1e5))
def test_a_machine_that_slept_has_no_right_to_submit_from_before(slept_s: float) -> None:
    """Its monotonic clock may have stood still; the wall clock has not."""
    assume(slept_s > TTL_S)
    lease = SubmitLease(noted_at=1e6, monotonic=50.0)

    asleep = ReadClock(1e6 + slept_s, 50.0)
    assert lease.left_s(asleep) < 0
    assert not lease.is_run_out(asleep), "it may be renewed, if nobody took it"
