"""Answers to a submit."""

import asyncio
import json
from typing import Any, TypeAlias

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.simulator import Behaviour, Simulator, parse_faults
from qwave_batch.simulator.api_calls import Caller

Api: TypeAlias = Any  # the fixture's classes are in conftest.py, which is not importable
ApiMaker: TypeAlias = Any

CAT = {"model": "gpt-image-2", "prompt": "a cat", "seed": 1}


def test_a_good_request_is_queued_with_its_price_on_hold(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            answer = await api.submit()
            body = await answer.json()
            assert answer.status == 200
            assert body.pop("task_id").startswith("task-wave")
            assert body == {
                "model": "gpt-image-2",
                "action": "generate",
                "status": "queued",
                "created_at": 1_800_000_000,
                "progress": "",
                "pre_consumed_cost": 3187,
            }

    asyncio.run(scenario())


def test_the_server_of_may_speaks_milliseconds_and_names_no_cost(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(dialect="may") as api:
            body = await (await api.submit()).json()
            assert (body["created_at"], body["progress"]) == (1_800_000_000_000, 0)
            assert "pre_consumed_cost" not in body

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("raw", "code", "param"),
    [
        (b"{", "invalid_request", None),
        (b"[1]", "invalid_request", None),
        (b"null", "invalid_request", None),
        (b"\xff", "invalid_request", None),
        (b'{"model": NaN}', "invalid_request", None),
        (b'{"model": "gpt-image-2", "prompt": "\\ud800"}', "invalid_request", None),
        (b'{"model": "gpt-image-2", "prompt": "a", "prompt": "b"}', "invalid_request", None),
        (b"[" * 100_000, "invalid_request", None),
        (b'{"n": ' + b"1" * 10_000 + b"}", "invalid_request", None),
        (b'{"n": 9223372036854775808}', "invalid_request", None),
        (b'{"n": 1e999}', "invalid_request", None),
        (b"{}", "capability_violation", "model"),
        (b'{"model": 7}', "capability_violation", "model"),
        (b'{"model": "gpt-image-3", "prompt": "a"}', "model_not_found", "model"),
        (b'{"model": "gpt-image-2", "prompt": ""}', "capability_violation", "prompt"),
        (b'{"model": "gpt-image-2", "prompt": "a", "seed": -7}', "capability_violation", "seed"),
        (b'{"model": "gpt-image-2", "prompt": "a", "extra": {"x": 1}}', "capability_violation", "extra"),
        (b'{"model": "gpt-image-2", "prompt": "a", "colour": "red"}', "capability_violation", "colour"),
        (b'{"model": "gpt-image-2", "prompt": "a", "resolution": "1K"}', "capability_violation", "resolution"),
        (b'{"model": "z-image-turbo", "prompt": "a", "resolution": "1k"}', "capability_violation", "resolution"),
        (
            b'{"model": "gpt-image-2", "prompt": "a", "callback_url": "ftp://x/"}',
            "capability_violation",
            "callback_url",
        ),
    ],
)
def test_a_wrong_body_is_refused_and_costs_nothing(
    open_api: ApiMaker, raw: bytes, code: str, param: str | None
) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            answer = await api.call("POST", "/tasks", data=raw, headers={"Content-Type": "application/json"})
            error = (await answer.json())["error"]
            status = 404 if code == "model_not_found" else 400
            assert (answer.status, error["code"], error.get("param")) == (status, code, param)
            assert error["message"]
            assert api.simulator.tasks() == ()

    asyncio.run(scenario())


@pytest.mark.parametrize("n", [2.0, 10**18, 1e300])
def test_a_whole_number_is_one_however_it_is_written_or_large(n: float) -> None:
    caller = Caller(account="a", origin="http://127.0.0.1", elsewhere="")
    behaviour = Behaviour(faults=parse_faults("fewer_images"))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour) as simulator:
        submission = simulator.submit(caller, json.dumps({**CAT, "n": n, "seed": 7.0}).encode(), None)
        assert submission.reply.status == (200 if n == 2 else 402)


