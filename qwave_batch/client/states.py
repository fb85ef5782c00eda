"""The words for a task's state, with their usual twins. Pure."""

from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.task import TaskState

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
    """Return the state that a word means, however it is written; None for any other word, and for what is none."""
    return _KNOWN.get(status.strip().casefold()) if isinstance(status, str) else None
