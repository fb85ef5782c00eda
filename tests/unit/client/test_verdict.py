import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

import pytest

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Denied,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
)
from qwave_batch.client.http import HttpResponse
from qwave_batch.client.retry_after import MAX_WAIT_S
from qwave_batch.client.verdict import Call, judge
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.task import TaskState
from tests.api_units import QUOTA
from tests.every_case import in_one_test

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
CALLS: tuple[Call, ...] = ("submit", "status", "cancel")
HTML = b"<html>bad gateway</html>"


def answer(
    status: int,
    body: Json = None,
    *,
    call: Call = "submit",
    raw: bytes | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Answer:
    data = raw if raw is not None else json.dumps(body).encode()
    response = HttpResponse(status=status, headers={"date": DATE, **headers}, body=data)
    return judge(response, call=call, now=NOW - 500, quota=QUOTA, task_id=None if call == "submit" else "task-1")


def error(code: str = "some_code", message: str = "some words", **more: Json) -> dict[str, Json]:
    return {"error": {"code": code, "message": message, **more}}


def name_of(told: Answer) -> str:  # noqa: PLR0911 - one an answer
    match told:
        case TaskAnswer():
            return "task"
        case Refused():
            return "refused, attempt kept" if told.keeps_attempt else "refused"
        case AccountBlocked():
            return f"stopped {told.kind}" + (", attempt kept" if told.keeps_attempt else "")
        case Denied():
            return f"denied {told.concerns}" + (", attempt kept" if told.keeps_attempt else "")
        case TaskNotFound():
            return "missing"
        case Throttled():
            return "throttled"
        case NoAnswer():
            return "unanswered"
        case _:
            assert_never(told)


@pytest.mark.parametrize(
    ("status", "submit", "polled", "cancel"),
    [
        (301, "unanswered", "unanswered", "unanswered"),
        (400, "refused", "unanswered", "refused"),
        (401, "stopped key", "stopped key", "stopped key"),
        (402, "stopped balance", "stopped balance", "stopped balance"),
        (403, "denied unsaid", "denied unsaid", "denied unsaid"),
        (404, "refused", "missing", "missing"),
        (408, "unanswered", "unanswered", "unanswered"),
        (409, "unanswered", "unanswered", "unanswered"),
        (413, "refused", "unanswered", "refused"),
        (422, "refused", "unanswered", "refused"),
        (429, "throttled", "throttled", "throttled"),
        (500, "unanswered", "unanswered", "unanswered"),
        (503, "unanswered", "unanswered", "unanswered"),
    ],
)
def test_an_error_of_the_api_means_what_the_table_says(status: int, submit: str, polled: str, cancel: str) -> None:
    told = [name_of(answer(status, error(), call=call)) for call in CALLS]
    assert told == [submit, polled, cancel]


@pytest.mark.parametrize(
    ("status", "code", "param"),
    [
        (404, "model_not_found", "model"),
        (400, "asset_reference_invalid", "image_urls"),
        (400, "asset_reference_unsupported", "image_urls"),
        (400, "asset_not_found", "image_urls"),
        (400, "asset_type_mismatch", "mask_url"),
        (400, "asset_route_mismatch", None),
    ],
)
def test_a_submit_without_its_model_or_its_images_is_refused_and_is_no_lost_task(
    status: int, code: str, param: str | None
) -> None:
    """A 404 is a missing task only where a task was asked for."""
    more = {} if param is None else {"param": param}
    told = answer(status, error(code, type="invalid_request_error", **more))
    assert isinstance(told, Refused)
    assert (told.code, told.param, told.keeps_attempt) == (code, param, False)
    if status == 404:
        assert isinstance(answer(status, error(code), call="status"), TaskNotFound)


@in_one_test("call", CALLS)
@in_one_test("status", [400, 404, 409, 422, 500, 502, 504, 599, 100, 204, 302, 200])
@in_one_test("raw", [HTML, b"", b"[]", b'{"error": "text"}', b'{"detail": "x"}', b'{"error": {}}', b"\xff"])
def test_what_the_api_did_not_write_ends_nothing(status: int, raw: bytes, call: Call) -> None:
    """A proxy or firewall on the way knows nothing about a task."""
    assert name_of(answer(status, call=call, raw=raw)) == "unanswered"


@pytest.mark.parametrize(("status", "kind"), [(401, "key"), (402, "balance")])
def test_the_account_stops_the_run_whoever_says_so_but_keeps_the_attempt(status: int, kind: str) -> None:
    assert name_of(answer(status, raw=HTML)) == f"stopped {kind}, attempt kept"


def test_a_refusal_names_the_field() -> None:
    told = answer(400, error("capability_violation", "no such ratio", param="aspect_ratio"))
    assert isinstance(told, Refused)
    assert (told.code, told.message, told.param, told.status) == (
        "capability_violation", "no such ratio", "aspect_ratio", 400,
    )  # fmt: skip
    assert told.error == JobError(
        code="capability_violation", message="no such ratio", http_status=400, retryable=False, field="aspect_ratio"
    )


def test_a_model_without_a_price_fails_the_job_and_keeps_the_attempt() -> None:
    assert name_of(answer(500, error("price_not_configured"))) == "refused, attempt kept"
    assert name_of(answer(500, error("price_not_configured"), call="status")) == "unanswered"


def test_a_task_that_is_too_far_to_cancel_is_a_refusal_whatever_its_status() -> None:
    for status in (400, 404, 409):
        assert name_of(answer(status, error("task_not_cancellable"), call="cancel")) == "refused"


def test_a_readable_task_is_told_with_the_server_s_date() -> None:
    told = answer(200, {"task_id": "task-1", "status": "queued"}, call="status")
    assert isinstance(told, TaskAnswer)
    assert (told.task.state, told.served_at) == (TaskState.QUEUED, NOW)


@pytest.mark.parametrize("call", ["status", "cancel"])
def test_another_task_than_asked_is_no_answer(call: Call) -> None:
    assert name_of(answer(200, {"task_id": "Task-1", "status": "completed"}, call=call)) == "unanswered"


def test_any_2xx_with_a_task_is_an_answer() -> None:
    assert name_of(answer(201, {"task_id": "task-9", "status": "queued"})) == "task"


def test_a_redirect_says_where_it_leads() -> None:
    told = answer(307, raw=b"", headers={"location": "https://elsewhere.example/v1/tasks"})
    assert isinstance(told, NoAnswer)
    assert "elsewhere.example" in told.reason
    assert told.sent


def test_a_server_error_may_say_when_to_come_back() -> None:
    told = answer(503, raw=HTML, headers={"retry-after": "20"})
    assert isinstance(told, NoAnswer)
    assert (told.retry_after_s, told.status) == (20, 503)


def throttled(body: Json = None, headers: Mapping[str, str] = MappingProxyType({})) -> Throttled:
    told = answer(429, body if body is not None else error("rate_limited"), headers=headers)
    assert isinstance(told, Throttled)
    return told


@pytest.mark.parametrize("reset_at", [1_800_000_060, 1_800_000_060_000, "2027-01-15T08:01:00Z", "1800000060"])
def test_a_quota_window_is_waited_out_by_the_server_s_clock(reset_at: Json) -> None:
    told = throttled(error("quota_window_exceeded", window="day", used=12.5, cap="10", reset_at=reset_at))
    assert told.wait_s == 60
    assert (told.window, told.is_quota_window) == ("day", True)


@pytest.mark.parametrize(("said", "wait_s"), [("7", 60), ("90", 90)])
def test_of_retry_after_and_reset_at_the_longer_one_counts(said: str, wait_s: float) -> None:
    """A gateway's pause does not open a quota window."""
    answer = throttled(error("quota_window_exceeded", reset_at=1_800_000_060), {"retry-after": said})
    assert answer.wait_s == wait_s


def test_a_quota_window_that_ends_in_a_century_is_longer_than_any_run_waits() -> None:
    assert throttled(error("quota_window_exceeded", reset_at=9_000_000_000)).wait_s == MAX_WAIT_S


def test_rate_limit_headers_are_the_last_resort() -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}
    assert throttled(headers=headers).wait_s == 9
    assert throttled(headers={**headers, "retry-after": "4"}).wait_s == 4


