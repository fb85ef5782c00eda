"""When to poll one task, given the latency of its model: the interface of the learner to the rest of the run. Pure."""

from qwave_batch.model.task import Task
from qwave_batch.run.polling.latency_estimator import read_stamp
from qwave_batch.run.polling.poll_schedule_learner import PollScheduleLearner, TrackedTask, affordable_polls

PACE = 16.0
"""Polls may follow each other this many times faster than once per task and age."""
OLDEST_S = 10.0
"""A very slow task does not delay the polls of others."""


class PollSpacing:
    """The polls of one model, one after the other; times are monotonic seconds."""

    def __init__(self) -> None:
        self._open_at = 0.0

    def take(self, now: float, *, age_s: float, alive: int) -> float:
        """Return when the poll of a task that is due now may be sent, ``now`` or later.

        Args:
            now: The current time.
            age_s: The age of the task.
            alive: The number of open tasks of the model.
        """
        turn = max(now, self._open_at)
        self._open_at = turn + min(age_s, OLDEST_S) / (PACE * max(1, alive))
        return turn


SOON_S = 0.001
"""A poll that is due within this time is due."""


class TaskPollPlan:
    """The polls of one task; times are monotonic seconds.

    Ages count from the answer to the submit until a poll is sent. A constant network delay is thus learned as part of
    the latency, and a varying one never makes a task look finished earlier than it was.
    """

    def __init__(self, learner: PollScheduleLearner, spacing: PollSpacing, tracked: TrackedTask, began: float) -> None:
        self._learner = learner
        self._spacing = spacing
        self._tracked = tracked
        self._began = began
        self._is_open = True

    def sleep_s(self, now: float) -> float:
        """Return how long to leave the task alone before asking this again; 0 when it is due."""
        age_s = now - self._began
        wait_s = self._learner.recheck_s(self._tracked, age_s) - age_s
        return wait_s if wait_s > SOON_S else 0.0

    def turn_at(self, now: float) -> float:
        """Queue the poll among those of the model that are due, and return its time."""
        return self._spacing.take(now, age_s=now - self._began, alive=self._learner.alive)

    def record(self, sent_at: float, task: Task) -> None:
        """Record the task's state at a poll sent at ``sent_at``."""
        age_s = sent_at - self._began
        if task.state.is_terminal:
            self._is_open = False
            self._learner.done(self._tracked, age_s, read_stamp(task))
        else:
            self._learner.not_yet(self._tracked, age_s)

    def is_late(self, now: float) -> bool:
        """Whether tasks of the model have usually ended by this age."""
        longest_s = self._learner.usual_s
        return longest_s is not None and now - self._began > longest_s

    def close(self) -> None:
        """Stop polling; the end was seen, or the task is no longer waited for."""
        if self._is_open:
            self._is_open = False
            self._learner.leave(self._tracked)


class PollPlanner:
    """Plans the polls of each task, and learns each model's latency in this run."""

    def __init__(self) -> None:
        self._models: dict[str, tuple[PollScheduleLearner, PollSpacing]] = {}

    def plan_new_task(self, model: str, now: float) -> TaskPollPlan:
        """Return the plan of a task that was created now."""
        learner, spacing = self._of(model)
        return TaskPollPlan(learner, spacing, learner.begin(), now)

    def plan_known_task(self, model: str, now: float, age_s: float) -> TaskPollPlan:
        """Return the plan of a task of about this age, whose first poll is due at once."""
        learner, spacing = self._of(model)
        tracked = learner.join(age_s)
        return TaskPollPlan(learner, spacing, tracked, now - tracked.unfinished_s)

    def limit_polls(self, requests_per_minute: int, slots: int) -> None:
        """Limit polls to the share that a shared rate limit leaves when all slots are busy."""
        learners = [(learner, held_s) for learner, _ in self._models.values() if (held_s := learner.held_s) is not None]
        alive = sum(learner.alive for learner, _ in learners)
        if not alive:
            return
        held_s = sum(learner.alive * held_s for learner, held_s in learners) / alive
        for learner, _ in learners:
            learner.aim_at(affordable_polls(requests_per_minute / 60, held_s=held_s, slots=slots))

    def _of(self, model: str) -> tuple[PollScheduleLearner, PollSpacing]:
        if model not in self._models:
            self._models[model] = (PollScheduleLearner(), PollSpacing())
        return self._models[model]
