"""Which ledger a run over a store goes on from."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.folder.stores.ledger_choice import (
    BeginNew,
    LedgerChoice,
    LedgerRefusal,
    LocalLedger,
    TakeSnapshot,
    UseLocal,
    choose_ledger,
)
from qwave_batch.folder.stores.ledger_snapshots import FoundSnapshot, LedgerSnapshot, snapshot_of
from qwave_batch.folder.stores.lock_record import LockOwner, StoreLockRecord

OWNER = LockOwner(pid=1, host="there", path="/runs/a", since=0.0)
NOTHING = LocalLedger(folder_id=None)


def snapshot(generation: int, number: int = 1) -> FoundSnapshot:
    return FoundSnapshot(snapshot=LedgerSnapshot(generation=generation, number=number), size_bytes=1, written_at=100.0)


def lock(generation: int, *, token: str = "theirs", told: FoundSnapshot | None = None) -> StoreLockRecord:
    return StoreLockRecord(
        folder_id="f",
        generation=generation,
        token=token,
        owner=OWNER,
        ttl_s=80,
        snapshot=None if told is None else told.snapshot.key,
        is_whole=False,
    )


def choose(
    local: LocalLedger, found: StoreLockRecord | None, newest: FoundSnapshot | None, *, may_replace: bool = False
) -> LedgerChoice:
    return choose_ledger(local, found, newest, may_replace=may_replace)


def test_an_empty_store_and_an_empty_folder_begin() -> None:
    assert choose(NOTHING, None, None) == BeginNew()


def test_a_run_that_died_before_its_first_snapshot_has_sent_nothing() -> None:
    assert choose(NOTHING, lock(1), None) == BeginNew()


def test_a_folder_whose_run_began_without_a_store_keeps_its_ledger() -> None:
    assert choose(LocalLedger(folder_id="f"), None, None) == UseLocal()


def test_a_machine_without_a_ledger_takes_the_newest_snapshot_and_what_the_lock_says_of_it() -> None:
    dead = lock(1, told=snapshot(1, 3))
    assert choose(NOTHING, dead, snapshot(1, 3)) == TakeSnapshot(found=snapshot(1, 3), is_whole=False, is_retry=False)
    ended = replace(dead, is_whole=True, is_released=True)
    assert choose(NOTHING, ended, snapshot(1, 3)) == TakeSnapshot(found=snapshot(1, 3), is_whole=True, is_retry=False)


def test_a_snapshot_newer_than_the_lock_tells_of_is_taken() -> None:
    """Its run died between writing it and saying so."""
    choice = choose(NOTHING, lock(1, told=snapshot(1, 3)), snapshot(1, 4))
    assert isinstance(choice, TakeSnapshot)
    assert choice.found == snapshot(1, 4)


def test_without_the_snapshot_that_the_lock_tells_of_nothing_begins() -> None:
    assert choose(NOTHING, lock(1, told=snapshot(1, 3)), None) == LedgerRefusal.SNAPSHOT_GONE
    assert choose(NOTHING, lock(1, told=snapshot(1, 3)), snapshot(1, 2)) == LedgerRefusal.SNAPSHOT_GONE


def test_without_its_lock_a_snapshot_is_not_held_to_be_whole() -> None:
    assert choose(NOTHING, None, snapshot(2)) == TakeSnapshot(found=snapshot(2), is_whole=False, is_retry=True)


def test_the_owner_of_the_lock_goes_on_from_its_own_ledger() -> None:
    local = LocalLedger(folder_id="f", generation=6, token="mine")
    assert choose(local, lock(6, token="mine", told=snapshot(6, 2)), snapshot(6, 2)) == UseLocal()


def test_a_machine_that_comes_back_after_another_has_submitted_is_refused_until_a_user_says_otherwise() -> None:
    local = LocalLedger(folder_id="f", generation=6, token="mine")
    taken_over = lock(7, told=snapshot(7))
    assert choose(local, taken_over, snapshot(7)) == LedgerRefusal.TAKEN_OVER
    assert choose(local, taken_over, snapshot(7), may_replace=True) == TakeSnapshot(
        found=snapshot(7), is_whole=False, is_retry=False
    )


def test_a_machine_that_comes_back_after_another_had_the_lock_and_sent_nothing_has_the_newest_ledger() -> None:
    local = LocalLedger(folder_id="f", generation=6, token="mine")
    assert choose(local, lock(9, told=snapshot(6, 2)), snapshot(6, 2)) == UseLocal()


def test_where_somebody_removed_the_lock_the_snapshots_tell_who_has_gone_on() -> None:
    local = LocalLedger(folder_id="f", generation=6, token="mine")
    assert choose(local, None, snapshot(6, 2)) == UseLocal()
    assert choose(local, None, snapshot(7)) == LedgerRefusal.TAKEN_OVER
    assert choose(local, None, snapshot(7), may_replace=True) == TakeSnapshot(
        found=snapshot(7), is_whole=False, is_retry=True
    )


def test_the_store_of_another_folder_is_refused_even_for_one_who_may_replace() -> None:
    local = LocalLedger(folder_id="other", generation=6)
    for may_replace in (False, True):
        choice = choose(local, lock(7, told=snapshot(7)), snapshot(7), may_replace=may_replace)
        assert choice == LedgerRefusal.OTHER_FOLDER


def test_a_copy_of_the_folder_is_not_the_owner() -> None:
    """A copy remembers no lock: its ledger may be older than that of the folder that it was copied from."""
    assert choose(LocalLedger(folder_id="f"), lock(6, told=snapshot(6)), snapshot(6)) == LedgerRefusal.TAKEN_OVER


@given(
    generation=st.integers(0, 9),
    token=st.sampled_from(["", "mine", "theirs"]),
    of_lock=st.integers(1, 9),
    told=st.integers(1, 9),
    may_replace=st.booleans(),
)
def test_an_older_ledger_than_one_that_was_submitted_under_is_never_gone_on_with(
    *, generation: int, token: str, of_lock: int, told: int, may_replace: bool
) -> None:
    found = lock(max(of_lock, told), told=snapshot(told))
    local = LocalLedger(folder_id="f", generation=generation, token=token)
    choice = choose(local, found, snapshot(told), may_replace=may_replace)
    if isinstance(choice, UseLocal):
        assert generation >= told or token == found.token
    else:
        assert isinstance(choice, TakeSnapshot) == may_replace


@given(st.integers(1, 10**8 - 1), st.integers(1, 10**8 - 1))
def test_the_key_of_a_snapshot_names_it_and_keys_sort_as_snapshots_do(generation: int, number: int) -> None:
    one, other = (
        LedgerSnapshot(generation=generation, number=number),
        LedgerSnapshot(generation=number, number=generation),
    )
    assert snapshot_of(one.key) == one
    assert (one < other) == (one.key < other.key)


@pytest.mark.parametrize("key", ["", "manifest.jsonl", ".qwave/ledger/1-1.sqlite.gz", ".qwave/ledger/x.sqlite.gz"])
def test_other_keys_name_no_snapshot(key: str) -> None:
    assert snapshot_of(key) is None
