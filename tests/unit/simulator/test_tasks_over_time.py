"""The life of a task: states, files, money, limits."""

import asyncio
import io
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import pytest
from PIL import Image

from qwave_batch.simulator import RateLimits

ApiMaker: TypeAlias = Any  # the fixture's classes are in conftest.py, which is not importable

CAT = {"model": "gpt-image-2", "prompt": "a cat", "seed": 1}


def test_a_task_goes_from_queued_over_processing_to_completed(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="10") as api:
            task_id, seen = await api.task(), []
            for _ in range(11):
                body = await api.poll(task_id)
                seen.append((body["status"], body["progress"], "completed_at" in body, "cost" in body))
                api.clock.advance(1)
            assert seen[0] == seen[1] == ("queued", "", False, False)
            assert seen[2] == ("processing", "0%", False, False)
            assert seen[6] == ("processing", "50%", False, False)
            assert seen[10] == ("completed", "100%", True, True)
            body = await api.poll(task_id)
            assert body["urls"] == {
                "get": f"{api.base_url}/tasks/{task_id}",
                "cancel": f"{api.base_url}/tasks/{task_id}/cancel",
            }
            assert body["result"]["images"][0]["expires_at"] == body["completed_at"] + 7 * 86_400

    asyncio.run(scenario())


def test_the_server_of_may_writes_integers(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="10", dialect="may") as api:
            task_id = await api.task()
            api.clock.advance(6)
            assert (await api.poll(task_id))["progress"] == 50
            api.clock.advance(6)
            body = await api.poll(task_id)
            assert (body["progress"], body["created_at"], body["completed_at"]) == (
                100,
                1_800_000_000_000,
                1_800_000_010_000,
            )
            assert not {"cost", "urls"} & body.keys()
            assert body["result"]["images"][0]["expires_at"] == 1_800_000_010 + 86_400

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "code", ["task_failed", "upstream_unavailable", "upstream_rate_limited", "upstream_bad_request"]
)
def test_a_failed_task_says_why_and_costs_nothing(open_api: ApiMaker, code: str) -> None:
    async def scenario() -> None:
        async with open_api(faults=code) as api:
            task_id = await api.task()
            api.clock.advance(11)
            body = await api.poll(task_id)
            assert (body["status"], body["error"]["code"], body["cost"]) == ("failed", code, 0)
            assert "result" not in body
            assert api.simulator.available_quota("key-a") == 500_000_000

    asyncio.run(scenario())


def test_a_task_without_images_is_completed_and_refunded(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="no_images") as api:
            task_id = await api.task()
            api.clock.advance(11)
            body = await api.poll(task_id)
            assert (body["status"], body["cost"], body["result"]["images"]) == ("completed", 0, [])

    asyncio.run(scenario())


def test_fewer_images_cost_less(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="fewer_images") as api:
            task_id = await api.task({**CAT, "n": 4})
            assert api.simulator.charges()[0].cost_quota == 12_750
            api.clock.advance(11)
            body = await api.poll(task_id)
            count = len(body["result"]["images"])
            assert 1 <= count < 4
            assert body["cost"] == int(count * 3187.5)

    asyncio.run(scenario())


def test_a_task_that_never_ends_stays_below_100_percent_and_keeps_its_hold(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="never_ends") as api:
            task_id = await api.task()
            api.clock.advance(1e6)
            body = await api.poll(task_id)
            assert (body["status"], body["progress"]) == ("processing", "99%")
            assert api.simulator.charges()[0].cost_quota == 3187

    asyncio.run(scenario())


