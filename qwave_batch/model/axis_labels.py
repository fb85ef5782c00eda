"""The values of axes as people read them."""

import json
from collections.abc import Mapping

from qwave_batch.model.jsontypes import Json


def axis_label(value: Json) -> str:
    """Return the value of an axis as a text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=dict)


def model_label(axes: Mapping[str, Json], model: str) -> str:
    """Return the name of a model in its place of the plan.

    A spec may name settings of one model apart, as ``{id: fast, model: ..., steps: 10}``: then they are compared under
    those names.
    """
    label = axes.get("model")
    return label if isinstance(label, str) else model
