"""A job: one request to one model, with its identity, its place in the plan and its name on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import InUsd, InUsdIfKnown
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.short_repr import shortened


@dataclass(frozen=True, slots=True, kw_only=True)
class JobError:
    """Why a job was skipped, failed or is unknown; the ``error`` of a manifest line."""

    code: str
    message: str
    http_status: int | None = None
    retryable: bool = False
    """Whether a plain next run tries the job again."""
    field: str | None = None
    """The request field at fault, when there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One request to make, and every name it goes by."""

    job_id: str
    """16 hex digits of the SHA-256 of the canonical JSON of repeat and request."""
    index: int
    """The place in the full product, from 0, before sampling, folding and skipping.

    With ``images`` each image has a place, and this is that of its first one.
    """
    prompt_id: str
    prompt: str
    model: str
    action: str
    request: JsonObject
    """The request that identifies the job, in the model's own spelling; ``body`` makes what is sent from it."""
    callback: JsonObject = field(default_factory=dict)
    """Callback fields to send along; not part of the job's identity, nor of its manifest line."""
    dropped: tuple[str, ...] = ()
    """Fields that the model does not take and ``unsupported: drop`` left out."""
    axes: Mapping[str, Json] = field(default_factory=dict)
    """Each axis with the label of its value."""
    tags: tuple[str, ...] = ()
    meta: JsonObject = field(default_factory=dict)
    repeat: int = 0
    path: str = ""
    """Path of its images below ``images/`` in the run folder, with ``/``, without extension."""
    max_images: int = 1
    """The most images its request may return; above 1 they are named ``_1``, ``_2`` and so on.

    0 for an action that only prepares a later one: its task is complete without an image.
    """
    random: bool = True
    """Whether another call with the same request would give another image."""
    estimated_nusd: int = 0
    """The most it should cost, in nano-dollars, by the catalog's prices; 0 for a skipped job."""
    typical_nusd: int | None = None
    """The cost to expect, in nano-dollars, where the request leaves it open; None where the most is what it costs."""
    least_nusd: int | None = None
    """The least it should cost; None where the most is what it costs."""
    skip: JobError | None = None
    """Why it is not made, or None when it is."""
    overlay: str = ""
    """The overlay that changed or added its model; empty for a model as the catalog has it."""
    stage: str = ""
    """The stage of the spec that it belongs to; empty where the spec has none."""
    parents: tuple[ParentLink, ...] = ()
    """The jobs of earlier stages that must be made before it, with the images of theirs that its request refers to."""
    estimated_usd = InUsd()
    typical_usd = InUsdIfKnown()
    least_usd = InUsdIfKnown()

    @property
    def estimate(self) -> CostRange:
        """The cost to expect before it is made."""
        most = self.estimated_nusd
        typical = most if self.typical_nusd is None else self.typical_nusd
        return CostRange(most if self.least_nusd is None else self.least_nusd, typical, most)

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"Job({self.job_id} {self.model} {self.action}: {shortened(self.prompt)})"

    def body(self, callback: JsonObject | None = None) -> dict[str, Json]:
        """Return the body that is sent to the API.

        Args:
            callback: The callback fields to send; None sends the job's own.
        """
        return request_body(self.request, self.callback if callback is None else callback)


def request_body(request: JsonObject, callback: JsonObject) -> dict[str, Json]:
    """Return the body that is sent for an identifying request.

    This is the one place that makes the one from the other. The request says what is asked for, and its hash is the
    job's id; the body adds what the API must know to do it and what does not change the image.
    """
    return {**request, **callback}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """A later entry of the plan that came out as a job already there: made once, listed under ``also``."""

    job_id: str
    index: int
    prompt_id: str
    axes: Mapping[str, Json] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    meta: JsonObject = field(default_factory=dict)


PlanItem: TypeAlias = Job | Duplicate
"""An item of a plan, in plan order: a job at its first position, a duplicate at each later one."""
