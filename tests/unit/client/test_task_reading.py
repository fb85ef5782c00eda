import json

import pytest

from qwave_batch.client.task_reading import Unreadable, json_of_body, object_of_body, read_task
from qwave_batch.client.task_results import MAX_URL_LENGTH
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.task import ResultImage, TaskError, TaskState
from tests.api_units import QUOTA
from tests.every_case import in_one_test

MAY: dict[str, Json] = {
    "task_id": "task-wave1775285160b950328499",
    "model": "gpt-image-2",
    "action": "generate",
    "status": "queued",
    "created_at": 1775285160040,
    "progress": 0,
    "pre_consumed_cost": 5500,
}
SEPTEMBER: dict[str, Json] = {
    "task_id": "task-1",
    "status": "completed",
    "action": "generate",
    "model": "gpt-image-2",
    "progress": "100%",
    "created_at": 1720000000,
    "completed_at": 1720000030,
    "cost": 5500,
    "result": {"images": [{"url": ["https://cdn.example/xxx.png"], "expires_at": 1720259200}]},
    "urls": {"get": "...", "cancel": "..."},
}


def test_the_may_dialect_is_read() -> None:
    task = read_task(MAY, quota=QUOTA)
    assert task.state is TaskState.QUEUED
    assert task.created_at == 1775285160.040
    assert (task.hold_nusd, task.cost_nusd) == (11_000_000, None)


def test_the_september_dialect_is_read() -> None:
    task = read_task(SEPTEMBER, expected_id="task-1", quota=QUOTA)
    assert task.state is TaskState.COMPLETED
    assert (task.created_at, task.completed_at) == (1720000000, 1720000030)
    assert task.cost_nusd == 11_000_000
    assert task.images == (ResultImage(url="https://cdn.example/xxx.png", expires_at=1720259200),)


@in_one_test("host", ["www.qingbo.dev", "api.qingbo.ai"])
@in_one_test("of_images", ["www.qingbo.dev", "api.qingbo.ai", "cdn.example"])
@in_one_test("progress", [100, "100%", "45%", "", None])
@in_one_test("unit", [1, 1000])
def test_a_result_is_understood_whichever_host_tells_of_it(
    host: str, of_images: str, progress: Json, unit: int
) -> None:
    """Times in seconds or milliseconds, progress in either form, and images on this host, the other one or a third."""
    told: dict[str, Json] = {
        **SEPTEMBER,
        "progress": progress,
        "created_at": 1720000000 * unit,
        "completed_at": 1720000030 * unit,
        "result": {"images": [{"url": [f"https://{of_images}/files/1.png"], "expires_at": 1720259200 * unit}]},
    }
    task = read_task(told, expected_id="task-1", quota=QUOTA, tasks_url=f"https://{host}/v1/tasks")
    assert (task.state, task.created_at, task.completed_at) == (TaskState.COMPLETED, 1720000000, 1720000030)
    assert task.images == (ResultImage(url=f"https://{of_images}/files/1.png", expires_at=1720259200),)


@pytest.mark.parametrize(
    ("cost", "quota"),
    [(0, 0), (5500, 5500), (5500.0, 5500), ("5500", 5500), (True, None), (-1, None), (0.5, None), ("-3", None),
     ("much", None), (None, None), (10**30, None), ([1], None),
     (5 * 10**9, 5 * 10**9), (5 * 10**9 + 1, None), (10**15, None), (1e308, None), ("999999999999999", None)],
)  # fmt: skip
def test_money_is_a_whole_number_or_not_said(cost: Json, quota: int | None) -> None:
    task = read_task({**MAY, "cost": cost, "pre_consumed_cost": cost}, quota=QUOTA)
    nusd = None if quota is None else quota * 2_000
    assert (task.cost_nusd, task.hold_nusd) == (nusd, nusd)


@pytest.mark.parametrize(
    ("result", "urls"),
    [
        ({"images": [{"url": ["a", "b"]}, {"url": "c"}]}, ["a", "b", "c"]),
        ({"images": ["a", "b"]}, ["a", "b"]),
        ({"images": {"url": "a"}}, ["a"]),
        ({"images": "a"}, ["a"]),
        ({"images": [{"url": ["", None, "a"]}, {"url": None}, {}, None]}, ["a"]),
        ({"images": []}, []),
        ({"images": None}, []),
        ({}, []),
        (None, []),
        ([], []),
    ],
)
def test_images_come_as_lists_or_bare(result: Json, urls: list[str]) -> None:
    task = read_task({**SEPTEMBER, "result": result}, tasks_url="https://c/v1/tasks", quota=QUOTA)
    assert [image.url.removeprefix("https://c/v1/tasks/") for image in task.images] == urls
    assert not task.unread


