"""The bodies of answers in the two dialects of the task API: those of the May server and of the September server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import QuotaUnit, usd_from_nusd
from qwave_batch.model.task import TaskState
from qwave_batch.simulator.simulated_limits import RateLimits
from qwave_batch.simulator.simulated_task import SimulatedTask

_DAY_S = 86_400.0


class Dialect(StrEnum):
    """The API documents that the server follows."""

    MAY = "may"
    """Milliseconds, integer progress, no costs, no ``Prefer``; files live for 24 hours, then 404."""
    SEPTEMBER = "september"
    """Seconds, percent strings, costs, ``urls``, ``Prefer: wait``; files live for 7 days, then 410."""

    @property
    def knows_prefer(self) -> bool:
        """Whether a submit may be held until its task ends."""
        return self is Dialect.SEPTEMBER

    @property
    def file_lifetime_s(self) -> float:
        """How long an image can be downloaded after its task has ended."""
        return _DAY_S if self is Dialect.MAY else 7 * _DAY_S

    @property
    def status_of_gone(self) -> int:
        """The HTTP status of an image that has expired."""
        return 404 if self is Dialect.MAY else 410

    def stamp(self, seconds: float) -> int:
        """Return Unix seconds as this dialect writes them."""
        return int(seconds * 1000) if self is Dialect.MAY else int(seconds)

    def progress(self, task: SimulatedTask, now: float) -> int | str:
        """Return the progress as this dialect writes it."""
        percent = task.percent(now)
        if self is Dialect.MAY:
            return percent
        return f"{percent}%" if task.state(now) in {TaskState.PROCESSING, TaskState.COMPLETED} else ""


def submitted(task: SimulatedTask, now: float, dialect: Dialect) -> dict[str, Any]:
    """Return the answer to a submit."""
    body: dict[str, Any] = {
        "task_id": task.task_id,
        "model": task.model,
        "action": task.action,
        "status": task.state(now).value,
        "created_at": dialect.stamp(task.created_at),
        "progress": dialect.progress(task, now),
    }
    if dialect is Dialect.SEPTEMBER:
        body["pre_consumed_cost"] = task.hold_quota
    return body


def status(
    task: SimulatedTask, now: float, dialect: Dialect, *, origin: str, images: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the answer to a poll. ``origin`` is the scheme and host that the client used."""
    state = task.state(now)
    body: dict[str, Any] = {
        "task_id": task.task_id,
        "status": state.value,
        "action": task.action,
        "model": task.model,
        "progress": dialect.progress(task, now),
        "created_at": dialect.stamp(task.created_at),
    }
    ended_at = task.completed_at(now)
    if ended_at is not None:
        body["completed_at"] = dialect.stamp(ended_at)
        if dialect is Dialect.SEPTEMBER:
            body["cost"] = task.cost_quota(now)
    if state is TaskState.COMPLETED:
        body["result"] = {"images": images}
    if state is TaskState.FAILED:
        body["error"] = {"message": task.error_message, "code": task.error_code}
    if dialect is Dialect.SEPTEMBER:
        own = f"{origin}/v1/tasks/{task.task_id}"
        body["urls"] = {"get": own, "cancel": f"{own}/cancel"}
    return body


def with_bare_urls(body: dict[str, Any]) -> dict[str, Any]:
    """Return a task answer whose images have a string for a URL where an array belongs."""
    if "result" not in body:
        return body
    images = [{**image, "url": image["url"][0]} for image in body["result"]["images"]]
    return {**body, "result": {**body["result"], "images": images}}


def with_unknown_fields(body: dict[str, Any]) -> dict[str, Any]:
    """Return a task answer with fields that no document names, at every level."""
    strange: dict[str, Any] = {"x_trace": {"hops": [1, 2.5, None]}, "deprecated": True, "queue_position": "3 of 7"}
    inner = {key: with_unknown_fields(value) if isinstance(value, dict) else value for key, value in body.items()}
    if "images" in inner:
        inner["images"] = [with_unknown_fields(image) for image in body["images"]]
    return {**strange, **inner}


_UNLIMITED = RateLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The terms of the embedded API."""

    dialect: Dialect = Dialect.SEPTEMBER
    keys: frozenset[str] | None = None
    """The keys that are valid; None takes any. Each key is an account of its own."""
    granted_usd: float = 1000.0
    """Initial balance of every account."""
    limits: RateLimits = _UNLIMITED
    idempotency_hours: float | None = 24.0
    """How long an Idempotency-Key maps to its task; None is an older server, which ignores the header."""
    max_body_bytes: int = 64 << 20
    """Larger requests are rejected with 413; input images may be inline."""
    offers: Mapping[str, JsonObject | None] = field(default_factory=dict)
    """By model, the ``price_config`` that ``GET /v1/models`` states instead of the catalog's; None hides the model.
    Names unknown to the catalog are listed too. Task costs always follow the catalog."""
    unavailable: Mapping[str, JsonObject] = field(default_factory=dict)
    """By model, the values by field that ``GET /v1/models`` states to be out of service; empty for the whole model."""


def balance_body(granted_quota: int, used_quota: int, unit: QuotaUnit, now: float) -> dict[str, Any]:
    """Return the answer to a question for the balance, the same in both dialects; amounts are in units of quota."""
    return {
        "object": "credit_summary",
        "currency": "USD",
        "total_granted_usd": _usd(granted_quota, unit),
        "total_used_usd": _usd(used_quota, unit),
        "total_available_usd": _usd(granted_quota - used_quota, unit),
        "as_of": int(now),
    }


def price_config(model: Model) -> JsonObject:
    """Return the stated prices of a model: of images or calls by their cases, of input images, and of tokens."""
    stated = {key: part.stated for key, part in model.price.parts.items()}
    config: dict[str, Any] = {}
    for key in ("usd_per_image", "usd_per_call"):
        if key in stated:
            amounts = _stated_amounts(stated[key])
            default = max(_leaves(amounts))
            config["image_prices"] = {"default": default, **(amounts if isinstance(amounts, dict) else {})}
    match stated.get("usd_per_reference"):
        case {"usd": usd}:
            config["reference_prices"] = {"default": max(_leaves(_stated_amounts(usd)))}
    match stated.get("usd_per_million_tokens"):
        case Mapping() as rates:
            config["image_usage_rates"] = {kind: float(str(usd)) for kind, usd in rates.items()}
    return config


def _stated_amounts(stated: Json) -> Any:
    """Return an amount of a catalog as a number, or as a table of numbers; of a range the most is stated."""
    if isinstance(stated, Mapping):
        values = stated["values"] if "by" in stated else stated
        return {name: _stated_amounts(value) for name, value in values.items()} if isinstance(values, Mapping) else {}
    return float(str(stated[-1] if isinstance(stated, list | tuple) else stated))


def _leaves(amounts: Any) -> Iterator[float]:
    if isinstance(amounts, dict):
        for inner in amounts.values():
            yield from _leaves(inner)
    else:
        yield amounts


def model_body(name: str, prices: JsonObject, unavailable: JsonObject | None) -> dict[str, Any]:
    """Return the answer to a question for a model, the same in both dialects.

    Args:
        name: The model.
        prices: Its ``price_config``.
        unavailable: By field, the values that are out of service; empty for the whole model, None for nothing.
    """
    body: dict[str, Any] = {"id": name, "object": "model", "price_config": prices}
    if unavailable is None:
        return body
    return {**body, "unavailable": dict(unavailable)} if unavailable else {**body, "available": False}


def _usd(quota: int, unit: QuotaUnit) -> float:
    return usd_from_nusd(unit.to_nusd(quota))
