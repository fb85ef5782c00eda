"""For any answer of a server, the client never raises, never invents an end, and never waits forever."""

import json
import math
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.account_answers import read_balance, read_model, read_models
from qwave_batch.client.answers import AccountBlocked, Denied, NoAnswer, Refused, TaskAnswer, TaskNotFound, Throttled
from qwave_batch.client.http import HttpResponse, words
from qwave_batch.client.instants import http_date, instant
from qwave_batch.client.retry_after import MAX_WAIT_S, rate_hint, retry_after_s, served_at
from qwave_batch.client.task_reading import Unreadable, json_of_body, read_task
from qwave_batch.client.verdict import Call, judge
from qwave_batch.client.web_addresses import BadAddress, read_address, redirected
from qwave_batch.model.task import TaskState
from tests.api_units import QUOTA

STATES = [state.value for state in TaskState]
CALLS = st.sampled_from(["submit", "status", "cancel"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([*STATES, "task-1"])
KEYS = st.sampled_from(
    ["task_id", "status", "progress", "created_at", "completed_at", "cost", "pre_consumed_cost", "result", "images",
     "url", "expires_at", "error", "code", "message", "param", "model", "action", "window", "used", "cap", "reset_at",
     "data", "models", "id", "price_config", "total_available_usd"]
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6)
)
NEARLY_TASKS = st.fixed_dictionaries(
    {"task_id": st.just("task-1") | JSON, "status": st.sampled_from(STATES) | JSON},
    optional={
        "result": st.fixed_dictionaries({"images": JSON}) | JSON,
        "progress": JSON,
        "cost": JSON,
        "created_at": JSON,
        "error": JSON,
    },
)
NEARLY_ERRORS = st.fixed_dictionaries(
    {"error": JSON | st.fixed_dictionaries({}, optional={"code": JSON, "message": JSON})}
)
BODIES = st.binary() | (JSON | NEARLY_TASKS | NEARLY_ERRORS).map(lambda value: json.dumps(value).encode())
NUMBERISH = st.integers().map(str) | st.floats().map(str) | st.text(max_size=40) | st.text('0123456789.,;=rtqw-" ')
DATES = st.sampled_from(["Fri, 15 Jan 2027 08:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"]) | st.text(max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
         "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "location"]
    ),
    NUMBERISH | DATES,
) | st.dictionaries(st.just("date"), DATES)  # fmt: skip
NOW = st.floats(min_value=0, max_value=4e9)


def is_sane(wait_s: float | None) -> bool:
    return wait_s is None or 0 <= wait_s <= MAX_WAIT_S


@given(status=st.integers(100, 599), headers=HEADERS, body=BODIES, call=CALLS, now=NOW)
def test_any_response_is_judged_and_none_is_guessed(
    status: int, headers: dict[str, str], body: bytes, call: Call, now: float
) -> None:
    task_id = None if call == "submit" else "task-1"
    answer = judge(
        HttpResponse(status=status, headers=headers, body=body), call=call, now=now, quota=QUOTA, task_id=task_id
    )
    match answer:
        case TaskAnswer(task=task):
            told = json.loads(body)
            assert 200 <= status < 300
            assert told["task_id"] == task.task_id
            assert task_id in {None, task.task_id}
        case Refused(keeps_attempt=keeps):
            assert call != "status"
            assert (400 <= status < 500 and not keeps) or (status >= 500 and keeps and call == "submit")
            assert status in {405, 413, 414, 431} or json.loads(body)["error"]
        case AccountBlocked(keeps_attempt=keeps):
            assert status in {401, 402} or (status in {403, 429, 451} and call == "submit")
            assert keeps or json.loads(body)["error"]
        case Denied(keeps_attempt=keeps):
            assert status in {403, 451}
            assert keeps or json.loads(body)["error"]
        case TaskNotFound():
            assert status == 404
            assert json.loads(body)["error"]
            assert call != "submit"
        case Throttled(wait_s=wait_s):
            assert status == 429
            assert is_sane(wait_s)
        case NoAnswer(sent=sent, retry_after_s=wait_s, reason=reason):
            assert sent
            assert reason
            assert is_sane(wait_s)


@given(body=JSON | NEARLY_TASKS)
def test_a_task_is_read_or_unreadable(body: Any) -> None:
    if not isinstance(body, dict):
        return
    try:
        task = read_task(body, quota=QUOTA)
    except Unreadable:
        return
    assert bool(task.error) == (task.state in {TaskState.FAILED, TaskState.ENDED})
    assert not task.listed or task.state is TaskState.COMPLETED
    assert not task.unread or task.state in {TaskState.COMPLETED, TaskState.ENDED}
    for nusd in (task.cost_nusd, task.hold_nusd):
        assert nusd is None or (type(nusd) is int and 0 <= nusd < 2**62)
    for moment in (task.created_at, task.completed_at):
        assert moment is None or (math.isfinite(moment) and moment >= 0)


ADDRESSES = st.lists(st.integers().map(lambda number: f"https://c/{number}"), min_size=1)


@given(urls=ADDRESSES, more=ADDRESSES)
def test_no_image_of_a_completed_task_is_lost(urls: list[str], more: list[str]) -> None:
    """However the urls are grouped, they come out once each, in order."""
    images: list[Any] = [{"url": urls}, *more, *({"url": url} for url in more)]
    task = read_task({"task_id": "t", "status": "completed", "result": {"images": images}}, quota=QUOTA)
    assert [image.url for image in task.images] == [*urls, *more, *more]


@given(seconds=st.integers(1_000_000_000, 4_000_000_000))
def test_seconds_and_milliseconds_mean_the_same(seconds: int) -> None:
    assert instant(seconds) == instant(seconds * 1000) == instant(str(seconds)) == seconds


@given(value=JSON, text=st.text(), now=NOW, headers=HEADERS)
def test_times_are_finite_or_none(value: Any, text: str, now: float, headers: dict[str, str]) -> None:
    for moment in (instant(value), http_date(text), served_at(headers)):
        assert moment is None or (math.isfinite(moment) and moment >= 0)
    assert is_sane(retry_after_s(headers, now))
    hint = rate_hint(headers, now)
    if hint is not None:
        assert is_sane(hint.reset_s)


@given(body=JSON)
def test_account_and_models_are_read_or_unreadable(body: Any) -> None:
    for reader in (read_balance, read_models, read_model):
        with suppress(Unreadable):
            assert reader(body, None) is not None


@given(body=st.binary() | st.text('[]{}":,0123456789eE.-NaInfty').map(str.encode))
def test_any_bytes_are_json_or_unreadable(body: bytes) -> None:
    with suppress(Unreadable):
        json.dumps(json_of_body(body), allow_nan=False)


@given(text=st.text(), limit=st.integers(1, 50))
def test_words_are_one_line_that_can_be_stored_and_printed(text: str, limit: int) -> None:
    line = words(text, limit=limit)
    assert len(line) <= limit
    assert line == line.strip()
    assert line.isprintable()
    line.encode("utf-8")


@given(
    text=st.text() | st.text("htps:/.@[]0123456789abc?#\\ %").map(lambda rest: f"https://{rest}"), location=st.text()
)
def test_an_address_is_sendable_or_refused(text: str, location: str) -> None:
    with suppress(BadAddress):
        address = read_address(text)
        assert read_address(address.text) == address
        assert all("!" <= sign <= "~" for sign in address.text)
        assert redirected(address, location).scheme in {"http", "https"}
