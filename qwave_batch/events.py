"""The typed events of a run, and its progress."""

from qwave_batch.model.progress import OnProgress, Progress, Waiting, WaitKind
from qwave_batch.model.run_events import (
    Event,
    ImagesStored,
    JobSetBack,
    OnEvent,
    RunEnded,
    RunEstimated,
    RunStarted,
    RunWaiting,
    SubmitBegun,
    TaskAccepted,
    TaskEnded,
)
from qwave_batch.output.event_lines import event_as_json
from qwave_batch.output.event_log import EventLog

__all__ = [
    "Event",
    "EventLog",
    "ImagesStored",
    "JobSetBack",
    "OnEvent",
    "OnProgress",
    "Progress",
    "RunEnded",
    "RunEstimated",
    "RunStarted",
    "RunWaiting",
    "SubmitBegun",
    "TaskAccepted",
    "TaskEnded",
    "WaitKind",
    "Waiting",
    "event_as_json",
]
