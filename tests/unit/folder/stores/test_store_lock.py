"""The lock of a folder in a store, over a store in memory: taken, renewed, lost and released."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from qwave_batch.errors import FolderError, StorageError
from qwave_batch.folder.stores.lock_record import LockOwner, Taking, judge_lock
from qwave_batch.folder.stores.lock_record import MayTake as May
from qwave_batch.folder.stores.store_lock import LOCK_KEY, LockPace, LockTaken, StoreLock, first_sighting, read_lock
from tests.memory_objects import MemoryObjects, failing

OWNER = LockOwner(pid=7, host="here", path="/runs/a", since=0.0)
HURRIED = LockPace(renews_every_s=0.02, tries_again_s=0.02)
BY_HAND = LockPace(renews_every_s=1000.0)
"""Nothing is renewed but what the test asks for."""


@dataclass
class TestClock:
    """A clock that a test sets."""

    __test__ = False
    at: float = 1000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, wait_s: float) -> None:
        self.at += wait_s


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def store(clock: TestClock) -> MemoryObjects:
    return MemoryObjects(now=clock.now)


@pytest.fixture
def taken(store: MemoryObjects, clock: TestClock) -> Iterator[StoreLock]:
    lock = take(store, clock)
    assert lock is not None
    yield lock
    lock.stop()


def take(store: MemoryObjects, clock: TestClock, token: str = "one", pace: LockPace = BY_HAND) -> StoreLock | None:
    found = read_lock(store)
    return StoreLock.take(store, clock, found, owner=OWNER, token=token, least_generation=1, pace=pace)


def until(is_so: object) -> None:
    """Wait until a function says yes."""
    assert callable(is_so)
    ends_at = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.005)


def test_of_two_that_saw_no_lock_one_gets_it(store: MemoryObjects, clock: TestClock, taken: StoreLock) -> None:
    late = StoreLock.take(store, clock, None, owner=OWNER, token="two", least_generation=1, pace=BY_HAND)
    assert late is None
    found = read_lock(store)
    assert found is not None
    assert (found.record.token, found.record.generation) == ("one", 1)


def test_of_two_that_saw_the_same_dead_lock_one_gets_it(
    store: MemoryObjects, clock: TestClock, taken: StoreLock
) -> None:
    taken.stop()
    found = read_lock(store)
    first = StoreLock.take(store, clock, found, owner=OWNER, token="two", least_generation=1, pace=BY_HAND)
    assert first is not None
    assert StoreLock.take(store, clock, found, owner=OWNER, token="three", least_generation=1, pace=BY_HAND) is None
    assert first.record.generation == 2
    first.stop()


def test_a_taking_whose_answer_is_lost_counts(store: MemoryObjects, clock: TestClock) -> None:
    """The store's client repeats the write, and finds that what is there is its own."""
    found = read_lock(store)
    record = StoreLock.take(store, clock, found, owner=OWNER, token="one", least_generation=1, pace=BY_HAND)
    assert record is not None
    record.stop()
    again = StoreLock.take(store, clock, None, owner=OWNER, token="one", least_generation=1, pace=BY_HAND)
    assert again is not None
    again.stop()


def test_it_is_renewed_while_nobody_asks_for_it(store: MemoryObjects, clock: TestClock) -> None:
    lock = take(store, clock, pace=HURRIED)
    assert lock is not None
    until(lambda: json.loads(store.objects[LOCK_KEY].data)["renewals"] >= 3)
    lock.release(is_whole=True)
    found = read_lock(store)
    assert found is not None
    assert found.record.is_released
    assert judge_lock(found, own_tokens=frozenset(), first=None, monotonic=0) == May(Taking.RELEASED)


def test_one_that_cannot_renew_may_not_submit_before_its_lock_runs_out(
    store: MemoryObjects, clock: TestClock, taken: StoreLock
) -> None:
    store.before = failing("put")
    clock.at += 59
    assert taken.is_given()
    clock.at += 2
    assert not taken.is_given()
    assert taken.lost() is None
    clock.at += 20
    lost = taken.lost()
    assert lost is not None
    assert "could not be renewed for 80 s" in str(lost)
    with pytest.raises(StorageError, match="could not be renewed"):
        taken.require()


def test_it_may_submit_again_once_the_store_is_back(store: MemoryObjects, clock: TestClock) -> None:
    lock = take(store, clock, pace=HURRIED)
    assert lock is not None
    store.before = failing("put")
    clock.at += 61
    assert not lock.is_given()
    store.before = failing()
    lock.require()
    assert lock.is_given()
    lock.stop()


def test_one_whose_lock_was_taken_learns_it_with_its_next_renewal_and_never_writes_again(
    store: MemoryObjects, clock: TestClock, taken: StoreLock
) -> None:
    other = replace(OWNER, host="elsewhere", pid=9)
    found = read_lock(store)
    newer = StoreLock.take(store, clock, found, owner=other, token="two", least_generation=1, pace=BY_HAND)
    assert newer is not None
    with pytest.raises(LockTaken, match="taken by another run: by process 9 on elsewhere"):
        taken.change(snapshot="s")
    assert not taken.is_given()
    assert isinstance(taken.lost(), LockTaken)
    held = store.objects[LOCK_KEY]
    taken.release()
    with pytest.raises(LockTaken):
        taken.require()
    assert store.objects[LOCK_KEY] is held
    newer.stop()


def test_a_renewal_that_came_although_its_answer_was_lost_is_built_upon(
    store: MemoryObjects, clock: TestClock, taken: StoreLock
) -> None:
    store.after = failing("put", times=1)
    with pytest.raises(StorageError, match="503"):
        taken.change(snapshot="a")
    taken.change(snapshot="b")
    found = read_lock(store)
    assert found is not None
    assert found.record.snapshot == "b"
    assert taken.is_given()


def test_a_lock_that_somebody_removed_is_lost(store: MemoryObjects, clock: TestClock, taken: StoreLock) -> None:
    store.delete(LOCK_KEY)
    with pytest.raises(LockTaken, match="it is gone"):
        taken.change(snapshot="a")


def test_the_age_of_a_lock_is_told_by_the_stores_clock_and_nothing_is_left(clock: TestClock) -> None:
    store = MemoryObjects(now=lambda: clock.at - 500_000)
    lock = take(store, clock)
    assert lock is not None
    lock.stop()
    clock.at += 42
    found = read_lock(store)
    assert found is not None
    assert first_sighting(store, found, clock).age_s == 42
    assert list(store.objects) == [LOCK_KEY]


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[" * 10_000, b"x" * 100_000, b'{"format": 2}', b"\xff\xfe", b'{"format": 1, "generation": -1}'],
)
def test_what_is_not_a_lock_is_said_and_left(store: MemoryObjects, content: bytes) -> None:
    store.put(LOCK_KEY, content)
    with pytest.raises(FolderError, match=r"lock\.json is not a lock that this version writes"):
        read_lock(store)


def test_a_lock_that_claims_to_last_for_years_is_none_of_ours(
    store: MemoryObjects, clock: TestClock, taken: StoreLock
) -> None:
    content = json.loads(store.objects[LOCK_KEY].data)
    store.put(LOCK_KEY, json.dumps({**content, "ttl_s": 1e9}).encode())
    with pytest.raises(FolderError, match="not a lock"):
        read_lock(store)
