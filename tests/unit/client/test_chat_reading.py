"""The meaning of an answer to a chat completion, whatever a server sends."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import AccountBlocked, Denied, NoAnswer, Refused, Throttled
from qwave_batch.client.chat_answers import ChatAnswer, ChatEnd, ChatReply, TokenUsage
from qwave_batch.client.chat_api import judge_chat
from qwave_batch.client.http import HttpResponse
from qwave_batch.model.jsontypes import Json, JsonObject

USAGE: JsonObject = {"prompt_tokens": 900, "completion_tokens": 7}


def completion(message: Json, finish: str | None = "stop", **more: Json) -> JsonObject:
    return {"model": "m", "choices": [{"message": message, "finish_reason": finish}], "usage": USAGE, **more}


def judged(body: object, status: int = 200, /, **headers: str) -> ChatAnswer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return judge_chat(HttpResponse(status=status, headers=named, body=raw), now=1_000_000.0)


def reply_in(body: object, **headers: str) -> ChatReply:
    answer = judged(body, **headers)
    assert isinstance(answer, ChatReply)
    return answer


def test_a_completion_is_read_with_its_model_and_tokens() -> None:
    reply = reply_in(completion({"role": "assistant", "content": "yes"}))
    assert (reply.end, reply.text, reply.model) == (ChatEnd.COMPLETE, "yes", "m")
    assert reply.usage == TokenUsage(input_tokens=900, output_tokens=7)


def test_a_text_in_parts_is_one_text() -> None:
    parts: Json = [
        {"type": "text", "text": "ye"},
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "s"},
    ]
    assert reply_in(completion({"content": parts})).text == "yes"


@pytest.mark.parametrize(
    ("message", "finish", "end"),
    [
        ({"content": "ye"}, "length", ChatEnd.CUT_SHORT),
        ({"content": ""}, "length", ChatEnd.CUT_SHORT),
        ({"content": ""}, "content_filter", ChatEnd.FILTERED),
        ({"content": None, "refusal": "I cannot look at this"}, "stop", ChatEnd.FILTERED),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "tool_calls", ChatEnd.TOOL_CALL),
        ({"content": "", "tool_calls": [{"id": "1"}]}, "stop", ChatEnd.TOOL_CALL),
        ({"content": "  \n"}, "stop", ChatEnd.EMPTY),
        ({}, None, ChatEnd.EMPTY),
        ({"content": "yes"}, None, ChatEnd.COMPLETE),
    ],
)
def test_every_end_has_a_type(message: JsonObject, finish: str | None, end: ChatEnd) -> None:
    assert reply_in(completion(message, finish)).end is end


def test_a_refusal_is_kept_as_the_text() -> None:
    assert reply_in(completion({"content": None, "refusal": "no"})).text == "no"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b'{"choices": [{"message": {"content": "ye',
        {"choices": []},
        {"choices": [{"text": "yes"}]},
        {"choices": "yes"},
        {"object": "chat.completion"},
        {"error": {"message": "overloaded", "code": "busy"}},
        completion({"content": "ye"}, "error"),
        ["yes"],
    ],
)
def test_a_success_without_a_message_is_no_answer(body: object) -> None:
    answer = judged(body)
    assert isinstance(answer, NoAnswer)
    assert answer.sent
    assert answer.status == 200


def test_an_error_in_a_success_is_in_its_own_words() -> None:
    answer = judged({"error": {"message": "overloaded", "code": "busy"}})
    assert isinstance(answer, NoAnswer)
    assert answer.reason == "HTTP 200, but overloaded (busy)"


def streamed(*events: Json, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([": keep-alive\n\n", *lines, "data: [DONE]\n\n" if done else ""]).encode()


PIECES: tuple[Json, ...] = (
    {"model": "m", "choices": [{"delta": {"role": "assistant", "content": ""}}]},
    {"model": "m", "choices": [{"delta": {"content": '{"answer": '}}]},
    {"model": "m", "choices": [{"delta": {"content": '"yes"}'}}]},
    {"model": "m", "choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"model": "m", "choices": [], "usage": USAGE},
)


@pytest.mark.parametrize("content_type", ["text/event-stream; charset=utf-8", "application/json"])
def test_a_stream_that_nobody_asked_for_is_put_together(content_type: str) -> None:
    reply = reply_in(streamed(*PIECES), content_type=content_type)
    assert (reply.end, reply.text, reply.model) == (ChatEnd.COMPLETE, '{"answer": "yes"}', "m")
    assert reply.usage == TokenUsage(input_tokens=900, output_tokens=7)


@pytest.mark.parametrize(
    "body", [streamed(*PIECES, done=False), streamed(*PIECES[:3]), b"data: {\n\n", streamed({"error": {"code": "x"}})]
)
def test_a_stream_that_was_cut_is_no_answer(body: bytes) -> None:
    assert isinstance(judged(body, content_type="text/event-stream"), NoAnswer)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"input_tokens": 3, "output_tokens": 1}, TokenUsage(input_tokens=3, output_tokens=1)),
        ({**USAGE, "cost": 0.0125}, TokenUsage(input_tokens=900, output_tokens=7, cost_usd=0.0125)),
        ({**USAGE, "cost": -1}, TokenUsage(input_tokens=900, output_tokens=7)),
        ({**USAGE, "cost": "free"}, TokenUsage(input_tokens=900, output_tokens=7)),
        (None, None),
        ({"prompt_tokens": True, "completion_tokens": 2}, None),
        ({"prompt_tokens": -1, "completion_tokens": 2}, None),
        ({"prompt_tokens": 10**12, "completion_tokens": 2}, None),
        ({"prompt_tokens": 5}, None),
    ],
)
def test_tokens_count_only_where_they_make_sense(usage: Json, read: TokenUsage | None) -> None:
    assert reply_in(completion({"content": "yes"}, usage=usage)).usage == read


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"code": "invalid_image", "message": "too large"}, Refused),
        (401, {"code": "invalid_api_key", "message": "no"}, AccountBlocked),
        (402, {"code": "insufficient_balance", "message": "no"}, AccountBlocked),
        (403, {"code": "access_denied", "message": "no"}, Denied),
        (404, {"code": "model_not_found", "message": "no"}, Refused),
        (413, None, Refused),
        (429, {"code": "rate_limit_exceeded", "message": "slow down"}, Throttled),
        (429, {"code": "insufficient_quota", "message": "check your billing"}, AccountBlocked),
        (500, {"code": "server_error", "message": "no"}, NoAnswer),
        (502, None, NoAnswer),
    ],
)
def test_a_failure_means_what_it_means_for_a_submit(status: int, error: Json, kind: type) -> None:
    assert isinstance(judged({"error": error} if error else b"<html>", status), kind)


def test_retry_after_is_in_the_answer() -> None:
    answer = judged({"error": {"code": "rate_limit_exceeded", "message": "slow down"}}, 429, retry_after="7")
    assert isinstance(answer, Throttled)
    assert answer.wait_s == 7


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "delta", "usage", "model", "finish_reason", "error"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(body=JSONS, is_stream=st.booleans())
def test_nothing_that_a_server_sends_raises(body: Json, *, is_stream: bool) -> None:
    raw = streamed(body) if is_stream else json.dumps(body).encode()
    assert isinstance(judged(raw), ChatReply | NoAnswer)
