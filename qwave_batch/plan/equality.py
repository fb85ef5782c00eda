"""When two values of a spec are the same to an exclude or an include."""

from qwave_batch.model.jsontypes import Json


def same_json(left: Json, right: Json) -> bool:
    """Whether two JSON values are equal as JSON: ``1`` and ``1.0`` are, ``1`` and ``true`` are not."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_json(left[key], right[key]) for key in left)
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(same_json, left, right))
    return left == right


def same_spelled(left: Json, right: Json) -> bool:
    """Whether two values of a request field are equal once spelling is evened out: ``2K`` and ``2k`` are."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    return same_json(left, right)
