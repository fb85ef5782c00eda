"""Answers about a task in other shapes than the documents promise, as the vendors behind an API send them."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from qwave_batch.simulator.faults import FaultName

Body = dict[str, Any]


def other_shape(body: Body) -> Body:
    """Return a result that lists its images beside ``status``, each under ``image_url``."""
    return _with_images(body, lambda _: None, data=[{"image_url": _address(image)} for image in _images(body)])


def unreadable_result(body: Body) -> Body:
    """Return a result whose images are in no place that anybody knows, and no cost."""
    if not _images(body):
        return body
    told = {key: value for key, value in body.items() if key != "cost"}
    return {**told, "result": {"pictures": [{"href": _address(image)} for image in _images(body)]}}


def unlisted(body: Body) -> Body:
    """Return a result that lists no image yet."""
    return _with_images(body, lambda _: [])


def listed_in_part(body: Body) -> Body:
    """Return a result that lists its first image only."""
    return _with_images(body, lambda images: images[:1])


def relative_url(body: Body) -> Body:
    """Return a result whose addresses are relative to the task's."""
    return _with_images(body, lambda images: [{**image, "url": [urlsplit(_address(image)).path]} for image in images])


def unknown_word(body: Body) -> Body:
    """Return the end of a task in a word that no document names, with neither images nor a cost."""
    if "completed_at" not in body:
        return body
    told = {key: value for key, value in body.items() if key not in {"result", "cost"}}
    return {**told, "status": "moderated", "error": {"code": "moderated", "message": "the result was withheld"}}


def no_number(body: Body) -> Body:
    """Return an answer with numbers that JSON does not have, in fields that nobody needs."""
    return {**body, "eta": float("nan"), "queue_seconds": float("inf")}


def error_in_success(_: Body) -> Body:
    """Return a success that holds an error in place of a task."""
    return {"error": {"code": "invalid_prompt", "message": "this prompt is not allowed"}}


SHAPES: Mapping[FaultName, Callable[[Body], Body]] = {
    FaultName.OTHER_SHAPE: other_shape,
    FaultName.UNREADABLE_RESULT: unreadable_result,
    FaultName.UNLISTED: unlisted,
    FaultName.LISTED_IN_PART: listed_in_part,
    FaultName.RELATIVE_URL: relative_url,
    FaultName.UNKNOWN_WORD: unknown_word,
    FaultName.NO_NUMBER: no_number,
    FaultName.ERROR_IN_SUCCESS: error_in_success,
}
"""What each of these faults makes of an answer."""


def _images(body: Body) -> list[Body]:
    return list(body.get("result", {}).get("images") or [])


def _with_images(body: Body, change: Callable[[list[Body]], Any], **beside: Any) -> Body:
    """Return an answer whose list of images is another; one without images stays as it is."""
    images = _images(body)
    return {**body, "result": {"images": change(images)}, **beside} if images else body


def _address(image: Body) -> str:
    """Return an image's address, which another fault may have made a bare string."""
    url: str | list[str] = image["url"]
    return url if isinstance(url, str) else url[0]
