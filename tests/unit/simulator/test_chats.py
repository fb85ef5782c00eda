"""Chat completions of the embedded API."""

import asyncio
import json
from base64 import b64encode
from io import BytesIO
from typing import Any, TypeAlias

import pytest
from PIL import Image

from qwave_batch.simulator.chat_orders import CHAT_MODEL
from qwave_batch.simulator.faults import FaultName

Api: TypeAlias = Any  # the fixture's classes are in conftest.py, which is not importable
ApiMaker: TypeAlias = Any


def picture(colour: int = 0, size: tuple[int, int] = (56, 28), form: str = "png") -> str:
    file = BytesIO()
    Image.new("RGB", size, (colour, 80, 90)).save(file, "PNG")
    return f"data:image/{form};base64,{b64encode(file.getvalue()).decode()}"


def part_of(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def chat(
    *images: str, text: str = 'Is it red? Answer as JSON with one of ["yes", "no"].', **more: Any
) -> dict[str, Any]:
    content = [{"type": "text", "text": text}, *map(part_of, images)]
    return {"model": CHAT_MODEL, "messages": [{"role": "user", "content": content}], **more}


async def ask(api: Api, body: object, **more: Any) -> Any:
    """Return the answer to a chat, whose time goes by at once."""
    asking = asyncio.ensure_future(api.call("POST", "/chat/completions", json=body, **more))
    while not asking.done():
        api.clock.advance(60)
        await asyncio.sleep(0.001)
    return await asking


def answered(open_api: ApiMaker, *bodies: object, **settings: Any) -> list[tuple[int, Any]]:
    async def scenario() -> list[tuple[int, Any]]:
        async with open_api(**settings) as api:
            return [(answer.status, json.loads(answer.body)) for answer in [await ask(api, body) for body in bodies]]

    return asyncio.run(scenario())


def text_in(body: Any) -> str:
    return str(body["choices"][0]["message"]["content"])


def test_one_of_the_choices_is_answered_the_same_each_time(open_api: ApiMaker) -> None:
    (status, body), again = answered(open_api, chat(picture()), chat(picture()))
    assert status == 200
    assert json.loads(text_in(body))["answer"] in {"yes", "no"}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["model"] == CHAT_MODEL
    assert text_in(again[1]) == text_in(body)


def test_pictures_are_answered_differently(open_api: ApiMaker) -> None:
    answers = [text_in(body) for _, body in answered(open_api, *(chat(picture(colour)) for colour in range(30)))]
    assert len(set(answers)) == 2
    assert answers.count('{"answer": "yes"}') > 15


def test_several_questions_are_answered_in_their_order(open_api: ApiMaker) -> None:
    text = 'As JSON. 1. Red? ["yes", "no"]\n2. How many? ["1", "2", "3"]'
    ((_, body),) = answered(open_api, chat(picture(), text=text))
    first, second = json.loads(text_in(body))["answers"]
    assert first in {"yes", "no"}
    assert second in {"1", "2", "3"}


def test_a_pair_is_mostly_judged_the_same_in_both_orders(open_api: ApiMaker) -> None:
    text = 'Which is better? JSON, one of ["first", "second", "tie"].'
    pairs = [(picture(number), picture(number + 100)) for number in range(30)]
    bodies = [chat(*shown, text=text) for pair in pairs for shown in (pair, pair[::-1])]
    answers = [json.loads(text_in(body))["answer"] for _, body in answered(open_api, *bodies)]
    agree = sum(a != b for a, b in zip(answers[::2], answers[1::2], strict=True))
    assert 15 <= agree < 30


def test_tokens_are_those_of_texts_and_patches(open_api: ApiMaker) -> None:
    (_, small), (_, large) = answered(open_api, chat(picture()), chat(picture(size=(280, 280))))
    assert large["usage"]["prompt_tokens"] - small["usage"]["prompt_tokens"] == 100 - 2
    assert small["usage"]["completion_tokens"] == -(-len(text_in(small)) // 4)


def test_a_limit_of_tokens_cuts_the_answer(open_api: ApiMaker) -> None:
    ((_, body),) = answered(open_api, chat(picture(), max_tokens=2))
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 2
    assert len(text_in(body)) == 8


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ([], 400, "invalid_request", None),
        ({"messages": []}, 400, "invalid_request", "model"),
        ({**chat(), "model": "gpt-image-2"}, 404, "model_not_found", "model"),
        ({"model": CHAT_MODEL}, 400, "invalid_request", "messages"),
        ({"model": CHAT_MODEL, "messages": [{"role": "judge", "content": "a"}]}, 400, "invalid_request", "messages[0]"),
        ({"model": CHAT_MODEL, "messages": [{"role": "user", "content": 3}]}, 400, "invalid_request", "messages[0]"),
        (chat(temperature=3), 400, "invalid_value", "temperature"),
        (chat(n=2), 400, "invalid_value", "n"),
        (chat(max_tokens=0), 400, "invalid_value", "max_tokens"),
        (chat(seed="one"), 400, "invalid_value", "seed"),
        (chat(colour="red"), 400, "unknown_parameter", "colour"),
        (chat(response_format="json"), 400, "invalid_value", "response_format"),
        (chat(text="yes?", response_format={"type": "json_object"}), 400, "invalid_request", "response_format"),
        (chat("https://example.org/a.png"), 400, "invalid_image_url", "messages[0].content[1]"),
        (chat("data:image/png;base64,AAAA"), 400, "invalid_image", "messages[0].content[1]"),
        (chat(picture(form="jpeg")), 400, "invalid_image", "messages[0].content[1]"),
        (chat(picture(size=(8001, 1))), 400, "image_too_large", "messages[0].content[1]"),
        (chat(*[picture()] * 11), 400, "invalid_request", "messages"),
    ],
)
def test_what_a_server_would_refuse_is_refused(
    open_api: ApiMaker, body: object, status: int, code: str, param: str | None
) -> None:
    ((answer, told),) = answered(open_api, body)
    assert (answer, told["error"]["code"], told["error"].get("param")) == (status, code, param)


