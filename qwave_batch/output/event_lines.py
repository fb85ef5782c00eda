"""Events as JSON: the lines of ``run --events``; their keys are documented in docs/events.md."""

from collections.abc import Mapping

from qwave_batch.model.codec import LEFT_OUT, Codec, Key
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.progress import Throttle
from qwave_batch.model.record import ImageFile
from qwave_batch.model.run_events import (
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
from qwave_batch.output.times import iso_from_unix

NAMES: Mapping[type[Event], str] = {
    RunStarted: "run_started",
    RunEstimated: "run_estimated",
    SubmitBegun: "submit_begun",
    TaskAccepted: "task_accepted",
    TaskEnded: "task_ended",
    ImagesStored: "images_stored",
    JobSetBack: "job_set_back",
    RunWaiting: "run_waiting",
    RunEnded: "run_ended",
}
"""The ``event`` of each event."""

_MOMENT = Key(write=iso_from_unix)
_EVENTS = Codec(
    {
        **{event: {"time": _MOMENT} for event in NAMES},
        RunWaiting: {"time": _MOMENT, "until": _MOMENT},
        Throttle: {"until": _MOMENT},
        RunEnded: {
            "time": _MOMENT,
            "exit_status": Key(name="exit"),
            "reason": Key(write=lambda reason: reason or None),
        },
        # anybody with the address of an image could download it
        ImageFile: {"size_bytes": Key(name="bytes"), "source_url": LEFT_OUT},
    }
)


def event_as_json(event: Event) -> dict[str, Json]:
    """Return the object of an event: ``time`` and ``event`` first. It has neither addresses of images nor keys."""
    told = _EVENTS.encode(event)
    return {"time": told.pop("time"), "event": NAMES[type(event)], **told}
