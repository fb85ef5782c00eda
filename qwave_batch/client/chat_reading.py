"""Parses chat completions, whole or streamed. Pure: bytes in, frozen data out."""

import re
from collections.abc import Iterator, Mapping

from qwave_batch.client.chat_answers import ChatEnd, ChatReply, TokenUsage
from qwave_batch.client.http import Redact, words
from qwave_batch.client.task_reading import Unreadable, json_of_body, number, object_of_body
from qwave_batch.model.jsontypes import Json, JsonObject

MOST_CHARACTERS = 100_000
"""The part of a text that is kept; no answer that can be used is nearly as long."""
_MOST_TOKENS = 10**9
_MOST_USD = 100.0
"""The most that is believed of one answer: a larger amount is in another unit."""
_CUT_SHORT = frozenset({"length", "max_tokens", "max_output_tokens"})
_FILTERED = frozenset({"content_filter", "safety", "refusal", "recitation", "prohibited_content"})
_TOOL_CALL = frozenset({"tool_calls", "function_call", "tool_use"})
_STREAM = re.compile(rb"\s*(?:data|event|id)?:")
_FAILED = frozenset({"error", "abort", "cancelled"})


def read_chat(body: bytes, content_type: str, redact: Redact = str) -> ChatReply:
    """Return the completion in the body of a success; raises Unreadable for a body that holds none.

    A server may stream although nobody asked it to: the pieces are put together.
    """
    is_stream = content_type.partition(";")[0].strip().lower() == "text/event-stream"
    completion = _joined(_events(body)) if is_stream or _STREAM.match(body) else object_of_body(body)
    choices = completion.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, Mapping) else None
    if not isinstance(choice, Mapping) or not isinstance(message, Mapping):
        raise Unreadable("the answer holds no message")
    finish = words(choice.get("finish_reason"), limit=100).lower()
    if finish in _FAILED:
        raise Unreadable(f"the answer ended with {finish}")
    refusal = _text_of(message.get("refusal"))
    text = _text_of(message.get("content"))
    return ChatReply(
        end=_end_of(finish, message, text, refusal),
        text=redact(text or refusal)[:MOST_CHARACTERS],
        model=words(completion.get("model"), limit=200, redact=redact),
        usage=_usage_of(completion.get("usage")),
    )


def _end_of(finish: str, message: JsonObject, text: str, refusal: str) -> ChatEnd:
    if finish in _FILTERED or (refusal and not text.strip()):
        return ChatEnd.FILTERED
    if finish in _CUT_SHORT:
        return ChatEnd.CUT_SHORT
    if finish in _TOOL_CALL or (not text.strip() and message.get("tool_calls")):
        return ChatEnd.TOOL_CALL
    return ChatEnd.COMPLETE if text.strip() else ChatEnd.EMPTY


def _text_of(content: Json) -> str:
    """Return the text of a message's content, which may be a list of parts."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, Mapping))
        return "".join(part for part in parts if isinstance(part, str))
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _usage_of(usage: Json) -> TokenUsage | None:
    if not isinstance(usage, Mapping):
        return None
    sent, made = (_tokens(usage, names) for names in (_INPUT_NAMES, _OUTPUT_NAMES))
    if sent is None or made is None:
        return None
    cost_usd = number(usage.get("cost"))
    return TokenUsage(
        input_tokens=sent,
        output_tokens=made,
        cost_usd=cost_usd if cost_usd is not None and 0 <= cost_usd <= _MOST_USD else None,
    )


_INPUT_NAMES, _OUTPUT_NAMES = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")


def _tokens(usage: JsonObject, names: tuple[str, ...]) -> int | None:
    counted = next((usage[name] for name in names if name in usage), None)
    is_count = isinstance(counted, int) and not isinstance(counted, bool) and 0 <= counted <= _MOST_TOKENS
    return counted if is_count and isinstance(counted, int) else None


def _events(body: bytes) -> Iterator[JsonObject]:
    """Yield the objects of a stream; raises Unreadable for one that was cut."""
    is_done = False
    for line in body.replace(b"\r\n", b"\n").split(b"\n"):
        if not line.startswith(b"data:"):
            continue
        data = line[5:].strip()
        if data == b"[DONE]":
            is_done = True
            break
        event = json_of_body(data)
        if isinstance(event, Mapping):
            yield event
    if not is_done:
        raise Unreadable("the stream of the answer was cut")


def _joined(events: Iterator[JsonObject]) -> JsonObject:
    """Return the completion that the pieces of a stream make up."""
    text, refusal = [], []
    whole: dict[str, Json] = {}
    finish: Json = None
    tools: Json = None
    for event in events:
        whole.update({name: event[name] for name in ("model", "usage", "error") if event.get(name)})
        choices = event.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, Mapping):
            continue
        delta = first.get("delta")
        finish = first.get("finish_reason") or finish
        if isinstance(delta, Mapping):
            text.append(_text_of(delta.get("content")))
            refusal.append(_text_of(delta.get("refusal")))
            tools = delta.get("tool_calls") or tools
    if finish is None:
        return whole
    message: dict[str, Json] = {"content": "".join(text), "refusal": "".join(refusal), "tool_calls": tools}
    return {**whole, "choices": [{"message": message, "finish_reason": finish}]}
