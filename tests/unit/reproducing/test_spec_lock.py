"""The text of a lock."""

import hashlib
import json
from dataclasses import replace

import pytest

from qwave_batch.reproducing.lock_check import JobsDifference, LockedPart, differences, jobs_difference
from qwave_batch.reproducing.spec_lock import (
    MOST_LISTED,
    BadLock,
    LockedCatalog,
    LockedFiles,
    LockedJobs,
    LockedSpec,
    SpecLock,
    read_lock_text,
)

SHA = "a" * 64


def jobs(count: int) -> tuple[LockedJobs, frozenset[int]]:
    ids = frozenset(range(1, count + 1))
    return LockedJobs.of(ids, {each: f"model prompt-{each}" for each in ids}, {"model": count}, count), ids


def lock(count: int = 3) -> SpecLock:
    return SpecLock(
        spec=LockedSpec(name="tea", file="tea.yaml", sha256=SHA, overrides=("repeat=2",)),
        files=LockedFiles.of({"b.tsv": "1" * 64, "a.tsv": "2" * 64}),
        images=LockedFiles.of({}),
        catalog=LockedCatalog(date="2026-05", sha256=SHA),
        jobs=jobs(count)[0],
        versions={"qwave-batch": "1"},
    )


@pytest.mark.parametrize("count", [1, MOST_LISTED, MOST_LISTED + 1])
def test_a_lock_is_read_as_it_was_written(count: int) -> None:
    text = lock(count).text()
    assert read_lock_text(text) == lock(count)
    assert lock(count).text() == text


def test_a_file_and_a_job_have_a_line_each() -> None:
    lines = lock().text().splitlines()
    assert f'   "a.tsv": "{"2" * 64}",' in lines
    assert '   "0000000000000002": "model prompt-2",' in lines


def test_many_jobs_take_a_small_file() -> None:
    assert len(lock(20_000).text()) < 30_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not JSON"),
        ("{}", "is not a lock"),
        ("[]", "is not a lock"),
        ('{"lock": 2}', "version 2"),
        ('{"lock": true}', "version True"),
        (lock().text().replace("prompt-2", "prompt-9"), "was edited"),
        (f"<<<<<<< ours\n{lock().text()}", "a merge that was not finished"),
        (json.dumps({**json.loads(lock().text()), "seal": None}), "was edited"),
    ],
)
def test_another_text_is_refused_with_its_reason(text: str, said: str) -> None:
    with pytest.raises(BadLock, match=said):
        read_lock_text(text)


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        ({"listed": {"zz": "m"}}, "'zz' is not the id of a job"),
        ({"listed": None}, "either listed, or in a sketch"),
        ({"listed": None, "sketch": ["1"]}, "600 cells"),
        ({"count": "three"}, "count"),
        ({"listed": 7}, "listed"),
    ],
)
def test_a_lock_that_somebody_sealed_anew_is_read_with_care(jobs: dict[str, object], said: str) -> None:
    value = json.loads(lock().text())
    value["jobs"] |= jobs
    rest = {key: item for key, item in value.items() if key != "seal"}
    sealed = hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    with pytest.raises(BadLock, match=said):
        read_lock_text(json.dumps({**rest, "seal": sealed}))


def test_another_layout_of_the_same_values_is_no_edit() -> None:
    assert read_lock_text(json.dumps(json.loads(lock().text()))) == lock()


def test_each_part_that_differs_is_named_and_nothing_else() -> None:
    old, other = lock(), "b" * 64
    spec = replace(old, spec=replace(old.spec, sha256=other))
    overrides = replace(old, spec=replace(old.spec, overrides=()))
    catalog = replace(old, catalog=replace(old.catalog, sha256=other))
    overlay = replace(old, catalog=replace(old.catalog, overlay=other))
    assert differences(old, replace(old, versions={})) == []
    found = [[each.part for each in differences(old, now)] for now in (spec, overrides, catalog, overlay)]
    assert found == [[LockedPart.SPEC], [LockedPart.OVERRIDES], [LockedPart.CATALOG], [LockedPart.OVERLAY]]


def test_a_file_is_named_with_what_became_of_it() -> None:
    old = lock()
    now = replace(old, files=LockedFiles.of({"b.tsv": "9" * 64, "c.tsv": "3" * 64}))
    found = {each.name: (each.before, each.after) for each in differences(old, now)}
    assert found == {
        "a.tsv": ("2" * 64, None), "b.tsv": ("1" * 64, "9" * 64), "c.tsv": (None, "3" * 64),
    }  # fmt: skip


@pytest.mark.parametrize("count", [MOST_LISTED, MOST_LISTED + 1, 5_000])
def test_jobs_that_differ_are_known_in_both_forms(count: int) -> None:
    before, ids = jobs(count)
    assert jobs_difference(before, before, ids) is None
    changed = (ids - {1, 2}) | {10**6}
    after = LockedJobs.of(changed, dict.fromkeys(changed, ""), {"model": count - 2, "other": 1}, count)
    found = jobs_difference(before, after, changed)
    assert found == JobsDifference(
        added=frozenset({10**6}), removed=frozenset({1, 2}), is_whole=True, by_model={"model": -2, "other": 1}
    )
