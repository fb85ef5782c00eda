"""Reads tasks out of answers, in either dialect of the API. Pure: bytes in, frozen data out.

What decides about money and images must be right or the answer is unreadable: the task's id, its state, and the
shape of a completed task's result. Everything else is an ornament: where it is missing or makes no sense it is None,
because a paid result is not thrown away over the form of a date.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import NoReturn

from qwave_batch.client.instants import instant
from qwave_batch.client.words import Scrub, words
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import MAX_TASK_NUSD, NUSD_PER_QUOTA
from qwave_batch.model.task import ResultImage, Task, TaskError, TaskState

TASK_ID = re.compile(r"(?!\.{1,2}$)[!-~]{1,200}")
"""An id stands in a URL, a ledger and a terminal: visible ASCII, and no step in a path."""

MAX_IMAGES = 1000
MAX_URL_LENGTH = 16_384
_MAX_QUOTA = MAX_TASK_NUSD // NUSD_PER_QUOTA  # of one task; sums of such fit the ledger's integers
_MAX_AMOUNT = 10**15
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,18})?", re.ASCII)


class Unreadable(ValueError):
    """An answer that can't be relied on; its text says why in a phrase."""


def read_json(body: bytes) -> Json:
    """Return the JSON value of a body: UTF-8, without NaN and infinities; raises Unreadable."""
    try:
        value: Json = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant, parse_float=_finite)
    except UnicodeDecodeError:
        raise Unreadable("the answer is not UTF-8") from None
    except RecursionError:
        raise Unreadable("the answer is nested too deeply") from None
    except Unreadable:
        raise
    except ValueError:
        raise Unreadable(_not_json(body)) from None
    return value


def read_object(body: bytes) -> JsonObject:
    """Return the JSON object of a body; raises Unreadable."""
    value = read_json(body)
    if not isinstance(value, Mapping):
        raise Unreadable("the answer is JSON, but no object")
    return value


def read_task(answer: JsonObject, *, expected_id: str | None = None, scrub: Scrub = str) -> Task:
    """Return the task that an answer describes; raises Unreadable.

    Args:
        answer: the body of a 200.
        expected_id: the id that was asked about; an answer about any other task is unreadable.
        scrub: takes secrets out of what is written down; a task id that holds one is unreadable.
    """
    task_id = answer.get("task_id")
    if not isinstance(task_id, str) or not TASK_ID.fullmatch(task_id) or scrub(task_id) != task_id:
        raise Unreadable("the answer has no usable task_id")
    if expected_id is not None and task_id != expected_id:
        raise Unreadable(f"the answer is about another task, {task_id}")
    state = _state(answer.get("status"))
    return Task(
        task_id=task_id,
        state=state,
        created_at=instant(answer.get("created_at")),
        completed_at=instant(answer.get("completed_at")),
        hold_quota=_quota(answer.get("pre_consumed_cost")),
        cost_quota=_quota(answer.get("cost")),
        images=tuple(_images(answer.get("result"), scrub)) if state is TaskState.COMPLETED else (),
        error=_error(answer.get("error"), scrub) if state is TaskState.FAILED else None,
    )


def _state(value: Json) -> TaskState:
    try:
        return TaskState(value) if isinstance(value, str) else _unknown_state(value)
    except ValueError:
        _unknown_state(value)


def _unknown_state(value: Json) -> NoReturn:
    raise Unreadable(f'the task is in an unknown state, "{words(value, limit=40)}"') from None


def _images(result: Json, scrub: Scrub) -> Iterator[ResultImage]:
    """Yield the images of a completed task; none when the API says there are none.

    A shape that is not known is unreadable and not "no images": they may be there, and paid.
    """
    if not result:
        return
    if not isinstance(result, Mapping):
        raise Unreadable("the task's result is no object")
    images = result.get("images")
    if images is None and any(result.values()):
        raise Unreadable("the task's result holds no list of images")
    listed = _listed(images)
    if len(listed) > MAX_IMAGES:
        raise Unreadable(f"the task's result lists {len(listed):,} images")
    for image in listed:
        yield from _image(image, scrub)


def _image(image: Json, scrub: Scrub) -> Iterator[ResultImage]:
    for url in _listed(image.get("url") if isinstance(image, Mapping) else image):
        if url is None or url == "":
            continue
        if not isinstance(url, str) or len(url) > MAX_URL_LENGTH:
            raise Unreadable("an image of the task's result has no usable url")
        masked = scrub(url)
        yield ResultImage(url=url, masked_url=masked if masked != url else None)


def _listed(value: Json) -> list[Json]:
    """Return a list as it is, a bare value as a list of one, and nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _error(value: Json, scrub: Scrub) -> TaskError:
    code, message = ("", value) if not isinstance(value, Mapping) else (value.get("code"), value.get("message"))
    return TaskError(
        code=words(code, limit=100, scrub=scrub) or "task_failed",
        message=words(message, scrub=scrub) or "the API gave no reason",
    )


def number(value: Json) -> float | None:
    """Return an amount that is written as a number or as text, else None."""
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= _MAX_AMOUNT else None


def _quota(value: Json) -> int | None:
    """Return an amount of quota: a whole number that is not negative, also as 5500.0 or "5500"."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MAX_QUOTA else None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable("the answer holds a number that is out of range")
    return number


def _no_constant(name: str) -> NoReturn:
    raise Unreadable(f"the answer holds {name}, which is no JSON")


def _not_json(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    if not start:
        return "the answer is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "the answer is a web page, not JSON"
    return "the answer is no whole JSON"
