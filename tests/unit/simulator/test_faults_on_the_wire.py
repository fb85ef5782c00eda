"""Each fault alone, as a client meets it."""

import asyncio
import io
import json
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import aiohttp
import pytest
from PIL import Image, UnidentifiedImageError

ApiMaker: TypeAlias = Any  # the fixture's classes are in conftest.py, which is not importable


@pytest.mark.parametrize(("fault", "made"), [("drop_before", 0), ("drop_after", 1), ("accepted.cut_body", 1)])
def test_a_dropped_submit_has_or_has_not_made_a_task(open_api: ApiMaker, fault: str, made: int) -> None:
    async def scenario() -> None:
        async with open_api(faults=f"{fault}=#1") as api:
            with pytest.raises(aiohttp.ClientError):
                await api.submit(headers={"Idempotency-Key": "i-1"})
            assert len(api.simulator.tasks()) == made
            task_id = await api.task(headers={"Idempotency-Key": "i-1"})
            assert [task.task_id for task in api.simulator.tasks()] == [task_id]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("http500", 500, "application/json"),
        ("http502", 502, "application/json"),
        ("http503", 503, "application/json"),
        ("html", 200, "text/html"),
        ("html502", 502, "text/html"),
        ("empty", 200, "application/json"),
    ],
)
@pytest.mark.parametrize("place", ["submit", "accepted", "poll", "cancel", "info"])
def test_a_server_in_trouble_answers_rubbish(
    open_api: ApiMaker, fault: str, status: int, kind: str, place: str
) -> None:
    async def scenario() -> None:
        async with open_api(faults=f"{place}.{fault}=@1") as api:
            if place in {"submit", "accepted"}:
                answer = await api.submit()
                assert len(api.simulator.tasks()) == (place == "accepted")
            elif place == "info":
                answer = await api.call("GET", "/models")
            else:
                path = f"/tasks/{await api.task()}" + ("/cancel" if place == "cancel" else "")
                answer = await api.call("GET" if place == "poll" else "POST", path)
            assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (status, kind)
            if kind == "text/html" or fault == "empty":
                with pytest.raises(json.JSONDecodeError):
                    json.loads(answer.body)
            else:
                assert json.loads(answer.body)["error"]["code"] == "server_error"

    asyncio.run(scenario())


def test_cut_json_is_whole_http_and_half_json(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="poll.cut_json=@1") as api:
            task_id = await api.task()
            answer = await api.call("GET", f"/tasks/{task_id}")
            assert answer.status == 200
            with pytest.raises(json.JSONDecodeError):
                json.loads(answer.body)
            assert (await api.poll(task_id))["status"] == "queued"

    asyncio.run(scenario())


def test_a_hanging_call_ends_without_an_answer(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="submit.hang:30") as api:
            call = asyncio.ensure_future(api.submit())
            await api.clock.until_someone_sleeps()
            assert not call.done()
            api.clock.advance(30)
            with pytest.raises(aiohttp.ClientError):
                await call
            assert api.simulator.tasks() == ()

    asyncio.run(scenario())


def test_a_server_can_stop_while_a_call_hangs(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="submit.hang") as api:
            call = asyncio.ensure_future(api.submit())
            await api.clock.until_someone_sleeps()
        with pytest.raises(aiohttp.ClientError):
            await call

    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_a_slow_answer_is_whole_in_the_end(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="accepted.slow:10") as api:
            call, steps = asyncio.ensure_future(api.submit()), 0
            while not call.done():
                waiting = asyncio.ensure_future(api.clock.until_someone_sleeps())
                await asyncio.wait({call, waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                api.clock.advance(0.6)
                steps += 1
            assert (await call.result().json())["status"] == "queued"
            assert steps > 10

    asyncio.run(scenario())


@pytest.mark.parametrize("fault", ["endless", "oversized"])
def test_a_flood_is_more_than_anyone_wants(open_api: ApiMaker, fault: str) -> None:
    async def scenario() -> None:
        async with open_api(faults=f"poll.{fault}") as api:
            task_id, read = await api.task(), 0
            url, headers = f"{api.base_url}/tasks/{task_id}", {"Authorization": "Bearer key-a"}
            async with api.session.get(url, headers=headers) as response:
                assert (response.content_length or 0) in {0, 8 << 30}
                while read < 20_000_000:
                    read += len(await response.content.readany())
                response.close()
            assert (await api.call("GET", "/models")).status == 200

    asyncio.run(scenario())


def test_a_redirect_leads_to_another_host_name(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="download.redirect") as api:
            task_id = await api.task()
            api.clock.advance(11)
            (url,) = await api.urls(task_id)
            answer = await api.call("GET", url, key=None)
            assert answer.status == 307
            assert answer.headers["Location"].startswith(
                api.base_url.replace("127.0.0.1", "localhost")[:-3] + "/files/"
            )
            assert (await api.call("GET", answer.headers["Location"], key=None)).status == 200

    asyncio.run(scenario())


def test_a_key_that_follows_a_redirect_is_seen(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="submit.redirect=@1") as api:
            answer = await api.submit()
            assert (answer.status, api.simulator.seen.keys_after_redirect) == (307, 0)
            await api.call("POST", answer.headers["Location"], json={})
            assert api.simulator.seen.keys_after_redirect == 1

    asyncio.run(scenario())


def test_429_comes_with_seconds_a_date_or_nothing(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="http429=@1:7,http429_date=@2:7,http429_bare=@3") as api:
            seconds, date, bare = [await api.submit() for _ in range(3)]
            assert [answer.status for answer in (seconds, date, bare)] == [429] * 3
            assert seconds.headers["Retry-After"] == "7"
            assert parsedate_to_datetime(date.headers["Retry-After"]).timestamp() == 1_800_000_007
            assert "Retry-After" not in bare.headers
            assert (await api.submit()).status == 200

    asyncio.run(scenario())


def test_the_ways_to_forbid_and_to_ask_for_money_are_told_apart(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        faults = (
            "forbidden=@1,forbidden_html=@2,model_denied=@3,prompt_denied=@4,insufficient_quota=@5,http429_moment=@6:7"
        )
        async with open_api(faults=faults) as api:
            answers = [await api.submit() for _ in range(6)]
            assert [answer.status for answer in answers] == [403, 403, 403, 403, 429, 429]
            told = [(await answer.json())["error"] for answer in (answers[0], *answers[2:5])]
            assert [error.get("param") for error in told] == [None, "model", "prompt", None]
            assert answers[1].headers["Content-Type"].startswith("text/html")
            assert "Retry-After" not in answers[4].headers
            assert answers[5].headers["Retry-After"] == "1800000007"

    asyncio.run(scenario())


def test_a_reset_may_have_a_unit(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="accepted.reset_units=@1") as api:
            first, second = [await api.submit() for _ in range(2)]
            assert (first.status, first.headers["X-RateLimit-Reset"]) == (200, "250ms")
            assert "X-RateLimit-Reset" not in second.headers

    asyncio.run(scenario())


def test_an_exceeded_window_holds_until_it_is_reset(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="quota_window_exceeded=@1:60") as api:
            for _ in range(2):
                error = (await (await api.submit()).json())["error"]
                assert (error["code"], error["reset_at"]) == ("quota_window_exceeded", 1_800_000_060)
                assert {"window", "used", "cap"} <= error.keys()
                api.clock.advance(30)
            assert (await api.submit()).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("bad_key", 401, "invalid_api_key"),
        ("balance_used_up", 402, "insufficient_balance"),
        ("price_not_configured", 500, "price_not_configured"),
        ("model_not_found", 404, "model_not_found"),
        ("asset_not_found", 400, "asset_not_found"),
    ],
)
def test_a_submit_can_be_refused_with_the_documents_code(
    open_api: ApiMaker, fault: str, status: int, code: str
) -> None:
    async def scenario() -> None:
        async with open_api(faults=fault) as api:
            answer = await api.submit()
            assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)

    asyncio.run(scenario())


