"""Answers chats: by a hash of the pictures and the question, since nothing here can look at a picture. Pure.

A question is a list of choices, written as a JSON list of strings, with the text that leads to it. The first choice is
the likeliest: how likely depends on the picture. Of two pictures the one with the better hash is preferred, except that
now and then the one that is shown first is, as with models.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from qwave_batch.simulator.chat_orders import CHAT_MODEL, CHAT_RATES, ChatOrder, ShownImage
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.latency import fraction, pick

_CHOICES = re.compile(r'\[\s*"(?:[^"\\\n]|\\.)*"(?:\s*,\s*"(?:[^"\\\n]|\\.)*")*\s*\]')
_ASKS_FOR_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_FREE = ("one", "two", "three", "red", "blue", "round")
_LEAST_LIKELY = 0.5
_BIAS = 0.2
_FIRST, _SECOND = "first", "second"
_PATCH_PIXELS = 28
_CHARACTERS_OF_A_TOKEN = 4
_TOKENS_OF_A_CHAT = 7

Completion = dict[str, Any]


def answer_to(order: ChatOrder, seed: int) -> str:
    """Return the text that answers a chat: the same for the same chat and seed."""
    text = "\n".join(order.texts)
    answers = []
    asked_from = 0
    for found in _CHOICES.finditer(text):
        choices = [str(choice) for choice in json.loads(found[0])]
        answers.append(_chosen(order.images, text[asked_from : found.start()], choices, seed))
        asked_from = found.end()
    if not answers:
        free = _FREE[pick(len(_FREE), seed, order.body_hash)]
        return json.dumps({"answer": free}) if _ASKS_FOR_JSON.search(text) else free
    return json.dumps({"answer": answers[0]} if len(answers) == 1 else {"answers": answers}, ensure_ascii=False)


def _chosen(images: tuple[ShownImage, ...], question: str, choices: list[str], seed: int) -> str:
    quality = [fraction(seed, "quality", image.digest) for image in images]
    shown = [image.digest for image in images]
    if len(quality) == 2 and {_FIRST, _SECOND} <= set(choices):  # noqa: PLR2004 - a pair
        is_biased = fraction(seed, "bias", *shown, question) < _BIAS
        return _FIRST if is_biased or quality[0] >= quality[1] else _SECOND
    likely = _LEAST_LIKELY + (1 - _LEAST_LIKELY) * (sum(quality) / len(quality) if quality else 0.0)
    if len(choices) == 1 or fraction(seed, "choice", *shown, question) < likely:
        return choices[0]
    return choices[1 + pick(len(choices) - 1, seed, "other", *shown, question)]


def completion_of(order: ChatOrder, seed: int, now: float) -> Completion:
    """Return the body of the answer, with the tokens that it takes."""
    text = answer_to(order, seed)
    made = min(order.most_tokens, _text_tokens(text))
    is_whole = made == _text_tokens(text)
    sent = _TOKENS_OF_A_CHAT + sum(map(_text_tokens, order.texts)) + sum(map(_image_tokens, order.images))
    return {
        "id": f"chatcmpl-{order.body_hash}",
        "object": "chat.completion",
        "created": int(now),
        "model": CHAT_MODEL,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": text if is_whole else text[: made * _CHARACTERS_OF_A_TOKEN],
                    "refusal": None,
                },
                "finish_reason": "stop" if is_whole else "length",
            }
        ],
        "usage": {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made},
    }


def _text_tokens(text: str) -> int:
    """Return how many tokens a text counts."""
    return math.ceil(len(text.encode("utf-8", "replace")) / _CHARACTERS_OF_A_TOKEN)


def _image_tokens(image: ShownImage) -> int:
    """Return how many tokens an image counts: one for each patch."""
    return math.ceil(image.width / _PATCH_PIXELS) * math.ceil(image.height / _PATCH_PIXELS)


def cost_usd(completion: Completion) -> float:
    """Return the price of a completion."""
    usage = completion["usage"]
    rates = CHAT_RATES["text_input"], CHAT_RATES["text_output"]
    return float(usage["prompt_tokens"] * rates[0] + usage["completion_tokens"] * rates[1]) / 1e6


def as_stream(completion: Completion) -> bytes:
    """Return a completion as the events of a stream."""
    choice = completion["choices"][0]
    head = {key: completion[key] for key in ("id", "created", "model")}
    text = choice["message"].get("content") or ""
    middle = len(text) // 2
    deltas = [{"role": "assistant"}, {"content": text[:middle]}, {"content": text[middle:]}]
    events = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]})
    if "usage" in completion:
        events.append({**head, "choices": [], "usage": completion["usage"]})
    return b"".join(f"data: {json.dumps(event)}\n\n".encode() for event in events) + b"data: [DONE]\n\n"


def _said(completion: Completion, change: Callable[[str], str | None], finish: str = "stop") -> Completion:
    """Return a completion with its text changed, and the reason why it ended."""
    choice = completion["choices"][0]
    message = {**choice["message"], "content": change(choice["message"]["content"])}
    return {**completion, "choices": [{**choice, "message": message, "finish_reason": finish}]}


def _tool_call(completion: Completion) -> Completion:
    silent = _said(completion, lambda _: None, "tool_calls")
    call = {"id": "call_1", "type": "function", "function": {"name": "zoom", "arguments": "{}"}}
    silent["choices"][0]["message"]["tool_calls"] = [call]
    return silent


CHAT_SHAPES: Mapping[FaultName, Callable[[Completion], Completion]] = {
    FaultName.PROSE: lambda body: _said(body, lambda _: "It is hard to tell from this picture, though it looks fine."),
    FaultName.FENCED: lambda body: _said(body, lambda text: f"Here is my answer:\n```json\n{text}\n```"),
    FaultName.CUT_SHORT: lambda body: _said(body, lambda text: text[: len(text) // 2], "length"),
    FaultName.FILTERED: lambda body: _said(body, lambda _: "", "content_filter"),
    FaultName.EMPTY_TEXT: lambda body: _said(body, lambda _: ""),
    FaultName.TOOL_CALL: _tool_call,
    FaultName.OTHER_MODEL: lambda body: {**body, "model": "another-model"},
    FaultName.NO_USAGE: lambda body: {key: value for key, value in body.items() if key != "usage"},
}
"""The change that each of these faults makes to a completion."""
