"""An answer of the simulator before it is sent, and the ways in which sending it can fail."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Whole:
    """The answer is sent as it is."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """The connection is cut without an answer."""


@dataclass(frozen=True, slots=True)
class CutShort:
    """The connection is cut half way through the body."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """Nothing is sent for this many seconds, then the connection is cut."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Trickling:
    """Sending the body takes this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Flooding:
    """The body is followed by endless data; ``announced_bytes`` is its Content-Length, or None for none."""

    announced_bytes: int | None


Manner: TypeAlias = Whole | Dropped | CutShort | Hanging | Trickling | Flooding


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = Whole()


def json_reply(body: JsonObject, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON answer."""
    return Reply(status=status, body=json.dumps(body, separators=(",", ":")).encode(), headers=headers or {})


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    more: Mapping[str, Json] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Return an answer with the API's error body; ``more`` is added beside ``message`` and ``code``."""
    return json_reply({"error": {"message": message, "code": code, **(more or {})}}, status=status, headers=headers)


def task_not_found(task_id: str) -> Reply:
    """Return the 404 for a task that is unknown or belongs to another account."""
    return refusal(404, "task_not_found", f"task {task_id[:80]} does not exist")


def capability_violation(field: str, message: str) -> Reply:
    """Return the 400 for a request that its model does not take; ``field`` may be empty."""
    return refusal(400, "capability_violation", message, more={"param": field} if field else None)


def model_not_found(name: str) -> Reply:
    """Return the 404 for a model that does not exist."""
    more: dict[str, Json] = {"type": "invalid_request_error", "param": "model"}
    return refusal(404, "model_not_found", f'model "{name[:100]}" does not exist', more=more)
