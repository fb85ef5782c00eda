"""Corrupts answers as faults require. Pure: the server sends them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from qwave_batch.model.jsontypes import Json
from qwave_batch.simulator.fault_language import Fault
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.replies import (
    CutShort,
    Dropped,
    Flooding,
    Hanging,
    Manner,
    Reply,
    Trickling,
    model_not_found,
    refusal,
    task_not_found,
)

_PAGE = (
    b"<!DOCTYPE html><html><head><title>One moment, please</title></head><body><h1>502 Bad Gateway</h1>"
    b"<p>The server is being looked after. Error code 502.</p></body></html>"
)
_OVERSIZED_BYTES = 8 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Context of a fault, next to the answer that it corrupts."""

    now: float
    """Unix seconds."""
    elsewhere: str
    """The same URL on another host name, for redirects."""
    reset_at: float = 0.0
    """When an exceeded quota window ends; Unix seconds."""


_Rule: TypeAlias = Callable[[Reply, Fault, Circumstances], Reply]


def spoil(reply: Reply, fault: Fault, circumstances: Circumstances) -> Reply:
    """Return the replacement of ``reply``, which is empty for a fault that applies before there is an answer."""
    return _RULES[fault.name](reply, fault, circumstances)


def too_many(wait_s: float, *, headers: dict[str, str] | None = None) -> Reply:
    """Return a 429 with the wait in whole seconds, rounded up."""
    wait = str(max(1, math.ceil(wait_s)))
    return refusal(429, "rate_limit_exceeded", "too many requests", headers={**(headers or {}), "Retry-After": wait})


def window_exceeded(reset_at: float) -> Reply:
    """Return the 429 of an account that has used up its quota window."""
    window: dict[str, Json] = {"window": "5h", "used": 5_000_000, "cap": 5_000_000, "reset_at": math.ceil(reset_at)}
    return refusal(429, "quota_window_exceeded", "the quota of this window is used up", more=window)


def bad_key() -> Reply:
    """Return the 401 for a key that is missing or unknown."""
    return refusal(401, "invalid_api_key", "the API key is missing or not valid")


def balance_used_up() -> Reply:
    """Return the 402 of an account that cannot pay for the request."""
    return refusal(402, "insufficient_balance", "the balance does not cover this request, please top up")


def _always(reply: Reply) -> _Rule:
    return lambda _reply, _fault, _circumstances: reply


def _in_manner(manner: Callable[[Fault], Manner]) -> _Rule:
    return lambda reply, fault, _circumstances: replace(reply, manner=manner(fault))


def _with_body(change: Callable[[bytes], bytes]) -> _Rule:
    return lambda reply, _fault, _circumstances: replace(reply, body=change(reply.body))


def _first_half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def _damaged(body: bytes) -> bytes:
    middle, width = len(body) // 2, max(1, len(body) // 8)
    return body[:middle] + bytes(byte ^ 0x5A for byte in body[middle : middle + width]) + body[middle + width :]


def _server_error(status: int) -> _Rule:
    return _always(refusal(status, "server_error", "the server cannot answer right now, try again later"))


def _html(status: int) -> _Rule:
    return _always(Reply(status=status, body=_PAGE, content_type="text/html; charset=utf-8"))


def _until_date(_reply: Reply, fault: Fault, circumstances: Circumstances) -> Reply:
    until = formatdate(math.ceil(circumstances.now + fault.seconds), usegmt=True)
    return refusal(429, "rate_limit_exceeded", "too many requests", headers={"Retry-After": until})


def _until_moment(_reply: Reply, fault: Fault, circumstances: Circumstances) -> Reply:
    moment = str(math.ceil(circumstances.now + fault.seconds))
    return refusal(429, "rate_limit_exceeded", "too many requests", headers={"Retry-After": moment})


def _with_reset_in_units(reply: Reply, _fault: Fault, _circumstances: Circumstances) -> Reply:
    limits = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "250ms"}
    return replace(reply, headers={**reply.headers, **limits})


_UNPRICED = refusal(500, "price_not_configured", "this model has no price configured and cannot be billed")