def test_only_a_queued_task_can_be_cancelled(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(latency="10") as api:
            early, late = await api.task(), await api.task({**CAT, "seed": 2})
            api.clock.advance(1)
            body = await (await api.call("POST", f"/tasks/{early}/cancel")).json()
            assert (body["status"], body["completed_at"], body["cost"]) == ("cancelled", 1_800_000_001, 0)
            api.clock.advance(5)
            for task_id in (early, late):
                answer = await api.call("POST", f"/tasks/{task_id}/cancel")
                assert (answer.status, (await answer.json())["error"]["code"]) == (400, "task_not_cancellable")
            api.clock.advance(50)
            assert (await api.poll(early))["status"] == "cancelled"
            assert api.simulator.available_quota("key-a") == 500_000_000 - 3187

    asyncio.run(scenario())


def test_another_accounts_task_does_not_exist(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            task_id = await api.task()
            for method, path, key in [
                ("GET", f"/tasks/{task_id}", "key-b"),
                ("POST", f"/tasks/{task_id}/cancel", "key-b"),
                ("GET", "/tasks/task-wave1", "key-a"),
            ]:
                answer = await api.call(method, path, key=key)
                assert (answer.status, (await answer.json())["error"]["code"]) == (404, "task_not_found")

    asyncio.run(scenario())


def test_the_balance_holds_and_settles(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(granted_usd=1) as api:
            await api.task()
            api.clock.advance(11)
            body = await (await api.call("GET", "/dashboard/billing/balance")).json()
            assert body == {
                "object": "credit_summary",
                "currency": "USD",
                "total_granted_usd": 1.0,
                "total_used_usd": 0.006374,
                "total_available_usd": 0.993626,
                "as_of": 1_800_000_011,
            }

    asyncio.run(scenario())


def test_models_carry_their_prices(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            listed = await (await api.call("GET", "/models")).json()
            assert len(listed["data"]) == 17
            one = await (await api.call("GET", "/models/gpt-image-2")).json()
            assert one in listed["data"]
            assert one["price_config"] == {"image_prices": {"default": 0.006375}}
            assert (await api.call("GET", "/models/gpt-image-3")).status == 404

    asyncio.run(scenario())


def test_a_file_is_what_it_says_and_needs_no_key(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            task_id = await api.task({**CAT, "n": 2, "aspect_ratio": "16:9", "output_format": "jpeg"})
            api.clock.advance(11)
            urls = await api.urls(task_id)
            assert len(set(urls)) == 2
            for url in urls:
                answer = await api.call("GET", url, key=None)
                assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
                assert int(answer.headers["Content-Length"]) == len(answer.body)
                with Image.open(io.BytesIO(answer.body)) as image:
                    assert image.width * 9 == image.height * 16
            assert api.simulator.seen.keys_on_files == 0
            await api.call("GET", urls[0])
            assert api.simulator.seen.keys_on_files == 1

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "change", [("/1.png", "/2.png"), ("/1.png", "/0.png"), ("/1.png", "/1.jpg"), ("task-", "task-x")]
)
def test_a_file_that_was_never_made_is_not_there(open_api: ApiMaker, change: tuple[str, str]) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            task_id = await api.task()
            early = await api.call("GET", api.base_url.replace("/v1", f"/files/{task_id}/1.png"))
            assert early.status == 404
            api.clock.advance(11)
            (url,) = await api.urls(task_id)
            assert (await api.call("GET", url.replace(*change))).status == 404

    asyncio.run(scenario())


@pytest.mark.parametrize(("dialect", "days", "status"), [("september", 7, 410), ("may", 1, 404)])
def test_a_file_expires(open_api: ApiMaker, dialect: str, days: int, status: int) -> None:
    async def scenario() -> None:
        async with open_api(dialect=dialect) as api:
            task_id = await api.task()
            api.clock.advance(11)
            (url,) = await api.urls(task_id)
            api.clock.advance(days * 86_400 - 2)
            assert (await api.call("GET", url)).status == 200
            api.clock.advance(2)
            assert (await api.call("GET", url)).status == status
            assert (await api.poll(task_id))["status"] == "completed"

    asyncio.run(scenario())


def test_too_many_submits_are_told_when_to_come_back(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(limits=RateLimits(requests_per_minute=2, models={"z-image-turbo": 1})) as api:
            await api.task()
            api.clock.advance(15)
            await api.task()
            answer = await api.submit()
            assert (answer.status, answer.headers["Retry-After"]) == (429, "45")
            assert (await api.submit(key="key-b")).status == 200
            api.clock.advance(45)
            slow = {"model": "z-image-turbo", "prompt": "a"}
            assert [(await api.submit(slow)).status, (await api.submit(slow)).status] == [200, 429]
            assert api.simulator.seen.throttled == 2

    asyncio.run(scenario())


def test_polls_count_and_headers_are_sent_where_asked_for(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        limits = RateLimits(requests_per_minute=2, count_polls=True, send_headers=True)
        async with open_api(limits=limits) as api:
            answer = await api.submit()
            assert answer.headers["RateLimit"] == '"default";r=1;t=60'
            assert answer.headers["RateLimit-Policy"] == '"default";q=2;w=60'
            assert answer.headers["X-RateLimit-Remaining"] == "1"
            task_id = (await answer.json())["task_id"]
            polls = [(await api.call("GET", f"/tasks/{task_id}")).status for _ in range(2)]
            assert polls == [200, 429]

    asyncio.run(scenario())


def test_every_answer_carries_the_servers_own_date(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            answers = [await api.call("GET", "/nothing"), await api.submit(), await api.submit(key=None)]
            assert {parsedate_to_datetime(answer.headers["Date"]).timestamp() for answer in answers} == {1.8e9}

    asyncio.run(scenario())
