"""How much of what templates come out as a plan holds at once."""

from dataclasses import dataclass

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.faults import Faults
from qwave_batch.spec.bounds import ITEM, STEPS_OF_A_FAILURE
from qwave_batch.spec.templates import TemplateFault, Value
from qwave_batch.spec.unknown import UNKNOWN
from qwave_batch.spec.weights import TooHeavy, measure

MOST_HELD = 20_000_000  # characters; an item of a list counts for some


@dataclass(slots=True)
class Room:
    """Room for the values of ``vars`` and the matrix, or for the variables of one row: each may be made of others."""

    left: int = MOST_HELD

    @property
    def is_full(self) -> bool:
        """Whether something did not fit: the rest need not be made any more."""
        return self.left == 0

    def hold(self, value: Value | None, came_out: Json, faults: Faults) -> Json:
        """Return what a value came out as, or ``UNKNOWN`` after noting that there is no room for it."""
        if value is None or value.is_constant or came_out is UNKNOWN:
            return came_out
        size = weight_of(came_out, self.left)
        if size is None:
            self.left = 0
            message = f"the values that templates give here come to more than {MOST_HELD:,} characters together"
            faults.allowance.spend(STEPS_OF_A_FAILURE)  # row after row it would take long
            faults.add_template(TemplateFault(message, value.where, suggestion="make them where they are used"))
            return UNKNOWN  # type: ignore[no-any-return]  # it stands for any JSON value
        self.left -= size
        return came_out


def weight_of(value: Json, most: int) -> int | None:
    """Return the characters of a value, or None when they are more than ``most``."""
    if isinstance(value, str):
        return len(value) if len(value) <= most else None
    try:
        characters, items = measure(value, most, item=ITEM)
    except TooHeavy:
        return None
    return characters + items * ITEM
