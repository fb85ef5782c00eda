"""Answers at the end of a task, in every shape."""

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from qwave_batch.client.answers import NoAnswer, Refused, TaskAnswer
from qwave_batch.client.http import HttpResponse
from qwave_batch.client.task_reading import Unreadable, object_of_body, read_task
from qwave_batch.client.verdict import Call, judge
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.task import INLINE, Task, TaskState
from tests.api_units import QUOTA
from tests.every_case import in_one_test

TASKS = "https://api.example/v1/tasks"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LETTERS = base64.b64encode(PNG).decode()
URL = "https://cdn.example/1.png"
OTHER = "https://cdn.example/2.png"


def ended(status: Json = "completed", **fields: Json) -> Task:
    return read_task({"task_id": "t-1", "status": status, **fields}, tasks_url=TASKS, body=b"{}", quota=QUOTA)


def answer(status: int, raw: bytes | dict[str, Any], *, call: Call = "submit", sent_bytes: int = 0) -> Any:
    body = raw if isinstance(raw, bytes) else json.dumps(raw).encode()
    task_id = None if call == "submit" else "t-1"
    return judge(
        HttpResponse(status=status, body=body), call=call, now=0, quota=QUOTA, task_id=task_id, sent_bytes=sent_bytes
    )


@pytest.mark.parametrize(
    "images",
    [[{"url": [URL]}], [{"url": URL}], [{"image_url": URL}], [{"image_url": {"url": URL}}], [URL], URL, {"url": URL},
     {"0": {"url": URL}}, {"first": {"url": URL}}, [[URL]], [{"url": None, "image_url": URL}],
     [{"url": f" {URL}\n"}]],
)  # fmt: skip
def test_an_address_is_found_however_it_is_wrapped(images: Json) -> None:
    for fields in (
        {"result": {"images": images}},
        {"result": {"data": images}},
        {"result": {"output": images}},
        {"result": {"output": {"images": images}}},
        {"images": images},
        {"data": images},
        {"output": images},
        {"data": {"images": images}},
        {"result": images},
        {"result": {"images": None, "data": images}},
        {"result": None, "images": images},
        {"result": {"images": []}, "data": images},
    ):
        task = ended(**fields)
        assert [image.url for image in task.images] == [URL]
        assert not task.unread


@pytest.mark.parametrize(
    "image",
    [{"b64_json": LETTERS}, {"url": None, "b64_json": LETTERS}, {"url": "", "b64_json": LETTERS},
     {"url": [f"data:image/png;base64,{LETTERS}"]}, {"url": f"data:image/jpeg;base64,{LETTERS}"},
     {"url": f"data:;base64,{LETTERS}"}, {"url": f"DATA:image/png;charset=x;BASE64,{LETTERS}"},
     {"url": f"data:image/png;base64,{LETTERS[:40]}\n {LETTERS[40:]}"},
     {"url": f"data:image/png;base64,{quote(LETTERS)}"},
     {"url": f"data:image/png,{quote(PNG)}"}, f"data:image/png;base64,{LETTERS}", LETTERS,
     {"b64_json": LETTERS.rstrip("=")}, {"b64_json": base64.urlsafe_b64encode(PNG).decode()},
     {"b64_json": f"data:image/png;base64,{LETTERS}"}],
)  # fmt: skip
def test_bytes_in_the_answer_are_the_image_and_no_letter_of_them_is_its_address(image: Json) -> None:
    (found,) = ended(result={"images": [image]}).images
    assert found.content == PNG
    assert (found.url, found.masked_url) == ("", INLINE)
    assert LETTERS[:20] not in repr(found)


def test_several_images_keep_the_order_of_the_answer_whatever_their_forms() -> None:
    task = ended(result={"images": {"10": {"url": OTHER}, "2": {"b64_json": LETTERS}, "1": URL}})
    assert [image.url or image.masked_url for image in task.images] == [URL, INLINE, OTHER]


