"""Events as JSON: the lines of ``run --events``; their keys are documented in docs/events.md."""

from typing import assert_never

from qwave_batch.model.events import (
    Event,
    ImagesStored,
    JobSetBack,
    RunEnded,
    RunEstimated,
    RunStarted,
    RunWaiting,
    SubmitBegun,
    TaskAccepted,
    TaskEnded,
)
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile
from qwave_batch.output.times import iso_from_unix


def event_as_json(event: Event) -> dict[str, Json]:
    """Return the object of an event: ``time`` and ``event`` first. No address of an image is in it, nor any key."""
    return {"time": iso_from_unix(event.time), **_facts(event)}


def _facts(event: Event) -> dict[str, Json]:  # noqa: PLR0911 - one an event
    match event:
        case RunStarted():
            return {"event": "run_started", "name": event.name, "folder": event.folder}
        case RunEstimated():
            return {
                "event": "run_estimated",
                "reused": event.reused,
                "to_submit": event.to_submit,
                "estimated_usd": event.estimated_usd,
            }
        case SubmitBegun():
            return {"event": "submit_begun", **_whose(event)}
        case TaskAccepted():
            return {"event": "task_accepted", **_whose(event), "task_id": event.task_id}
        case TaskEnded():
            return {
                "event": "task_ended",
                **_whose(event),
                "task_id": event.task_id,
                "status": event.status,
                "cost_usd": event.cost_usd,
                "seconds": event.seconds,
                "error": _error(event.error),
            }
        case ImagesStored():
            return {
                "event": "images_stored",
                **_whose(event),
                "images": [_image(image) for image in event.images],
                "reused_from": None if event.reused_from is None else event.reused_from.as_json(),
            }
        case JobSetBack():
            return {
                "event": "job_set_back",
                **_whose(event),
                "status": event.status.value,
                "error": _error(event.error),
            }
        case RunWaiting():
            return {
                "event": "run_waiting",
                "note": event.note,
                "kind": event.kind.value,
                "model": event.model,
                "until": None if event.until is None else iso_from_unix(event.until),
            }
        case RunEnded():
            return {
                "event": "run_ended",
                "exit": event.exit_status,
                "reason": event.reason or None,
                "completed": event.completed,
                "cost_usd": event.cost_usd,
            }
        case _:
            assert_never(event)


def _whose(event: SubmitBegun | TaskAccepted | TaskEnded | ImagesStored | JobSetBack) -> dict[str, Json]:
    return {"job_id": event.job_id, "attempt": event.attempt}


def _error(error: JobError | None) -> Json:
    return None if error is None else error.as_json()


def _image(image: ImageFile) -> Json:
    """Return an image as a manifest line has it, without its address, which whoever reads it could fetch it by."""
    return {key: value for key, value in image.as_json().items() if key != "source_url"}