def test_the_same_idempotency_key_is_answered_again_and_charged_once(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            before = api.simulator.available_quota("key-a")
            key = {"Idempotency-Key": "one"}
            first, second = [await ask(api, chat(picture()), headers=key) for _ in range(2)]
            assert first.body == second.body
            (charge,) = api.simulator.chats.charges
            assert api.simulator.available_quota("key-a") == before - charge.cost_quota
            assert charge.cost_quota > 0
            other = await ask(api, chat(picture(7)), headers=key)
            assert (other.status, (await other.json())["error"]["code"]) == (409, "idempotency_conflict")

    asyncio.run(scenario())


def test_a_server_without_keys_charges_twice(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(idempotency_hours=None) as api:
            for _ in range(2):
                await ask(api, chat(picture()), headers={"Idempotency-Key": "one"})
            assert len(api.simulator.chats.charges) == 2

    asyncio.run(scenario())


def test_an_account_without_money_is_refused(open_api: ApiMaker) -> None:
    ((status, body),) = answered(open_api, chat(picture()), granted_usd=0)
    assert (status, body["error"]["code"]) == (402, "insufficient_balance")


def test_chats_count_against_the_rate_limit(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="chat.quota_window_exceeded=@2:3") as api:
            assert (await ask(api, chat(picture()))).status == 200
            assert (await ask(api, chat(picture(1)))).status == 429
            assert api.simulator.seen.answers

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("fault", "finish", "text"),
    [
        (FaultName.PROSE, "stop", "It is hard to tell"),
        (FaultName.FENCED, "stop", "```json"),
        (FaultName.CUT_SHORT, "length", '{"answer'),
        (FaultName.FILTERED, "content_filter", ""),
        (FaultName.EMPTY_TEXT, "stop", ""),
        (FaultName.TOOL_CALL, "tool_calls", "None"),
    ],
)
def test_faults_change_what_is_answered(open_api: ApiMaker, fault: FaultName, finish: str, text: str) -> None:
    ((status, body),) = answered(open_api, chat(picture()), faults=str(fault))
    assert (status, body["choices"][0]["finish_reason"]) == (200, finish)
    assert text in text_in(body)
    assert body["usage"]["completion_tokens"] > 0


def test_faults_of_the_wire_strike_after_the_completion(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api(faults="chatted.http500=@1,no_usage=@2,other_model=@3") as api:
            answers = [await ask(api, chat(picture(number))) for number in range(3)]
            assert [answer.status for answer in answers] == [500, 200, 200]
            assert len(api.simulator.chats.charges) == 3
            assert "usage" not in await answers[1].json()
            assert (await answers[2].json())["model"] == "another-model"

    asyncio.run(scenario())


def test_a_stream_holds_the_same_answer(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            whole = await (await ask(api, chat(picture()))).json()
            streamed = await ask(api, chat(picture(), stream=True))
            assert streamed.headers["Content-Type"].startswith("text/event-stream")
            lines = [line[6:] for line in streamed.body.decode().split("\n") if line.startswith("data: ")]
            assert lines.pop() == "[DONE]"
            deltas = [json.loads(line)["choices"] for line in lines]
            assert "".join(c[0]["delta"].get("content", "") for c in deltas if c) == text_in(whole)

    asyncio.run(scenario())


def test_the_model_has_a_price(open_api: ApiMaker) -> None:
    async def scenario() -> None:
        async with open_api() as api:
            body = await (await api.call("GET", f"/models/{CHAT_MODEL}")).json()
            assert body["price_config"]["usage_rates"]["text_input"] > 0

    asyncio.run(scenario())