@pytest.mark.parametrize(
    ("written", "read"),
    [("/cdn/t-1/0.png", "https://api.example/cdn/t-1/0.png"), ("//cdn.example/0.png", "https://cdn.example/0.png"),
     ("0.png", "https://api.example/v1/tasks/0.png"), ("../../cdn/0.png", "https://api.example/cdn/0.png"),
     ("https://cdn.example/a/../0.png?s=%2F", "https://cdn.example/a/../0.png?s=%2F")],
)  # fmt: skip
def test_an_address_is_relative_to_the_task(written: str, read: str) -> None:
    assert [image.url for image in ended(result={"images": [{"url": [written]}]}).images] == [read]


@pytest.mark.parametrize(
    "result",
    [{"pictures": [URL]}, {"images": {"picture": 5}}, {"images": [5]}, {"images": [{"href": URL}]}, {"images": True},
     {"images": [{"b64_json": "no*letters"}]}, {"images": [{"b64_json": 7}]}, {"images": "file:///etc/passwd"},
     {"images": ["s3://bucket/a.png"]}, {"images": ["https://"]}, {"images": ["data:image/png;base64"]},
     7, {"seed": 1}],
)  # fmt: skip
def test_anything_else_is_unread_and_kept_whole(result: Json) -> None:
    task = ended(result=result)
    assert task.state is TaskState.COMPLETED
    assert task.unread
    assert task.answer == b"{}"
    assert task.listed == 0


def test_a_good_image_beside_one_that_cannot_be_used_keeps_its_place() -> None:
    task = ended(result={"images": ["s3://bucket/1.png", URL]})
    assert [image.url for image in task.images] == ["", URL]
    assert "s3" in task.unread


@pytest.mark.parametrize(
    "fields",
    [{}, {"result": None}, {"result": {}}, {"result": {"images": []}}, {"result": {"images": None}}, {"result": []},
     {"images": []}, {"result": {"images": {}}}, {"result": {"images": [], "seed": 5}}],
)  # fmt: skip
def test_nothing_at_all_is_empty(fields: dict[str, Json]) -> None:
    task = ended(**fields)
    assert (task.images, task.unread) == ((), "")


@pytest.mark.parametrize("image", [None, {}, {"url": None}, {"url": "", "status": "uploading"}, {"url": []}, ""])
def test_an_image_without_an_address_is_one_that_is_not_listed_yet(image: Json) -> None:
    assert ended(result={"images": [image]}).is_hollow
    task = ended(result={"images": [URL, image, OTHER]})
    assert [image.url for image in task.images] == [URL, "", OTHER]


def test_the_moment_at_which_an_image_goes_is_read() -> None:
    (image,) = ended(result={"images": [{"url": [URL], "expires_at": 1_800_000_000}]}).images
    assert image.expires_at == 1_800_000_000


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 5000, '"\\ud800"', '1, "eta": 2']
)
@pytest.mark.parametrize("status", ["processing", "completed"])
def test_a_number_that_is_none_costs_no_image(number: str, status: str) -> None:
    text = (
        f'{{"task_id": "t-1", "status": "{status}", "eta": {number}, "progress": {number}, "created_at": {number}, '
        f'"result": {{"seed": {number}, "images": [{{"url": ["{URL}"], "expires_at": {number}}}]}}}}'
    )
    task = read_task(object_of_body(text.encode()), quota=QUOTA)
    assert task.state.value == status
    assert [image.url for image in task.images] == ([URL] if status == "completed" else [])


@pytest.mark.parametrize("cost", ["NaN", "Infinity", "1e999", "1" + "0" * 5000])
def test_a_cost_that_is_no_number_is_not_told(cost: str) -> None:
    task = read_task(
        object_of_body(f'{{"task_id": "t-1", "status": "completed", "cost": {cost}}}'.encode()), quota=QUOTA
    )
    assert task.cost_nusd is None


