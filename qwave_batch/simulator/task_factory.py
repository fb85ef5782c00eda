"""Turns an order into a task and fixes its fate, price, images and id."""

from random import Random

from qwave_batch.catalog.image_count import ImageCount
from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import QuotaUnit
from qwave_batch.simulator.behaviour import Behaviour, Delivers, Fails, NeverEnds
from qwave_batch.simulator.fault_language import Arrival
from qwave_batch.simulator.faults import FaultName, FaultPlace
from qwave_batch.simulator.image_drawing import design_images, unlike_other_tasks
from qwave_batch.simulator.simulated_task import SimulatedTask
from qwave_batch.simulator.validation import ImageOrder


class TaskMaker:
    """Creates tasks; only their ids depend on ``rng``."""

    def __init__(self, behaviour: Behaviour, rng: Random, quota: QuotaUnit) -> None:
        self._behaviour = behaviour
        self._quota = quota
        self._rng = rng
        self._made = 0

    def make(
        self,
        account: str,
        order: ImageOrder,
        idempotency_key: str | None,
        *,
        now: float,
        made_before: int,
        version: str,
    ) -> SimulatedTask:
        """Return the task for an order.

        Args:
            account: Its owner.
            order: The request.
            idempotency_key: The key that it came with.
            now: Unix seconds.
            made_before: How many tasks the account made with the same request.
            version: The version of the model, for tasks that go on from this one.
        """
        model, request = order.model, order.request
        count = model.image_count(request)
        self._made += 1
        fate = self._behaviour.fate(
            Arrival(
                place=FaultPlace.TASK,
                key=order.body_hash,
                attempt=made_before + 1,
                arrival=self._made,
                model=model.name,
            ),
            images=count.most,
            is_group=_is_group(model, request, count),
        )
        task_id = f"task-wave{int(now * 1000)}b{self._rng.randrange(10**12):012d}"
        ending = _without_inputs(order, now + fate.queue_s) or fate.ending
        images = ending.images if isinstance(ending, Delivers) else 0
        design = design_images(
            model,
            request,
            body_hash=order.body_hash,
            task_id=task_id,
            count=images,
            version=version,
            inputs=[one.content for one in order.inputs if one.content is not None],
        )
        if fate.file_faults:
            design = unlike_other_tasks(design, task_id, fate.file_faults)
        hold_nusd = model.estimate(request).most_nusd
        price_nusd = 0
        if isinstance(ending, Delivers) and (images or not count.most):  # without a usable image all is refunded
            price_nusd = min(hold_nusd, model.cost(request, images).at(fate.cost_share))
        failure = ending if isinstance(ending, Fails) else None
        return SimulatedTask(
            task_id=task_id,
            account=account,
            model=model.name,
            action=order.action,
            body_hash=order.body_hash,
            sent_hash=order.sent_hash,
            idempotency_key=idempotency_key,
            created_at=now,
            starts_at=now + fate.queue_s,
            ends_at=None if isinstance(ending, NeverEnds) else now + fate.latency_s,
            images=images,
            error_code=failure.code if failure else None,
            error_message=failure.message if failure else None,
            hold_quota=self._quota.from_nusd(hold_nusd),
            price_quota=self._quota.from_nusd(price_nusd),
            design=design.as_json(),
        )


def _without_inputs(order: ImageOrder, starts_at: float) -> Fails | None:
    """Return the end of a task whose vendor gets one of its input images no more when it leaves the queue."""
    faults = (one.fault_at(starts_at) for one in order.inputs)
    return next((Fails(FaultName.UPSTREAM_BAD_REQUEST, fault) for fault in faults if fault is not None), None)


def _is_group(model: Model, request: JsonObject, count: ImageCount) -> bool:
    """Whether the model chooses how many images come: the catalog says so, or leaves room above the ``n`` it takes."""
    asked = request.get("n", 1)
    has_room = "n" in model.fields and isinstance(asked, int | float) and count.most > asked
    return count.least < count.most or request.get("action") == "group" or has_room
