"""Validates a submitted body before any money is held: a valid order, or a rejection."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NoReturn

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.strict_json import unique_fields
from qwave_batch.simulator.inline_images import InlineImages
from qwave_batch.simulator.replies import Reply, capability_violation, model_not_found, refusal
from qwave_batch.simulator.seen_input import SeenInput

_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOrder:
    """A request that the catalog allows."""

    model: Model
    request: JsonObject
    """The body without callback fields."""
    body_hash: str
    """The hash of ``request``."""
    sent_hash: str
    """The hash of the whole body."""
    inputs: tuple[SeenInput, ...] = ()
    """The input images that the API has looked at: both hashes are then of their contents."""
    callback_url: str | None = None
    """Callback address for the end of the task."""
    callback_events: tuple[str, ...] = ()
    """The events to report; empty means all."""

    @property
    def action(self) -> str:
        """The action of the request; the model's default if it names none."""
        return str(self.request.get("action", self.model.defaults.get("action", "generate")))


def read_request_object(raw: bytes) -> dict[str, Any] | Reply:
    """Return the JSON object in a body, or a rejection if it is not a strict JSON object."""
    try:
        body = json.loads(
            raw.decode(),
            parse_constant=_refuse_constant,
            parse_int=_bounded,
            parse_float=_finite,
            object_pairs_hook=unique_fields,
        )
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate can be written in JSON but is not valid text
    except (ValueError, RecursionError) as error:
        return refusal(400, "invalid_request", f"the body is not valid JSON: {error}"[:300])
    if not isinstance(body, dict):
        return refusal(400, "invalid_request", "the body is not a JSON object")
    return body


def hash_of(body: Json) -> str:
    """Return a short hash of a JSON value that ignores the order of keys and spacing."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return blake2b(canonical.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def read_order(body: Mapping[str, Any], catalog: Catalog, images: InlineImages | None = None) -> ImageOrder | Reply:
    """Return the order in a body, or the API's rejection, which names the field at fault.

    Args:
        body: The object that was sent.
        catalog: The models.
        images: Judges the images inside the body, and remembers its verdicts; None forgets them.
    """
    name = body.get("model")
    if not isinstance(name, str):
        return capability_violation("model", "model is required and must be a string")
    model = catalog.models.get(name)
    if model is None:
        return model_not_found(name)
    sent = dict(body)
    if "extra" not in model.fields and sent.pop("extra", None):  # a model may have a field of that name
        return capability_violation("extra", "extra is not supported: pass fields at the root of the request")
    for violation in model.violations(sent):
        return capability_violation(violation.field, violation.message)
    fault = (images or InlineImages()).fault_in(sent, model, catalog.image_fields)
    if fault is not None:
        return capability_violation(*fault)
    request = {field: value for field, value in sent.items() if field not in catalog.callback_fields}
    return ImageOrder(
        model=model,
        request=request,
        body_hash=hash_of(request),
        sent_hash=hash_of(body),
        callback_url=sent.get("callback_url"),
        callback_events=tuple(sent.get("callback_events") or ()),
    )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _bounded(digits: str) -> int:
    number = int(digits)
    if not -_LARGEST_INTEGER <= number <= _LARGEST_INTEGER:
        raise ValueError("an integer does not fit into 64 bits")
    return number


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
