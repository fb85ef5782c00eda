import json
import os
from typing import Any, TypeAlias

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import FolderLock
from qwave_batch.output.folder_status import folder_status
from qwave_batch.output.manifest import Freshness
from qwave_batch.output.summary import read_summary, reopen_summary
from qwave_batch.output.verification import verify
from qwave_batch.output.versions import versions

Folder: TypeAlias = Any  # the fixture's class is in conftest.py, which is not importable

DESIGNED = [
    "jobs", "completed", "failed", "skipped", "cancelled", "unknown", "pending", "short", "images", "cost_usd",
    "seconds", "requests", "exit",
]  # fmt: skip
COUNTS = DESIGNED[:10]
NOON = 1_795_348_800.0


def test_a_summary_has_the_designed_keys_first_and_says_what_made_it(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    summary: Any = read_summary(folder.layout)
    assert list(summary)[: len(DESIGNED)] == DESIGNED
    assert [summary[key] for key in DESIGNED] == [
        7, 1, 1, 1, 1, 1, 2, 0, 1, 0.006375005, 9.0, {"submit": 1, "poll": 2, "download": 3, "retried": 0}, 0,
    ]  # fmt: skip
    assert summary["started_at"] == "2026-11-22T08:00:00.123Z"
    assert {"versions", "git", "spec_sha256", "manifest_sha256", "overrides", "ended_at"} <= set(summary)


def test_a_run_that_begins_takes_back_how_the_one_before_it_ended(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    before: Any = read_summary(folder.layout)
    reopen_summary(folder.layout, folder.facts(started_at=NOON, ended_at=None, seconds=0.0, kind=None))
    after: Any = read_summary(folder.layout)
    assert (after["exit"], after["reason"], after["ended_at"]) == (None, None, None)
    assert after["started_at"] == "2026-11-22T12:00:00.000Z"
    assert list(after) == list(before)
    assert [after[key] for key in (*COUNTS, "manifest_sha256", "money")] == [
        before[key] for key in (*COUNTS, "manifest_sha256", "money")
    ]
    assert verify(folder.layout, folder.ledger).is_sound


def test_a_first_run_that_begins_has_no_summary_to_take_back(folder: Folder) -> None:
    reopen_summary(folder.layout, folder.facts())
    assert read_summary(folder.layout) is None


def test_a_status_is_of_the_ledger_and_makes_up_for_a_crash(folder: Folder) -> None:
    folder.one_of_each()
    status = folder_status(folder.layout, folder.ledger)
    assert status.manifest is Freshness.REBUILT
    assert (status.counts.jobs, status.counts.in_flight, status.holder) == (7, 1, None)
    assert status.name == "teahouse"
    assert status.summary is None


def test_a_live_run_is_named(folder: Folder) -> None:
    folder.one_of_each()
    with FolderLock(folder.layout):
        status = json.loads(json.dumps(folder_status(folder.layout, folder.ledger).as_json()))
    assert status["live"]
    assert status["holder"]["pid"] == os.getpid()


def test_a_copy_without_its_ledger_stands_as_its_manifest_says(folder: Folder) -> None:
    folder.one_of_each()
    folder.write()
    status = folder_status(RunLayout(folder.layout.root), None)
    assert (status.counts.jobs, status.counts.completed, status.counts.images) == (7, 1, 1)
    assert (status.name, status.backend, status.spent_nusd) == ("teahouse", "simulator", None)


def test_versions_name_what_made_the_images() -> None:
    assert {"qwave-batch", "python", "pillow"} <= set(versions())