def test_a_task_can_be_lost(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="task_lost") as api:
            answer = await api.call("GET", f"/tasks/{await api.task()}")
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, "task_not_found")

    asyncio.run(scenario())


def test_answers_can_look_strange_and_be_right(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="bare_url,unknown_fields,wrong_type") as api:
            task_id = await api.task()
            api.clock.advance(11)
            answer = await api.call("GET", f"/tasks/{task_id}")
            assert answer.headers["Content-Type"].startswith("text/plain")
            body = await answer.json()
            assert body["status"] == "completed"
            assert {"x_trace", "deprecated"} <= body.keys()
            (image,) = body["result"]["images"]
            assert image["url"].endswith("/1.png")
            assert "x_trace" in image
            file = await api.call("GET", image["url"])
            assert file.headers["Content-Type"].startswith("text/plain")
            assert file.body.startswith(b"\x89PNG")

    asyncio.run(scenario())


@pytest.mark.parametrize("fault", ["truncated_image", "corrupt_image"])
@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_spoilt_file_is_sent_as_if_it_were_right(open_api: ApiMaker, fault: str, form: str) -> None:
    async def scenario() -> None:
        async with open_api(faults=f"{fault}=#1") as api:
            task_id = await api.task({"model": "gpt-image-2", "prompt": "a", "seed": 1, "output_format": form})
            api.clock.advance(11)
            (url,) = await api.urls(task_id)
            bad, good = await api.call("GET", url), await api.call("GET", url)
            assert (bad.status, bad.headers["Content-Type"]) == (200, f"image/{form}")
            assert bad.body != good.body
            Image.open(io.BytesIO(good.body)).load()
            if fault == "truncated_image":
                assert len(bad.body) == len(good.body) // 2
                with pytest.raises((OSError, UnidentifiedImageError, SyntaxError)):
                    Image.open(io.BytesIO(bad.body)).load()
            else:
                assert len(bad.body) == len(good.body)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fault", "status"),
    [("expired_url", 410), ("download.http500", 500), ("download.html", 200), ("download.http429", 429)],
)
def test_a_download_can_fail(open_api: ApiMaker, fault: str, status: int) -> None:
    async def scenario() -> None:
        async with open_api(faults=f"{fault}=@1") as api:
            task_id = await api.task()
            api.clock.advance(11)
            (url,) = await api.urls(task_id)
            answer = await api.call("GET", url)
            assert (answer.status, answer.body[:4] == b"\x89PNG") == (status, False)
            assert (await api.call("GET", url)).status == 200

    asyncio.run(scenario())


def test_the_same_seed_gives_the_same_day(open_api: ApiMaker) -> None:
    async def a_day(seed: int) -> list[Any]:
        faults = "http500=0.2,http429=0.1,task_failed=0.3,bare_url=0.2"
        async with open_api(faults=faults, latency="1..9", behaviour={"seed": seed}) as api:
            answers = [await api.submit({"model": "imagen-4.0", "prompt": str(number)}) for number in range(30)]
            fates = [(task.ends_at, task.error_code) for task in api.simulator.tasks()]
            return [*(answer.status for answer in answers), *fates]

    assert asyncio.run(a_day(1)) == asyncio.run(a_day(1)) != asyncio.run(a_day(2))
