"""Judges requests that go on from an earlier task: whose it is, how it ended, what it made and what it was."""

from collections.abc import Callable

from qwave_batch.catalog.task_chain import TaskChain
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.task import TaskState
from qwave_batch.simulator.image_drawing import ImageDesign
from qwave_batch.simulator.replies import Reply, capability_violation
from qwave_batch.simulator.simulated_task import SimulatedTask
from qwave_batch.simulator.validation import ImageOrder


def chain_refusal(order: ImageOrder, find: Callable[[str], SimulatedTask | None], now: float) -> Reply | None:
    """Return the rejection of a request that goes on from a task which does not allow it; None for any other.

    Args:
        order: The request, valid by its model's schema.
        find: Returns one of the caller's own tasks by its id.
        now: Unix seconds.
    """
    chain, request = order.model.chain, order.request
    task_id = request.get(chain.task_field) if chain else None
    if chain is None or not isinstance(task_id, str):
        return None
    task = find(task_id)
    if task is None or task.model != order.model.name or task.state(now) is not TaskState.COMPLETED:
        message = f"{chain.task_field} names no completed task of yours on {order.model.name}"
        return capability_violation(chain.task_field, message)
    return _source_refusal(chain, order.action, task) or _image_refusal(chain, request, task)


def _source_refusal(chain: TaskChain, action: str, task: SimulatedTask) -> Reply | None:
    if (wanted := chain.other_sources(action, task.action)) is not None:
        message = f"{action} goes on from a task of action {' or '.join(wanted)}, not {task.action}"
        return capability_violation(chain.task_field, message)
    version = version_of_task(task)
    if (versions := chain.other_versions(action, version)) is not None:
        message = f"{action} goes on from {', '.join(versions)}, and the task is of {version}"
        return capability_violation(chain.task_field, message)
    return None


def _image_refusal(chain: TaskChain, request: JsonObject, task: SimulatedTask) -> Reply | None:
    if (number := chain.number_beyond(request, task.images)) is not None:
        message = f"{chain.image_field} {number} is beyond the {task.images} images of the task"
        return capability_violation(chain.image_field, message)
    return None


def version_of_task(task: SimulatedTask) -> str:
    """Return the version that a task was made with; empty where its request named none."""
    return ImageDesign.from_json(task.design).version


def inherited_version(order: ImageOrder, find: Callable[[str], SimulatedTask | None]) -> str:
    """Return the version of a task to be made: its request's own, else that of the task which it goes on from."""
    chain, request = order.model.chain, order.request
    if chain is None:
        return ""
    own, task_id = request.get(chain.version_field), request.get(chain.task_field)
    task = find(task_id) if isinstance(task_id, str) else None
    if task is not None:
        return version_of_task(task)
    return own if isinstance(own, str) else ""
