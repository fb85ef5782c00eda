"""Files of every kind have the bytes they had before there was a codec, and what was written then is read.

The files in golden/ were written from ``values`` by the functions of each file's own that a codec replaced.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.lock import LockHolder
from qwave_batch.folder.workspace import LIVE
from qwave_batch.ledger.attempt import stored_text
from qwave_batch.ledger.plan_replacement import PLAN_ITEMS, text_of_item
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.progress import Progress
from qwave_batch.model.record import ReusedFrom
from qwave_batch.model.run_events import Event
from qwave_batch.model.terms import Terms
from qwave_batch.output.event_lines import NAMES, event_as_json
from qwave_batch.output.live import LiveRun, read_live, write_live
from qwave_batch.output.manifest_line import encode_line, line_from_json
from qwave_batch.plan.file.earlier_jobs import LineFault
from qwave_batch.plan.file.plan_header import terms_as_json
from qwave_batch.plan.file.plan_lines import line_of, read_line
from qwave_batch.plan.file.plan_seal import opened_line
from tests.unit.codec import values

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> list[bytes]:
    return (GOLDEN / name).read_bytes().splitlines(keepends=False)


@pytest.mark.parametrize(("name", "items"), [("jobs.jsonl", values.JOBS), ("duplicates.jsonl", values.DUPLICATES)])
def test_plans_in_the_ledger(name: str, items: Sequence[Job | Duplicate]) -> None:
    assert [text_of_item(item).encode() for item in items] == golden(name)
    assert [PLAN_ITEMS.decode(json.loads(line), type(items[0])) for line in golden(name)] == list(items)


def test_errors_in_the_ledger() -> None:
    errors = [values.ERROR, values.PLAIN_ERROR]
    assert [(stored_text(error) or "").encode() for error in errors] == golden("errors.jsonl")
    assert [EXACT.decode(json.loads(line), JobError) for line in golden("errors.jsonl")] == errors


def test_origins_in_the_ledger() -> None:
    assert [(stored_text(values.REUSED_FROM) or "").encode()] == golden("reused_from.json")
    assert EXACT.decode(json.loads(golden("reused_from.json")[0]), ReusedFrom) == values.REUSED_FROM


def test_manifests() -> None:
    assert [encode_line(line) for line in values.LINES] == [line + b"\n" for line in golden("manifest.jsonl")]
    assert [line_from_json(json.loads(line)) for line in golden("manifest.jsonl")] == list(values.LINES)


def test_lines_of_the_first_manifests_do_not_say_what_was_reused() -> None:
    value = json.loads(golden("manifest.jsonl")[0])
    del value["reused_from"]
    assert line_from_json(value) == values.LINES[0]


def test_events() -> None:
    lines = [json.dumps(event_as_json(event), separators=(", ", ": ")).encode() for event in values.EVENTS]
    assert lines == golden("events.jsonl")


def test_every_event_has_a_name_and_a_golden_line() -> None:
    assert set(NAMES) == set(get_args(Event)) == {type(event) for event in values.EVENTS}


def printed(name: str) -> dict[str, Json]:
    value: dict[str, Json] = json.loads((GOLDEN / "printed.json").read_text(encoding="utf-8"))[name]
    return value


def known(value: Mapping[str, Json], then: Mapping[str, Json]) -> list[tuple[str, Json]]:
    """Return those keys of an object that it had then; others may have come since."""
    return [(key, each) for key, each in value.items() if key in then]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("books", values.COST_REPORT.as_json()),
        ("counts", values.COUNTS.as_json()),
        ("requests", values.REQUESTS.as_json()),
        ("progress", LiveRun(told_at=1.5, progress=values.PROGRESS).as_json()),
        ("early_progress", LiveRun(told_at=1.5, progress=values.EARLY_PROGRESS).as_json()),
        ("holder", LockHolder(pid=1, host="here", since=2.5).as_json()),
        ("terms", terms_as_json(values.TERMS)),
        ("default_terms", terms_as_json(Terms())),
    ],
)
def test_what_is_printed_has_its_keys_in_their_order(name: str, value: dict[str, Json]) -> None:
    then = printed(name)
    assert known(json.loads(json.dumps(value)), then) == list(then.items())


@pytest.fixture
def layout(tmp_path: Path) -> RunLayout:
    layout = RunLayout(tmp_path)
    layout.create()
    return layout


@pytest.mark.parametrize(("number", "progress"), [*enumerate([values.PROGRESS, values.EARLY_PROGRESS])])
def test_progress_for_other_processes(layout: RunLayout, number: int, progress: Progress) -> None:
    live = LiveRun(told_at=1.5, progress=progress)
    write_live(layout, live)
    assert read_live(layout) == live
    then = json.loads(golden("live.jsonl")[number])
    assert known(json.loads(layout.tree.read(LIVE, most_bytes=10_000)), then) == list(then.items())
    (layout.root / LIVE).write_bytes(golden("live.jsonl")[number])
    assert read_live(layout) == live


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"null", b"{}", b'{"told_at": 1.5}', b"[" * 50_000, b'{"told_at": ' + b"9" * 5000 + b"}",
        *(golden("live.jsonl")[0].replace(old, new) for old, new in [
            (b'"told_at": 1.5', b'"told_at": "x"'), (b'"done": 1', b'"done": -1'), (b'"done": 1', b'"done": "1"'),
            (b'"done": 1,', b""), (b'"elapsed_s": 12.3456', b'"elapsed_s": NaN'),
            (b'"remaining_s": 60.04', b'"remaining_s": Infinity'), (b'"window": "', b'"window": 7, "x": "'),
        ]),
    ],
)  # fmt: skip
def test_progress_that_is_not_one_says_nothing(layout: RunLayout, text: bytes) -> None:
    (layout.root / LIVE).write_bytes(text)
    assert read_live(layout) is None


def test_progress_of_another_version_is_read(layout: RunLayout) -> None:
    value = json.loads(golden("live.jsonl")[0])
    del value["allowed"], value["cancelled"]
    (layout.root / LIVE).write_text(json.dumps({**value, "more": {"a": 1}}), encoding="utf-8")
    read = read_live(layout)
    assert read is not None
    assert read.progress == replace(values.PROGRESS, allowed=None, cancelled=0)


@pytest.mark.parametrize(("number", "job"), [*enumerate(values.JOBS)])
def test_plan_files(number: int, job: Job) -> None:
    also = values.ALSO if job is values.JOBS[1] else ()
    text = golden("plan.jsonl")[number].decode()
    assert opened_line(line_of(job, also)).encode("utf-8", "backslashreplace").decode() == text
    line = read_line(json.loads(text + "}"))
    assert (line.job_id, line.request, line.tags, line.path) == (job.job_id, job.request, job.tags, job.path)
    assert (line.callback, line.error, tuple(line.duplicates)) == (job.callback, job.skip, also)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"index": -1}, "index: expected a non-negative integer"),
        ({"estimated_usd": float("inf")}, "estimated_usd: expected a finite number"),
        ({"tags": [7]}, "tags: expected a list of strings"),
        ({"also": [{"index": 1}]}, "this line of the plan lacks also[0].prompt_id"),
        ({"also": [7]}, "also[0]: expected an object"),
        ({"status": "done"}, "status: expected one of skipped or null"),
        ({"status": "skipped"}, "a job that is left out has a status and an error, and any other has neither"),
        ({"error": {"code": "x"}}, "this line of the plan lacks error.message"),
        ({"callback": []}, "callback: expected an object"),
    ],
)
def test_a_line_of_a_plan_is_refused_with_its_key(change: dict[str, Any], said: str) -> None:
    value = json.loads(golden("plan.jsonl")[0] + b"}")
    with pytest.raises(LineFault) as caught:
        read_line({**value, **change})
    assert str(caught.value) == said
