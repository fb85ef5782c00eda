"""The lines that a scoring command is told and answers: JSON, one object each.

It is told about itself once, then about items; an answer names its item by ``id``, in any order:

    {"scorer": "clip", "version": "1", "params": {}, "outputs": ["score"]}
    {"id": "1", "image": "/path/of/an/image.png", "prompt": "An old teahouse", ...}
    {"id": "1", "scores": {"score": 31.4}, "details": {"model": "..."}}
    {"id": "2", "error": {"code": "too_small", "message": "32 pixels", "retryable": false}}
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.strict_json import STRICT_JSON
from qwave_batch.scoring.command_file import CommandFile
from qwave_batch.scoring.scorer import Item, ItemFile, Need, Outcome, Score, ScoreError

PathOf = Callable[[ItemFile], str]
"""Returns the path of a file, whose bytes it may have to write to one first."""
NO_ANSWER, GARBLED = "no_answer", "garbled_answer"
_SHOWN = 200


class NotAnAnswer(Exception):
    """A line that can't be understood."""


def opening_line(file: CommandFile) -> bytes:
    """Return the line that a command is told first."""
    return _line({
        "scorer": file.name,
        "version": file.version,
        "params": dict(file.params),
        "outputs": list(file.outputs),
    })  # fmt: skip


def item_line(number: int, item: Item, needs: frozenset[Need], path_of: PathOf) -> bytes:
    """Return the line that a command is told of an item: the image, what it needs, and what else is known."""
    told: dict[str, Json] = {"id": str(number), **_image(item, path_of)}
    if item.other is not None:
        told["other"] = {
            "job_id": item.other.job_id,
            "image_index": item.other.image,
            "image": path_of(item.other.file),
            "sha256": item.other.file.sha256,
            "model": item.other.model,
            "axes": item.other.axes,
        }
    given: dict[Need, Json] = {
        Need.PROMPT: item.prompt,
        Need.TEXT: list(item.text),
        Need.QUESTIONS: list(item.questions),
        Need.REFERENCE: [path_of(file) for file in item.reference],
        Need.INPUT: [path_of(file) for file in item.input],
    }
    told |= {need.value: given[need] for need in Need if need in needs}
    members = [{**_image(member, path_of), "prompt": member.prompt} for member in item.members]
    return _line({**told, "images": members} if members else told)


def _image(item: Item, path_of: PathOf) -> dict[str, Json]:
    return {
        "image": path_of(item.file),
        "job_id": item.job_id,
        "image_index": item.image,
        "sha256": item.file.sha256,
        "prompt_id": item.prompt_id,
        "model": item.model,
        "axes": item.axes,
        "tags": list(item.tags),
        "meta": item.meta,
    }


def read_command_answer(raw: bytes) -> tuple[str, Outcome]:
    """Return the item's id and the outcome that a line gives.

    Raises:
        NotAnAnswer: it is not an answer; it says why.
    """
    try:
        value = STRICT_JSON.decode(raw.decode())
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer(f"it is not JSON ({error}): {_cut(raw)}") from None
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise NotAnAnswer(f'it has no "id": {_cut(raw)}')
    return value["id"], _outcome(value, raw)


def _outcome(value: Mapping[str, Any], raw: bytes) -> Outcome:
    error, scores, details = value.get("error"), value.get("scores"), value.get("details")
    if isinstance(error, dict):
        code, message = error.get("code"), error.get("message")
        if isinstance(code, str) and isinstance(message, str):
            return ScoreError(code, message, retryable=error.get("retryable") is True)
    elif error is None and isinstance(scores, dict) and (details is None or isinstance(details, dict)):
        return Score(scores, details)
    return ScoreError(GARBLED, f'the answer has neither "scores" nor an "error" with code and message: {_cut(raw)}')


def _line(value: Mapping[str, Json]) -> bytes:
    return json.dumps(value, default=dict).encode() + b"\n"  # in ASCII, so that any reader takes it


def _cut(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
