"""The types of JSON values, as requests, answers and manifest lines hold them."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"
"""Any JSON value. Read-only: copy it to change it."""

JsonObject: TypeAlias = Mapping[str, Json]
"""A JSON object."""
