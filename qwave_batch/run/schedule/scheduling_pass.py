"""One scheduling decision over all models: which submit goes first, or what to wait for, and until when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qwave_batch.model.progress import WaitKind
from qwave_batch.run.images.image_breaker import ImageBreaker
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.model_queue import Fits, ModelQueue, RowQueue
from qwave_batch.run.limits.admission import Admission, SubmitCall
from qwave_batch.run.limits.rate_limiter import RateLimiter

SOON_S = 5.0
"""A slot is kept for a model without one whose next submit can leave within so many seconds."""
RECHECK_S = 0.5
"""How long a model with its full share waits for the others to take theirs, before it checks again."""
FIRST_ANSWER_S = 2.0
"""The share of a model is kept for it while its first submit of the run is in flight no longer than this."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A job that can begin now."""

    model_queue: ModelQueue
    queue: RowQueue | None
    """The queue that holds it; None for the submits of the model."""
    job_run: JobRun


class SchedulingPass:
    """A view of all current model queues; it is valid until one of them changes.

    Decisions over all models are computed once, and on demand: with many models most passes find no free slot, or a
    first job that can start.
    """

    def __init__(
        self, model_queues: Sequence[ModelQueue], limiter: RateLimiter, breaker: ImageBreaker, fits: Fits, now: float
    ) -> None:
        concurrency = limiter.known.concurrency
        self._limiter = limiter
        self._breaker = breaker
        self._fits = fits
        self._now = now
        self._alive = sum(model_queue.alive for model_queue in model_queues)
        self.free = concurrency.limit - self._alive - breaker.taken(concurrency.limit, self._now)
        """The number of free slots of the account."""
        self._share = max(
            1,
            concurrency.limit
            // max(1, sum(model_queue.alive > 0 or model_queue.has_submits for model_queue in model_queues)),
        )
        """The number of slots that each model with work gets before any model gets more."""
        self._model_queues = [
            model_queue for model_queue in model_queues if model_queue.has_submits and not model_queue.closed
        ]
        self._heads = {model_queue.model: self._head(model_queue) for model_queue in self._model_queues}
        self._gates: dict[str, Admission] = {}
        self._openings: dict[str, float] = {}
        self._kept: dict[str, int] = {}
        """Slots reserved for a model, by model."""
        self._kept_in_all = 0

    def first_submit(self) -> Candidate | None:
        """Return the submit that goes next: first those of models with less than their share, in plan order."""
        heads = [
            Candidate(model_queue, None, job_run)
            for model_queue in self._model_queues
            if (job_run := self._heads[model_queue.model][0]) is not None
        ]
        heads.sort(key=lambda candidate: (candidate.model_queue.alive >= self._share, candidate.job_run.order))
        return next((candidate for candidate in heads if self._opens_at(candidate.model_queue) <= self._now), None)

    def opens_at(self) -> float:
        """Return when the next submit can leave; infinity if an event is needed."""
        return min(map(self._opens_at, self._model_queues), default=math.inf)

    def wait(self) -> Admission | None:
        """Return what delays the next submit longest; None if that is a slot."""
        opens_at = self.opens_at()
        if self.free <= 0 or opens_at == math.inf:
            return None
        model_queue = min(self._model_queues, key=self._opens_at)
        gate = self._gate(model_queue)
        if gate.at < opens_at:
            return Admission(opens_at, WaitKind.RETRY, model_queue.model)
        return Admission(opens_at, gate.kind, gate.model)

    def grow(self) -> bool:
        """Allow more tasks if the limit is fully used and nothing speaks against it."""
        wants = self._wanting()
        grown = [model_queue.throttle.concurrency.grow(model_queue.alive, self._now) for model_queue in wants]
        return any([*grown, bool(wants) and self._limiter.known.concurrency.grow(self._alive, self._now)])

    def grows_at(self) -> float:
        """Return when the limit grows next if nothing changes."""
        wants = self._wanting()
        if not wants:
            return math.inf
        return min(
            self._limiter.known.concurrency.grows_at(),
            *(model_queue.throttle.concurrency.grows_at() for model_queue in wants),
        )

    def _wanting(self) -> list[ModelQueue]:
        """Return the queues with a submit that the budget allows."""
        return [model_queue for model_queue in self._model_queues if model_queue.wants(self._fits)]

    def _head(self, model_queue: ModelQueue) -> tuple[JobRun | None, float]:
        limit = model_queue.throttle.concurrency.limit
        taken = self._breaker.taken(limit, self._now, model_queue.model)
        has_slot = self.free > 0 and model_queue.alive + taken < limit
        return model_queue.submit_head(self._now, self._fits, has_slot=has_slot)

    def _opens_at(self, model_queue: ModelQueue) -> float:
        """Return when the next job of a model can be submitted; infinity if an event is needed."""
        if model_queue.model not in self._openings:
            self._openings[model_queue.model] = self._opening(model_queue)
        return self._openings[model_queue.model]

    def _opening(self, model_queue: ModelQueue) -> float:
        job_run, at = self._heads[model_queue.model]
        if model_queue.submitting >= model_queue.throttle.width or (job_run is None and at == math.inf):
            return math.inf
        if job_run is not None:
            at = self._now if job_run.holds_slot or self._leaves_room(model_queue) else self._now + RECHECK_S
        return max(at, self._gate(model_queue).at)

    def _gate(self, model_queue: ModelQueue) -> Admission:
        if model_queue.model not in self._gates:
            call = SubmitCall(model_queue.model, self._alive)
            self._gates[model_queue.model] = self._limiter.admit(call, self._now)
        return self._gates[model_queue.model]

    def _leaves_room(self, taker: ModelQueue) -> bool:
        """Whether one more task of a model with its full share leaves room for the tasks that others can start soon."""
        if taker.alive < self._share:
            return True
        if not self._kept:
            self._kept = {model_queue.model: self._kept_for(model_queue) for model_queue in self._model_queues}
            self._kept_in_all = sum(self._kept.values())
        return self.free > self._kept_in_all - self._kept[taker.model]

    def _kept_for(self, model_queue: ModelQueue) -> int:
        """Return how many slots are kept for a model: none if its limits delay it for longer, or if it is failing."""
        now, share = self._now, min(self._share, model_queue.throttle.concurrency.limit)
        if model_queue.throttle.is_in_trouble or model_queue.alive >= share:
            return 0
        job_run, at = model_queue.submit_head(now, self._fits)
        if job_run is None and at == math.inf:  # only its own submits, which are in progress, or the budget delay it
            is_late = (
                model_queue.tried_at is not None
                and not model_queue.throttle.is_proven
                and now - model_queue.tried_at > FIRST_ANSWER_S
            )
            return 0 if is_late or not model_queue.wants(self._fits) else share - model_queue.alive
        opens_at = max(self._gate(model_queue).at, now if job_run is not None else at)
        if opens_at <= now:
            return share - model_queue.alive
        return int(model_queue.alive == 0 and opens_at - now < SOON_S)
