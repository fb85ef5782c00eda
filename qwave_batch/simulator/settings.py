"""Who the simulator pretends to be: dialect, account, limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.simulator.limits import RateLimits
from qwave_batch.simulator.wire import Dialect

_UNLIMITED = RateLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The terms of the embedded API."""

    dialect: Dialect = Dialect.SEPTEMBER
    keys: frozenset[str] | None = None
    """The keys that are valid; None takes any. Each key is an account of its own."""
    granted_usd: float = 1000.0
    """What every account starts with."""
    limits: RateLimits = _UNLIMITED
    idempotency_hours: float | None = 24.0
    """How long an Idempotency-Key stands for its task; None is an older server, which ignores the header."""
    max_body_bytes: int = 64 << 20
    """Larger requests are refused with 413; input images may come inline."""
    offers: Mapping[str, JsonObject | None] = field(default_factory=dict)
    """By model, the ``price_config`` that ``GET /v1/models`` states in place of the catalog's; None hides the model.
    A name that the catalog does not have is listed too. What tasks cost stays the catalog's business."""