@pytest.mark.parametrize(
    "result",
    [7, {"video": "a"}, {"images": [7]}, {"images": [{"url": 7}]}, {"images": [{"url": [["a"]]}]},
     {"images": ["https://c/" + "a" * MAX_URL_LENGTH]}, {"images": ["https://c/a"] * 1001}],
)  # fmt: skip
def test_a_result_of_unknown_shape_is_unread_and_not_empty(result: Json) -> None:
    """Images that are there and paid must not be taken for none, and the answer is kept to be looked at."""
    task = read_task({**SEPTEMBER, "result": result}, body=b"{}", quota=QUOTA)
    assert task.state is TaskState.COMPLETED
    assert task.unread
    assert task.answer == b"{}"


def test_images_of_a_task_that_has_not_ended_are_not_looked_at() -> None:
    assert read_task({**SEPTEMBER, "status": "processing", "result": 7}, quota=QUOTA).images == ()


@pytest.mark.parametrize("status", ["", None, True, ["completed"], {"completed": 1}])
def test_what_is_no_word_for_a_state_is_unreadable(status: Json) -> None:
    with pytest.raises(Unreadable, match="unknown state"):
        read_task({**MAY, "status": status}, quota=QUOTA)


@pytest.mark.parametrize("task_id", [None, "", 5, "a b", "a\nb", "图", "x" * 201, ".", "..", ["a"], "a\ud800"])
def test_a_task_without_a_usable_id_is_unreadable(task_id: Json) -> None:
    with pytest.raises(Unreadable, match="task_id"):
        read_task({**MAY, "task_id": task_id}, quota=QUOTA)


@pytest.mark.parametrize("asked", ["task-2", "TASK-1", "task-1 ", "task-11"])
def test_an_answer_about_another_task_is_unreadable(asked: str) -> None:
    with pytest.raises(Unreadable, match="another task"):
        read_task(SEPTEMBER, expected_id=asked, quota=QUOTA)


@pytest.mark.parametrize(
    ("error", "read"),
    [
        ({"code": "upstream_unavailable", "message": "later"}, TaskError(code="upstream_unavailable", message="later")),
        ("it broke", TaskError(code="task_failed", message="it broke")),
        (None, TaskError(code="task_failed", message="the API gave no reason")),
        ({"code": 7, "message": ["x"]}, TaskError(code="task_failed", message="the API gave no reason")),
        ({"code": "c", "message": "two\nlines\x1b[31m\ud800"}, TaskError(code="c", message="two lines [31m")),
    ],
)
def test_a_failed_task_always_has_a_reason_fit_to_print(error: Json, read: TaskError) -> None:
    assert read_task({**MAY, "status": "failed", "error": error}, quota=QUOTA).error == read


def test_ornaments_that_make_no_sense_are_left_out() -> None:
    task = read_task(
        {**SEPTEMBER, "model": 7, "action": None, "created_at": "x", "completed_at": -1, "urls": 3}, quota=QUOTA
    )
    assert (task.created_at, task.completed_at) == (None, None)
    assert len(task.images) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><p>502", "web page"),
        (b'{"task_id": "a"', "not complete JSON"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested too deeply"),
        (b"[1]", "no object"),
        (b'"text"', "no object"),
    ],
)
def test_a_body_that_is_no_json_object_says_what_it_is(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        object_of_body(body)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert json_of_body(b"\xef\xbb\xbf" + json.dumps({"a": "图"}).encode()) == {"a": "图"}


def test_a_task_id_that_holds_a_secret_is_unreadable() -> None:
    with pytest.raises(Unreadable, match="task_id"):
        read_task(
            {"task_id": "task-secret-1", "status": "queued"},
            redact=lambda text: text.replace("secret", "***"),
            quota=QUOTA,
        )


def test_an_address_that_holds_a_secret_says_how_it_may_be_written_down() -> None:
    answer: dict[str, Json] = {
        "task_id": "t",
        "status": "completed",
        "result": {"images": ["https://c/1?k=secret", "https://c/2"]},
    }
    task = read_task(answer, redact=lambda text: text.replace("secret", "***"), quota=QUOTA)
    assert [(image.url, image.masked_url) for image in task.images] == [
        ("https://c/1?k=secret", "https://c/1?k=***"), ("https://c/2", None),
    ]  # fmt: skip


def test_an_error_that_quotes_a_signed_address_says_no_signature() -> None:
    """However long the address is: a cut must not leave half of a signature."""
    start = "https://cdn.example/" + "a" * 900
    message = f"cannot fetch {start}.png?Expires=1720259200&Signature=abc&w=2 ({start}.jpg?X-Amz-Signature=abc)"
    error: dict[str, Json] = {"code": "upstream_bad_request", "message": message}
    task = read_task({**MAY, "status": "failed", "error": error}, quota=QUOTA)
    assert task.error is not None
    assert task.error.message.startswith(f"cannot fetch {start}.png?w=2 (")
    assert "Signature" not in task.error.message
