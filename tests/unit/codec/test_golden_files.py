"""Files of every kind have the bytes they had before there was a codec, and what was written then is read.

The files in golden/ were written from ``values`` by the functions of each file's own that a codec replaced.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from qwave_batch.ledger.attempt import text_of
from qwave_batch.ledger.planning import text_of_item
from qwave_batch.model.codec import EXACT
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.record import ReusedFrom
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
