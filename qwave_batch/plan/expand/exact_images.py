"""How a spec's ``images`` are divided among equal requests, and why a model may not make so many."""

from functools import cache

from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.model.jsontypes import JsonObject


@cache
def divisors(number: int) -> tuple[int, ...]:
    """Return the numbers of images that equal requests for so many may make, the greatest first."""
    return tuple(part for part in range(number, 0, -1) if number % part == 0)


def not_exactly(wanted: int, model: Model, request: JsonObject) -> Violation:
    """Return why requests like this valid one never come to exactly the wanted number of images."""
    count = model.image_count(request)
    made = f"{count.least} to {count.most}" if count.least != count.most else f"{count.most}"
    made += " image" if made == "1" else " images"
    action = request.get("action")
    asked = "a request" if action is None else f"a request of action {action}"
    return Violation(
        kind="rule",
        field="",
        value=wanted,
        message=f"{model.name} makes {made} with {asked}, so never exactly {wanted}",
        suggestion=_instead(count.most if count.least == count.most else 0),
    )


def _instead(made: int) -> str:
    return f"write a multiple of {made}, or leave the model out" if made > 1 else "leave the model out"