@pytest.mark.parametrize("reset_at", [None, -5, True, "never", 10**30, []])
def test_a_reset_that_makes_no_sense_leaves_the_wait_to_us(reset_at: Json) -> None:
    assert throttled(error("quota_window_exceeded", reset_at=reset_at)).wait_s is None


def test_a_throttle_without_a_body_is_still_one() -> None:
    assert name_of(answer(429, raw=HTML)) == "throttled"


def test_secrets_are_taken_out_before_a_text_is_cut() -> None:
    message = "x" * 995 + "sk-secret"
    response = HttpResponse(status=400, body=json.dumps(error("sk-secret", message, param="sk-secret")).encode())
    told = judge(response, call="submit", now=NOW, quota=QUOTA, redact=lambda text: text.replace("sk-secret", "***"))
    assert "sk-" not in repr(told)


@in_one_test("raw", [HTML, b"", b"[]", b'{"error": "text"}', b"\xff"])
@in_one_test("status", [403, 451])
@in_one_test("call", CALLS)
def test_what_a_gateway_forbids_is_no_proof_that_nothing_was_made(status: int, raw: bytes, call: Call) -> None:
    assert name_of(answer(status, call=call, raw=raw)) == "denied unsaid, attempt kept"


@in_one_test(
    ("more", "concerns"),
    [
        ({"code": "forbidden"}, "unsaid"),
        ({"code": None}, "unsaid"),
        ({"code": "model_access_denied"}, "model"),
        ({"code": "ModelNotAllowed"}, "model"),
        ({"code": "model_access_denied", "message": "Your plan does not include this model"}, "model"),
        ({"code": None, "message": "Your current plan does not include this model."}, "model"),
        ({"code": "plan_required", "message": "The model is not in your plan"}, "model"),
        ({"code": "remodelled"}, "unsaid"),
        ({"code": "x", "param": "body.model"}, "model"),
        ({"code": "x", "param": "input.prompt"}, "job"),
        ({"code": "model_access_denied", "param": "model"}, "model"),
        ({"code": "x", "param": "Model.version"}, "model"),
        ({"code": "x", "param": "prompt"}, "job"),
        ({"code": "x", "param": "image[0]"}, "job"),
        ({"code": "x", "param": "api_key"}, "account"),
        ({"code": "x", "param": "token"}, "account"),
        ({"code": "x", "param": "headers.authorization"}, "account"),
        ({"code": "unprompted_key"}, "account"),
        ({"code": "account_violation", "message": "suspended for violations"}, "account"),
        ({"code": "violation", "message": "Your account has been suspended"}, "account"),
        ({"code": "policy_violation"}, "job"),
        ({"code": "contentment"}, "unsaid"),
        ({"code": "content_policy_violation"}, "job"),
        ({"code": "MODERATION_BLOCKED"}, "job"),
        ({"code": None, "type": "safety_error"}, "job"),
    ],
)
def test_a_403_says_what_it_is_about(more: dict[str, Json], concerns: str) -> None:
    assert name_of(answer(403, {"error": {"message": "no", **more}})) == f"denied {concerns}"


