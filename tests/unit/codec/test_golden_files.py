"""Files of every kind have the bytes they had before there was a codec, and what was written then is read.

The files in golden/ were written from ``values`` by the functions of each file's own that a codec replaced.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from qwave_batch.ledger.attempt import text_of
from qwave_batch.ledger.planning import text_of_item
from qwave_batch.model.codec import EXACT
from qwave_batch.model.events import Event
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ReusedFrom
from qwave_batch.output.events import NAMES, event_as_json
from qwave_batch.output.manifest_line import encode_line, line_from_json
from tests.unit.codec import values

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> list[bytes]:
    return (GOLDEN / name).read_bytes().splitlines(keepends=False)


@pytest.mark.parametrize(("name", "items"), [("jobs.jsonl", values.JOBS), ("duplicates.jsonl", values.DUPLICATES)])
def test_plans_in_the_ledger(name: str, items: Sequence[Job | Duplicate]) -> None:
    assert [text_of_item(item).encode() for item in items] == golden(name)
    assert [EXACT.decode(json.loads(line), type(items[0])) for line in golden(name)] == list(items)


def test_errors_in_the_ledger() -> None:
    errors = [values.ERROR, values.PLAIN_ERROR]
    assert [(text_of(error) or "").encode() for error in errors] == golden("errors.jsonl")
    assert [EXACT.decode(json.loads(line), JobError) for line in golden("errors.jsonl")] == errors


def test_origins_in_the_ledger() -> None:
    assert [(text_of(values.REUSED_FROM) or "").encode()] == golden("reused_from.json")
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
