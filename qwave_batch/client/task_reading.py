"""Parses tasks in either dialect of the API. Pure: bytes in, frozen data out.

Decisive fields must be right: an answer without the task's id or any word for its state is unreadable, and a result of
unknown shape is reported as such. All other fields are optional: if missing or senseless they are None, because a paid
result is not thrown away over the format of a date.
"""

import json
import math
import re
from collections.abc import Mapping

from qwave_batch.client.http import Redact, words
from qwave_batch.client.instants import instant
from qwave_batch.client.task_results import Result, read_result
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import MAX_TASK_NUSD, QuotaUnit
from qwave_batch.model.task import Task, TaskError, TaskState

_TWINS: Mapping[str, TaskState] = {
    "canceled": TaskState.CANCELLED,
    "success": TaskState.COMPLETED,
    "succeeded": TaskState.COMPLETED,
    "done": TaskState.COMPLETED,
    "complete": TaskState.COMPLETED,
    "finished": TaskState.COMPLETED,
}
_KNOWN: Mapping[str, TaskState] = {
    **{state.value: state for state in TaskState if state is not TaskState.ENDED},
    **_TWINS,
}


def known_state(status: Json) -> TaskState | None:
    """Return the state that a word means, in any spelling; None for an unknown word or another type."""
    return _KNOWN.get(status.strip().casefold()) if isinstance(status, str) else None


TASK_ID = re.compile(r"(?!\.{1,2}$)[!-~]{1,200}")
"""An id appears in URLs, ledgers and terminals: visible ASCII, and not a step in a path."""

_MAX_AMOUNT = 10**15
_MAX_DIGITS = 300
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,18})?", re.ASCII)


class Unreadable(ValueError):
    """An answer that cannot be relied on; its text is a phrase with the reason."""


def json_of_body(body: bytes) -> Json:
    """Return the JSON value of a body: UTF-8; raises Unreadable.

    NaN, infinities and numbers out of range become null: a deciding field then counts as missing, and no other needs
    them.
    """
    try:
        value: Json = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the answer is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the answer is nested too deeply") from None
    except ValueError:
        raise Unreadable(_not_json(body)) from None
    return value


def object_of_body(body: bytes) -> JsonObject:
    """Return the JSON object of a body; raises Unreadable."""
    value = json_of_body(body)
    if not isinstance(value, Mapping):
        raise Unreadable("the answer is JSON, but no object")
    return value


def read_task(
    answer: JsonObject,
    *,
    quota: QuotaUnit,
    expected_id: str | None = None,
    tasks_url: str = "",
    body: bytes = b"",
    redact: Redact = str,
) -> Task:
    """Return the task that an answer describes; raises Unreadable.

    Args:
        answer: The body of a 200.
        quota: The unit in which the API counts money.
        expected_id: The id that was asked for; an answer about any other task is unreadable.
        tasks_url: The URL of the tasks, for image addresses relative to their task's.
        body: The answer as bytes, kept with a task whose images are unavailable.
        redact: Removes secrets from recorded texts; a task id that holds one is unreadable.
    """
    task_id = answer.get("task_id")
    if not isinstance(task_id, str) or not TASK_ID.fullmatch(task_id) or redact(task_id) != task_id:
        raise Unreadable("the answer has no usable task_id")
    if expected_id is not None and task_id != expected_id:
        raise Unreadable(f"the answer is about another task, {task_id}")
    known = known_state(answer.get("status"))
    looks = known not in {TaskState.QUEUED, TaskState.PROCESSING}
    base = f"{tasks_url}/{task_id}" if tasks_url else ""
    result = read_result(answer, base=base, redact=redact) if looks else Result()
    cost = _nusd(answer.get("cost"), quota)
    state = known or _state_of_unknown(answer, result, cost)
    if (
        state.is_terminal and result.is_listed and (cost != 0 or known is None)
    ):  # images were paid for, whatever the word is
        state = TaskState.COMPLETED
    shows = state in {TaskState.COMPLETED, TaskState.ENDED}
    word = "" if known else _word(answer.get("status"), redact)
    is_bare = shows and (bool(result.unread) or not result.is_listed)
    return Task(
        task_id=task_id,
        state=state,
        created_at=instant(answer.get("created_at")),
        completed_at=instant(answer.get("completed_at")) or None,
        hold_nusd=_nusd(answer.get("pre_consumed_cost"), quota),
        cost_nusd=cost,
        images=result.images if shows else (),
        error=_error(answer, word, redact) if state in {TaskState.FAILED, TaskState.ENDED} else None,
        word=word,
        unread=result.unread if shows else "",
        answer=redact(body.decode("utf-8", "replace")).encode() if is_bare else b"",
    )


def _state_of_unknown(answer: JsonObject, result: Result, cost_nusd: int | None) -> TaskState:
    """Return the state for an unknown word, judged by the other fields.

    With images it is a success; an end time, an error, a charge or a result say that the task is over.
    """
    if result.is_listed:
        return TaskState.COMPLETED
    word = answer.get("status")
    is_over = bool(
        instant(answer.get("completed_at")) or _says_something(answer.get("error")) or cost_nusd or result.unread
    )
    if not is_over and (isinstance(word, bool) or not isinstance(word, str | int | float) or word == ""):
        raise Unreadable(f'the task is in an unknown state, "{words(word, limit=40)}"')
    return TaskState.ENDED if is_over else TaskState.PROCESSING


def _says_something(error: Json) -> bool:
    values = error.values() if isinstance(error, Mapping) else [error]
    return any(isinstance(value, str) and value.strip() for value in values)


def _word(status: Json, redact: Redact) -> str:
    return words(status if isinstance(status, str) else json.dumps(status), limit=40, redact=redact)


def _error(answer: JsonObject, word: str, redact: Redact) -> TaskError:
    value = answer.get("error")
    code, message = ("", value) if not isinstance(value, Mapping) else (value.get("code"), value.get("message"))
    usual = f'the API ended the task as "{word}"' if word else "the API gave no reason"
    return TaskError(
        code=words(code, limit=100, redact=redact) or word or "task_failed",
        message=words(message, redact=redact) or usual,
    )


def number(value: Json) -> float | None:
    """Return an amount written as a number or as text, else None."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= _MAX_AMOUNT else None


def _nusd(value: Json, quota: QuotaUnit) -> int | None:
    """Return an amount of quota in nano-dollars: a whole number of at least 0, also written 5500.0 or "5500"."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    nusd = quota.to_nusd(value)
    return nusd if 0 <= nusd <= MAX_TASK_NUSD else None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _short_enough(text: str) -> int | None:
    return int(text) if len(text) <= _MAX_DIGITS else None


def _nothing(_: str) -> None:
    """Return the replacement for NaN and the infinities."""


_DECODER = json.JSONDecoder(parse_constant=_nothing, parse_float=_finite, parse_int=_short_enough)


def _not_json(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    if not start:
        return "the answer is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "the answer is a web page, not JSON"
    return "the answer is not complete JSON"