_RULES: Mapping[FaultName, _Rule] = {
    FaultName.DROP: _in_manner(lambda _: Dropped()),
    FaultName.HTTP500: _server_error(500),
    FaultName.HTTP502: _server_error(502),
    FaultName.HTTP503: _server_error(503),
    FaultName.HTML: _html(200),
    FaultName.HTML502: _html(502),
    FaultName.CUT_JSON: _with_body(_first_half),
    FaultName.CUT_BODY: _in_manner(lambda _: CutShort()),
    FaultName.EMPTY: _with_body(lambda _: b""),
    FaultName.HANG: _in_manner(lambda fault: Hanging(fault.seconds)),
    FaultName.SLOW: _in_manner(lambda fault: Trickling(fault.seconds)),
    FaultName.ENDLESS: _in_manner(lambda _: Flooding(None)),
    FaultName.OVERSIZED: _in_manner(lambda _: Flooding(_OVERSIZED_BYTES)),
    FaultName.REDIRECT: lambda _reply, _fault, now: Reply(status=307, headers={"Location": now.elsewhere}),
    FaultName.WRONG_TYPE: lambda reply, _fault, _now: replace(reply, content_type="text/plain; charset=utf-8"),
    FaultName.HTTP429: lambda _reply, fault, _now: too_many(fault.seconds),
    FaultName.HTTP429_DATE: _until_date,
    FaultName.HTTP429_BARE: _always(refusal(429, "rate_limit_exceeded", "too many requests")),
    FaultName.HTTP429_MOMENT: _until_moment,
    FaultName.INSUFFICIENT_QUOTA: _always(
        refusal(429, "insufficient_quota", "your quota is used up, please check your plan and billing details")
    ),
    FaultName.QUOTA_WINDOW: lambda _reply, _fault, now: window_exceeded(now.reset_at),
    FaultName.BAD_KEY: _always(bad_key()),
    FaultName.FORBIDDEN: _always(refusal(403, "access_denied", "this key may not do that")),
    FaultName.FORBIDDEN_HTML: _html(403),
    FaultName.MODEL_DENIED: _always(
        refusal(403, "model_access_denied", "this key may not use the model", more={"param": "model"})
    ),
    FaultName.PROMPT_DENIED: _always(
        refusal(403, "content_policy_violation", "the prompt is not allowed", more={"param": "prompt"})
    ),
    FaultName.MODEL_NOT_FOUND: _always(model_not_found("asked for")),
    FaultName.ASSET_NOT_FOUND: _always(
        refusal(400, "asset_not_found", "an input image is not there", more={"param": "image_urls"})
    ),
    FaultName.BALANCE_USED_UP: _always(balance_used_up()),
    FaultName.PRICE_NOT_CONFIGURED: _always(_UNPRICED),
    FaultName.TASK_LOST: _always(task_not_found("asked for")),
    FaultName.RESET_UNITS: _with_reset_in_units,
    FaultName.TRUNCATED_IMAGE: _with_body(_first_half),
    FaultName.CORRUPT_IMAGE: _with_body(_damaged),
    FaultName.NOT_THERE_YET: _always(refusal(404, "not_found", "this file does not exist")),
    FaultName.REFUSED_FILE: _always(refusal(403, "forbidden", "this file is not for you")),
    FaultName.EXPIRED_URL: _always(refusal(410, "expired", "this file has expired")),
}
"""How each fault changes an answer; the missing faults change a task, or the JSON before it becomes an answer."""


Body = dict[str, Any]


def other_shape(body: Body) -> Body:
    """Return a result that lists its images beside ``status``, each under ``image_url``."""
    return _with_images(body, lambda _: None, data=[{"image_url": _address(image)} for image in _images(body)])


def result_of_no_known_form(body: Body) -> Body:
    """Return a result whose images are in an unknown place, without a cost."""
    if not _images(body):
        return body
    told = {key: value for key, value in body.items() if key != "cost"}
    return {**told, "result": {"pictures": [{"href": _address(image)} for image in _images(body)]}}


def unlisted(body: Body) -> Body:
    """Return a result that lists no images yet."""
    return _with_images(body, lambda _: [])


def listed_in_part(body: Body) -> Body:
    """Return a result that lists only its first image."""
    return _with_images(body, lambda images: images[:1])


def relative_url(body: Body) -> Body:
    """Return a result whose addresses are relative to the task's."""
    return _with_images(body, lambda images: [{**image, "url": [_relative(_address(image))]} for image in images])


def unknown_word(body: Body) -> Body:
    """Return the end of a task in an undocumented word, with neither images nor a cost."""
    if "completed_at" not in body:
        return body
    told = {key: value for key, value in body.items() if key not in {"result", "cost"}}
    return {**told, "status": "moderated", "error": {"code": "moderated", "message": "the result was withheld"}}


def no_number(body: Body) -> Body:
    """Return an answer with numbers that JSON does not have, in unimportant fields."""
    return {**body, "eta": float("nan"), "queue_seconds": float("inf")}


def error_in_success(_: Body) -> Body:
    """Return a success with an error in place of a task."""
    return {"error": {"code": "invalid_prompt", "message": "this prompt is not allowed"}}


SHAPES: Mapping[FaultName, Callable[[Body], Body]] = {
    FaultName.OTHER_SHAPE: other_shape,
    FaultName.UNREADABLE_RESULT: result_of_no_known_form,
    FaultName.UNLISTED: unlisted,
    FaultName.LISTED_IN_PART: listed_in_part,
    FaultName.RELATIVE_URL: relative_url,
    FaultName.UNKNOWN_WORD: unknown_word,
    FaultName.NO_NUMBER: no_number,
    FaultName.ERROR_IN_SUCCESS: error_in_success,
}
"""The corruption that each of these faults applies to an answer."""


def _relative(address: str) -> str:
    return urlsplit(address)._replace(scheme="", netloc="").geturl()


def _images(body: Body) -> list[Body]:
    return list(body.get("result", {}).get("images") or [])


def _with_images(body: Body, change: Callable[[list[Body]], Any], **beside: Any) -> Body:
    """Return an answer with its list of images replaced; one without images stays as it is."""
    images = _images(body)
    return {**body, "result": {"images": change(images)}, **beside} if images else body


def _address(image: Body) -> str:
    """Return an image's address, which another fault may have made a bare string."""
    url: str | list[str] = image["url"]
    return url if isinstance(url, str) else url[0]