@pytest.mark.parametrize(
    ("word", "state"),
    [("COMPLETED", TaskState.COMPLETED), ("succeeded", TaskState.COMPLETED), ("Success", TaskState.COMPLETED),
     ("done", TaskState.COMPLETED), ("canceled", TaskState.CANCELLED), ("Cancelled ", TaskState.CANCELLED),
     ("Processing", TaskState.PROCESSING), ("FAILED", TaskState.FAILED)],
)  # fmt: skip
def test_words_are_read_without_regard_to_case_with_their_twins(word: str, state: TaskState) -> None:
    assert ended(word).state is state


@in_one_test("word", ["moderated", "NSFW", "expired", 7])
@in_one_test(
    "sign", [{"completed_at": 1_720_000_000}, {"error": {"message": "no"}}, {"error": "no"}, {"cost": 5500},
             {"result": {"why": "no"}}],
)  # fmt: skip
def test_an_unknown_word_is_an_end_when_the_answer_says_so(word: Json, sign: dict[str, Json]) -> None:
    task = ended(word, **sign)
    assert task.state is TaskState.ENDED
    assert task.word == str(word)
    assert task.error is not None
    assert "no" in task.error.message or str(word) in task.error.message


@in_one_test("word", ["uploading", "pending", "in_review", "QUEUING", 3])
@in_one_test(
    "fields", [{}, {"completed_at": None}, {"completed_at": 0}, {"error": None}, {"error": {}}, {"error": ""},
               {"error": {"code": "", "message": ""}}, {"cost": 0}, {"result": {"images": []}}, {"result": None}],
)  # fmt: skip
def test_a_word_on_the_way_is_polled_on(word: Json, fields: dict[str, Json]) -> None:
    task = ended(word, **fields)
    assert task.state is TaskState.PROCESSING
    assert task.word == str(word)


@pytest.mark.parametrize("word", ["moderated", "failed", "partial", 7, None])
def test_images_are_fetched_whatever_the_word_is(word: Json) -> None:
    task = ended(word, cost=5500, error={"message": "half"}, result={"images": [URL]})
    assert (task.state, task.listed) == (TaskState.COMPLETED, 1)


def test_a_task_that_failed_for_nothing_stays_failed() -> None:
    assert ended("failed", cost=0, result={"images": [URL]}).state is TaskState.FAILED


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [({"error": {"code": "invalid_prompt", "message": "not this"}}, "invalid_prompt", "not this"),
     ({"error": "not this"}, "no_code", "not this"), ({"errors": [{"msg": "not this", "code": 7}]}, "7", "not this"),
     ({"errors": ["not this"]}, "no_code", "not this"), ({"detail": "not this"}, "no_code", "not this"),
     ({"detail": [{"msg": "not this", "type": "value"}]}, "value", "not this"),
     ({"success": False, "message": "not this"}, "no_code", "not this"),
     ({"code": 1301, "message": "not this", "data": None}, "1301", "not this"),
     ({"success": False}, "no_code", "succeeded")],
)  # fmt: skip
def test_an_error_inside_a_success_keeps_its_words(body: dict[str, Any], code: str, message: str) -> None:
    for call in ("submit", "status", "cancel"):
        found = answer(200, body, call=call)
        assert isinstance(found, NoAnswer)
        assert found.said is not None
        assert found.said.code == code
        assert message in found.said.message
        assert message in found.reason


def test_a_success_with_a_task_is_one_whatever_else_it_says() -> None:
    body = {"task_id": "t-1", "status": "processing", "success": False, "error": {"message": "a warning"}}
    assert isinstance(answer(200, body, call="status"), TaskAnswer)


@pytest.mark.parametrize("status", [405, 413, 414, 431])
@pytest.mark.parametrize("body", [b"<html>413</html>", b"", b"{}"])
def test_a_request_that_does_not_fit_is_refused_whoever_says_so(status: int, body: bytes) -> None:
    found = answer(status, body, sent_bytes=1_234_567)
    assert isinstance(found, Refused)
    assert not found.keeps_attempt
    assert "1,234,567 bytes" in found.message
    assert isinstance(answer(status, body, call="status"), NoAnswer)


def test_a_web_page_is_still_no_answer() -> None:
    with pytest.raises(Unreadable, match="web page"):
        object_of_body(b"<html>")