def test_a_451_without_more_is_about_the_content() -> None:
    assert name_of(answer(451, error("unavailable"))) == "denied job"
    assert name_of(answer(451, error("unavailable", param="model"))) == "denied model"


OUT_OF_FUNDS: list[dict[str, Json]] = [
    {"code": "insufficient_quota", "message": "no"},
    {"code": "INSUFFICIENT-BALANCE", "message": "no"},
    {"code": "quota_exhausted", "message": "no"},
    {"code": "billing_hard_limit_reached", "message": "no"},
    {"code": "credits_depleted", "message": "no"},
    {"code": None, "type": "insufficient_quota", "message": "no"},
    {"code": "error", "type": "billing_error", "message": "no"},
    {"code": None, "message": "You exceeded your current quota, please check your plan and billing details."},
    {"message": "Insufficient account balance. Please top up."},
    {"code": 1113, "message": "your credits are used up"},
    {"code": "rate_limit_exceeded", "type": "insufficient_quota", "message": "no"},
    {"code": None, "message": "You have reached your spending limit."},
    {"code": "spend_limit_exceeded", "message": "no"},
    {"code": None, "message": "Your balance is negative"},
    {"code": None, "message": "Subscription expired"},
    {"code": None, "message": "This needs an active subscription"},
    {"code": "subscription_required", "message": "no"},
]


@in_one_test("status", [429, 403])
@in_one_test("body", OUT_OF_FUNDS)
def test_out_of_funds_is_told_by_code_type_or_message(status: int, body: dict[str, Json]) -> None:
    assert name_of(answer(status, {"error": body})) == "stopped balance"


@pytest.mark.parametrize("body", OUT_OF_FUNDS)
def test_a_window_that_names_its_end_is_waited_for(body: dict[str, Json]) -> None:
    assert name_of(answer(429, {"error": body}, headers={"retry-after": "9"})) == "throttled"
    assert name_of(answer(429, {"error": {**body, "reset_at": 1_800_000_060}})) == "throttled"


@pytest.mark.parametrize(
    "body",
    [
        {"code": "rate_limited", "message": "slow down"},
        {"code": "rate_limit_exceeded", "message": "Rate limit reached. Upgrade your plan for higher limits."},
        {"code": None, "message": "Too many requests: your plan allows 60 per minute"},
        {"code": None, "message": "quota of 60 requests per minute exceeded"},
        {"code": "quota_window_exceeded", "message": "the day's quota is used up"},
        {"code": "too_many_requests", "message": "no more credits for concurrent tasks"},
        {"code": "busy", "message": "the model is busy"},
        {"code": "quota_exceeded", "message": "Quota exceeded for requests per minute"},
        {"code": "insufficient_quota", "message": "Too many requests at once"},
        {"code": "queue_full", "message": "No more credit for this queue"},
        {"code": "server_busy", "message": "The server has exhausted its GPU quota"},
        {"code": None, "message": "The cluster has exhausted its GPU quota"},
    ],
)
def test_a_plain_rate_limit_is_not_taken_for_an_empty_account(body: dict[str, Json]) -> None:
    assert name_of(answer(429, {"error": body})) == "throttled"


@pytest.mark.parametrize("call", ["status", "cancel"])
def test_only_a_submit_can_be_refused_for_want_of_money_in_other_words_than_402(call: Call) -> None:
    assert name_of(answer(429, error("insufficient_quota"), call=call)) == "throttled"
    assert name_of(answer(403, error("insufficient_quota"), call=call)) == "denied unsaid"


def test_a_retry_after_without_sense_is_kept_for_people() -> None:
    assert throttled(headers={"retry-after": "in a while"}).unread == "in a while"
    assert throttled(headers={"retry-after": "9"}).unread == ""


def test_what_a_gateway_forbids_is_told_without_its_status_twice() -> None:
    told = answer(403, raw=HTML)
    assert isinstance(told, Denied)
    assert told.message == "Forbidden, without an error in the API's form"
