import asyncio
import json
from collections.abc import Awaitable, Callable
from types import MappingProxyType

import pytest

from qwave_batch.client.answers import Balance, LiveModel, LiveModels, NoAnswer, Refused, TaskAnswer
from qwave_batch.client.http import HttpRequest, HttpResponse, NeverSent, PerhapsSent, Sink, TransportFailed
from qwave_batch.client.task_api import TaskApi
from qwave_batch.errors import UsageError
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.jsontypes import Json
from tests.api_units import QUOTA

KEY = "sk-very-secret"
BASE = "https://api.example.com/v1"


class Recorder:
    """A transport that gives one answer to everything and remembers what it was asked."""

    def __init__(self, answer: "Json | TransportFailed", status: int = 200) -> None:
        self.answer, self.status = answer, status
        self.requests: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.requests.append(request)
        if isinstance(self.answer, TransportFailed):
            raise self.answer
        return HttpResponse(status=self.status, body=json.dumps(self.answer).encode())

    async def fetch(self, request: HttpRequest, sink: Sink, *, max_bytes: int) -> HttpResponse:
        raise NotImplementedError


def api(transport: Recorder) -> TaskApi:
    return TaskApi(transport, f"{BASE}/", KEY, SystemClock(), quota=QUOTA)


def asked(call: Callable[[TaskApi], Awaitable[object]], answer: Json = None) -> HttpRequest:
    """Return the one request that a call sends."""
    transport = Recorder(answer)

    async def ask() -> None:
        await call(api(transport))

    asyncio.run(ask())
    (request,) = transport.requests
    return request


@pytest.mark.parametrize(
    ("call", "method", "path"),
    [
        (lambda api: api.submit({"model": "m"}, idempotency_key="k"), "POST", "/tasks"),
        (lambda api: api.status("task-1"), "GET", "/tasks/task-1"),
        (lambda api: api.status("a/../b?c#d"), "GET", "/tasks/a%2F..%2Fb%3Fc%23d"),
        (lambda api: api.status(".."), "GET", "/tasks/%2E%2E"),
        (lambda api: api.cancel("task-1"), "POST", "/tasks/task-1/cancel"),
        (lambda api: api.balance(), "GET", "/dashboard/billing/balance"),
        (lambda api: api.models(), "GET", "/models"),
        (lambda api: api.model("qwen-image-2.0"), "GET", "/models/qwen-image-2.0"),
    ],
)
def test_every_call_has_its_place(call: Callable[[TaskApi], Awaitable[object]], method: str, path: str) -> None:
    request = asked(call)
    assert (request.method, request.url) == (method, BASE + path)
    assert request.headers["Authorization"] == f"Bearer {KEY}"


def test_a_submit_is_the_request_to_the_letter() -> None:
    body: dict[str, Json] = {"model": "m", "prompt": '茶馆 "q" \\ 🫖\n', "n": 1, "scale": 0.1, "x": [None, True, {}]}
    request = asked(lambda api: api.submit(MappingProxyType(body), idempotency_key="k-1"))
    assert request.body is not None
    assert json.loads(request.body.decode("utf-8")) == body
    assert "茶馆".encode() in request.body
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Idempotency-Key"] == "k-1"
    assert "Prefer" not in request.headers


@pytest.mark.parametrize(
    ("wait_s", "prefer"), [(None, None), (0.0, None), (-3.0, None), (0.9, None), (7.9, "wait=7"), (400.0, "wait=60")]
)
def test_the_server_is_asked_to_wait_a_minute_at_most(wait_s: float | None, prefer: str | None) -> None:
    request = asked(lambda api: api.submit({}, idempotency_key=None, prefer_wait_s=wait_s))
    assert request.headers.get("Prefer") == prefer
    assert "Idempotency-Key" not in request.headers
    held_s = int(prefer.removeprefix("wait=")) if prefer else 0
    assert held_s + 30 <= request.timeout_s < held_s + 31


def test_a_large_request_is_given_the_time_it_needs() -> None:
    request = asked(lambda api: api.submit({"image": "x" * 6_553_600}, idempotency_key=None))
    assert 130 < request.timeout_s < 131


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", b"bytes"])
def test_what_json_can_t_hold_is_not_sent(value: object) -> None:
    transport = Recorder(None)
    request: dict[str, object] = {"x": value}
    with pytest.raises(UsageError, match="can't be sent as JSON"):
        asyncio.run(api(transport).submit(request, idempotency_key=None))  # type: ignore[arg-type]
    assert transport.requests == []


def test_answers_come_typed() -> None:
    async def talk() -> None:
        task: Json = {"task_id": "task-1", "status": "queued"}
        assert isinstance(await api(Recorder(task)).status("task-1"), TaskAnswer)
        assert isinstance(await api(Recorder(task)).status("task-2"), NoAnswer)
        assert isinstance(await api(Recorder({"total_available_usd": 1})).balance(), Balance)
        assert isinstance(await api(Recorder({"data": []})).models(), LiveModels)
        assert isinstance(await api(Recorder({"id": "m"})).model("m"), LiveModel)

    asyncio.run(talk())


@pytest.mark.parametrize(("failure", "sent"), [(NeverSent("no route"), False), (PerhapsSent("cut off"), True)])
def test_no_answer_says_whether_it_was_sent(failure: TransportFailed, sent: bool) -> None:  # noqa: FBT001
    async def talk() -> None:
        unreachable = api(Recorder(failure))
        expected = NoAnswer(reason=failure.reason, sent=sent)
        assert await unreachable.submit({}, idempotency_key="k") == expected
        assert await unreachable.status("task-1") == expected
        assert await unreachable.cancel("task-1") == expected
        assert await unreachable.balance() == expected
        assert await unreachable.models() == expected
        assert await unreachable.model("m") == expected

    asyncio.run(talk())


def test_a_key_that_the_server_echoes_is_masked() -> None:
    error: Json = {"error": {"code": "bad", "message": f"no such key {KEY}", "param": KEY}}
    answer = asyncio.run(api(Recorder(error, 400)).submit({}, idempotency_key="k"))
    assert isinstance(answer, Refused)
    assert answer.message == "no such key ***"
    assert KEY not in repr(answer)


def test_the_key_is_in_no_repr() -> None:
    transport = Recorder(None)
    client = api(transport)
    asyncio.run(client.balance())
    assert KEY not in repr((client, vars(client)["_calls"], vars(vars(client)["_calls"])["_key"], transport.requests))


def test_the_account_is_known_by_host_and_fingerprint() -> None:
    client = api(Recorder(None))
    assert client.host == "api.example.com"
    assert len(client.key_fingerprint) == 16


def test_a_bad_key_or_base_url_is_told_before_anything_is_sent() -> None:
    with pytest.raises(UsageError, match="API key"):
        TaskApi(Recorder(None), BASE, "sk-1\n", SystemClock(), quota=QUOTA)
    with pytest.raises(UsageError, match="plain http"):
        TaskApi(Recorder(None), "http://api.example.com/v1", KEY, SystemClock(), quota=QUOTA)