def test_a_large_body_is_refused_before_it_is_read(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(max_body_bytes=10_000) as api:
            answer = await api.submit({**CAT, "prompt": "x" * 20_000})
            assert (answer.status, (await answer.json())["error"]["code"]) == (413, "request_too_large")

    asyncio.run(scenario())


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic a2V5LWE=", "key-a", "Bearer wrong"])
def test_without_a_valid_key_nothing_is_said(open_api: ApiMaker, header: str | None) -> None:
    async def scenario() -> None:
        async with open_api(keys=frozenset({"key-a"})) as api:
            headers = {} if header is None else {"Authorization": header}
            for method, path in [
                ("POST", "/tasks"),
                ("GET", "/tasks/x"),
                ("POST", "/tasks/x/cancel"),
                ("GET", "/models"),
                ("GET", "/models/gpt-image-2"),
                ("GET", "/dashboard/billing/balance"),
            ]:
                answer = await api.call(method, path, key=None, headers=headers)
                assert (answer.status, (await answer.json())["error"]["code"]) == (401, "invalid_api_key")

    asyncio.run(scenario())


def test_a_hold_that_the_balance_does_not_cover_is_refused(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(granted_usd=0.01) as api:  # 5,000 quota; an image is 3,187
            assert (await api.submit()).status == 200
            answer = await api.submit({**CAT, "seed": 2})
            assert (answer.status, (await answer.json())["error"]["code"]) == (402, "insufficient_balance")
            assert len(api.simulator.tasks()) == 1

    asyncio.run(scenario())


def test_an_idempotency_key_stands_for_one_task(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            first = await api.task(headers={"Idempotency-Key": "i-1"})
            api.clock.advance(5)
            assert await api.task(headers={"Idempotency-Key": "i-1"}) == first
            api.clock.advance(50)
            again = await (await api.submit(headers={"Idempotency-Key": "i-1"})).json()
            assert (again["task_id"], again["status"]) == (first, "completed")
            assert len(api.simulator.charges()) == 1

    asyncio.run(scenario())


def test_an_idempotency_key_belongs_to_an_account_and_to_a_day(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            headers = {"Idempotency-Key": "i-1"}
            mine, other = await api.task(headers=headers), await api.task(headers=headers, key="key-b")
            api.clock.advance(24 * 3600 - 1)
            assert await api.task(headers=headers) == mine
            api.clock.advance(1)
            assert await api.task(headers=headers) not in {mine, other}

    asyncio.run(scenario())


def test_an_idempotency_key_with_another_body_is_a_conflict(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            headers = {"Idempotency-Key": "i-1"}
            await api.task(headers=headers)
            answer = await api.submit({**CAT, "seed": 2}, headers=headers)
            assert (answer.status, (await answer.json())["error"]["code"]) == (409, "idempotency_conflict")
            assert (await api.submit(dict(reversed(CAT.items())), headers=headers)).status == 200

    asyncio.run(scenario())


def test_many_submits_at_once_with_one_key_make_one_task(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            ids = await asyncio.gather(*(api.task(headers={"Idempotency-Key": "i-1"}) for _ in range(20)))
            assert len(set(ids)) == len(api.simulator.tasks()) == 1

    asyncio.run(scenario())


def test_an_older_server_ignores_idempotency_keys(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(idempotency_hours=None) as api:
            headers = {"Idempotency-Key": "i-1"}
            assert await api.task(headers=headers) != await api.task(headers=headers)

    asyncio.run(scenario())


def test_a_submit_can_be_held_until_the_task_ends(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="10") as api:
            held = asyncio.ensure_future(api.submit(headers={"Prefer": "wait=30"}))
            await api.clock.until_someone_sleeps()
            api.clock.advance(10)
            body = await (await held).json()
            assert (body["status"], body["completed_at"], body["cost"]) == ("completed", 1_800_000_010, 3187)
            assert len(body["result"]["images"]) == 1

    asyncio.run(scenario())


def test_a_submit_is_held_no_longer_than_it_asks_for(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="100") as api:
            held = asyncio.ensure_future(api.submit(headers={"Prefer": "respond-async, wait=90"}))
            await api.clock.until_someone_sleeps()
            api.clock.advance(60)  # nobody is held longer than a minute
            body = await (await held).json()
            assert (body["status"], body["progress"]) == ("processing", "50%")

    asyncio.run(scenario())


def test_a_held_submit_answers_when_the_task_is_cancelled(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="100") as api:
            held = asyncio.ensure_future(api.submit(headers={"Prefer": "wait=60"}))
            await api.clock.until_someone_sleeps()
            await api.call("POST", f"/tasks/{api.simulator.tasks()[0].task_id}/cancel")
            assert (await (await held).json())["status"] == "cancelled"

    asyncio.run(scenario())


def test_the_server_of_may_holds_nobody(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(dialect="may") as api:
            assert (await (await api.submit(headers={"Prefer": "wait=30"})).json())["status"] == "queued"

    asyncio.run(scenario())
