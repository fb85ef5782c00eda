"""Submits that are forbidden or rejected for lack of money: whether the job, its model or the account is the reason."""

import math
from enum import Enum, auto
from http import HTTPStatus

from qwave_batch.client.answers import AccountBlocked, Denied
from qwave_batch.model.stop_reason import AccountRefused, ModelDenied, Refusal
from qwave_batch.run.jobs.job_run import JobRun
from qwave_batch.run.jobs.model_queue import ModelQueue
from qwave_batch.run.state.connectivity import account_refused
from qwave_batch.run.state.run_state import RunState

JOBS_OF_A_NEW_MODEL = 2
"""After this many different jobs without any success in this run, the key may not use the model."""
JOBS_OF_A_KNOWN_MODEL = 4
"""After this many in a row if some succeeded before: several rejected prompts may follow each other by chance."""
PAUSE_S = 1.0
"""How long a model is paused after its first: another model may prove that the key is good."""


class DenialMeaning(Enum):
    """The cause of a forbidden submit."""

    AGAIN = auto()
    """Not known yet: the job is sent once more after all others."""
    JOB = auto()
    """The model accepts others, but not this one."""
    MODEL = auto()
    """The model accepts nothing."""


class ModelDenials:
    """The jobs of one model that were forbidden without a stated cause. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._in_a_row: dict[str, float] = {}
        """Jobs since the last success, with the time of their submits."""
        self._passed_over: set[str] = set()
        """Jobs after which another one succeeded."""

    def add(self, job_id: str, sent_at: float, *, is_known: bool) -> DenialMeaning:
        """Record a forbidden submit and return its cause.

        Args:
            job_id: The job.
            sent_at: When it was sent.
            is_known: Whether the model has accepted a job in this run.
        """
        if job_id in self._passed_over:
            return DenialMeaning.JOB
        if job_id in self._in_a_row:  # it came last, and nothing has succeeded meanwhile
            return DenialMeaning.MODEL
        self._in_a_row[job_id] = sent_at
        enough = JOBS_OF_A_KNOWN_MODEL if is_known else JOBS_OF_A_NEW_MODEL
        return DenialMeaning.MODEL if len(self._in_a_row) >= enough else DenialMeaning.AGAIN

    def let_through(self, sent_at: float) -> None:
        """Record that a submit sent at ``sent_at`` created a task."""
        earlier = {job_id for job_id, at in self._in_a_row.items() if at < sent_at}
        self._passed_over |= earlier
        for job_id in earlier:
            del self._in_a_row[job_id]


class SubmitRefusals:
    """Tells whether a rejection concerns a job, its model or the account."""

    def __init__(self, run: RunState) -> None:
        self._run = run
        self._refused_at: dict[str, float] = {}
        """Models rejected for lack of money or for the account, and when their first rejected submit was sent."""
        self._denials: dict[str, ModelDenials] = {}
        self._made_at = -math.inf
        """When the newest successful submit was sent."""

    def record_task(self, model: str, sent_at: float) -> None:
        """Record that a submit of a model, sent at ``sent_at``, created a task."""
        self._made_at = max(self._made_at, sent_at)
        if model in self._denials:
            self._denials[model].let_through(sent_at)

    def on_denied(self, model_queue: ModelQueue, answer: Denied, job_run: JobRun) -> DenialMeaning:
        """Record a 403 on a submit and return its cause; a model that the key may not use is closed."""
        run, sent_at = self._run, job_run.sent_at or 0.0
        concern = run.connectivity.concern_of(answer)
        if concern == "job":
            return DenialMeaning.JOB
        if concern == "account":
            self._refuse_model(model_queue, account_refused(Refusal.ACCOUNT, answer), sent_at)
            return DenialMeaning.MODEL
        meaning = DenialMeaning.MODEL
        if concern == "unsaid":
            denials = self._denials.setdefault(model_queue.model, ModelDenials())
            meaning = denials.add(job_run.job.job_id, sent_at, is_known=model_queue.throttle.is_proven)
        if meaning is DenialMeaning.MODEL:
            run.leave_model(model_queue, ModelDenied(http_status=answer.status, said=answer.message))
        elif meaning is DenialMeaning.AGAIN and not model_queue.throttle.is_proven:
            model_queue.throttle.pause(PAUSE_S, run.now())
        return meaning

    def on_no_funds(self, model_queue: ModelQueue, answer: AccountBlocked, sent_at: float) -> None:
        """Record that a submit was rejected for lack of money, in another way than by 402."""
        if answer.kind == "balance" and answer.status != HTTPStatus.PAYMENT_REQUIRED:
            self._refuse_model(model_queue, account_refused(Refusal.FUNDS, answer), sent_at)

    def _refuse_model(self, model_queue: ModelQueue, refused: AccountRefused, sent_at: float) -> None:
        """Leave a model to the next run after a rejection of the account, which may only concern its plan.

        If a second model gets the same while nothing succeeds, the account is the reason.
        """
        self._refused_at.setdefault(model_queue.model, sent_at)
        if len(self._refused_at) > 1 and self._made_at <= min(self._refused_at.values()):
            self._run.stops.stop(refused)
        else:
            self._run.leave_model(model_queue, refused)
