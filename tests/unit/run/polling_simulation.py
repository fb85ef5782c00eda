"""Slots, tasks and questions on virtual time: what a way of polling makes of given latencies, and what could be."""

import heapq
import itertools
import math
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Protocol

from qwave_batch.run.polling.latency_estimator import Stamp
from qwave_batch.run.polling.poll_schedule import best_schedule
from qwave_batch.run.polling.poll_schedule_learner import PollScheduleLearner, TrackedTask, affordable_polls
from qwave_batch.run.polling.task_poll_plan import PollSpacing

JOBS, SLOTS = 832, 64
HUMPS_S, FIRST_HUMP, HUMP_SIGMA = (1.5, 6.0), 0.7, 0.05
_EPSILON_S = 1e-6

Draw = Callable[[random.Random, float], float]
"""A latency, from chance and from how far the run is (0 to 1)."""


class Policy(Protocol):
    """A way of polling, as the simulation asks it."""

    alive: int

    def begin(self) -> TrackedTask:
        """Return the tracked of a task that was made now."""
        ...

    def recheck_s(self, tracked: TrackedTask, age_s: float) -> float:
        """Return the age up to which a task may be left alone; it is asked when that has come."""
        ...

    def not_yet(self, tracked: TrackedTask, age_s: float) -> None:
        """Take in that a task is unfinished."""
        ...

    def done(self, tracked: TrackedTask, age_s: float, stamp: Stamp | None = None) -> None:
        """Take in that a task has ended."""
        ...


@dataclass(slots=True)
class Fixed:
    """Asks every so many seconds; with a growth the seconds grow."""

    every_s: float
    growth: float = 1.0
    alive: int = 0

    def begin(self) -> TrackedTask:
        """Return the tracked of a task that was made now."""
        self.alive += 1
        return TrackedTask(0)

    def recheck_s(self, tracked: TrackedTask, age_s: float) -> float:
        """Return the age of the next question."""
        del age_s
        return tracked.unfinished_s + self.every_s * self.growth**tracked.polls

    def not_yet(self, tracked: TrackedTask, age_s: float) -> None:
        """Count the question."""
        tracked.unfinished_s, tracked.polls = age_s, tracked.polls + 1

    def done(self, tracked: TrackedTask, age_s: float, stamp: Stamp | None = None) -> None:
        """Forget the task."""
        del tracked, age_s, stamp
        self.alive -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Outcome of a run."""

    makespan_s: float
    polls: int
    most_at_once: int
    """The most polls that left within a hundredth of a second."""


@dataclass(slots=True)
class _Task:
    latency_s: float
    began_s: float
    tracked: TrackedTask
    is_due: bool = False
    """Whether its turn has come when it is looked at."""


@dataclass(slots=True, kw_only=True)
class Simulation:
    """One model's jobs over ``slots``; ``run`` may be called once."""

    latencies: Sequence[float]
    policy: Policy
    slots: int = SLOTS
    answer_s: float = 0.0
    """How long a question is under way, there and back."""
    stamp_s: float | None = None
    """The precision of the API's stamps; None is an API without."""
    requests_per_s: float | None = None
    """Limit on submits and polls together; None means unlimited."""
    _spacing: PollSpacing = field(default_factory=PollSpacing)
    _queue: list[tuple[float, int, _Task]] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _sent: deque[float] = field(default_factory=deque)
    _next_request_s: float = 0.0
    _begun: int = 0
    _most: int = 0

    def run(self) -> Outcome:
        """Return what it comes to when the last end was noticed."""
        polls, end_s = 0, 0.0
        for _ in range(min(self.slots, len(self.latencies))):
            self._begin(0.0)
        while self._queue:
            now_s, _, task = heapq.heappop(self._queue)
            asked_s = now_s - task.began_s
            if not task.is_due:
                self._look(task, now_s)
                continue
            polls += 1
            self._count(now_s)
            back_s, task.is_due = now_s + self.answer_s, False
            if task.latency_s <= asked_s + self.answer_s / 2:
                self.policy.done(task.tracked, asked_s, self._stamp(task))
                end_s = max(end_s, back_s)
                if self._begun < len(self.latencies):
                    self._begin(back_s)
            else:
                self.policy.not_yet(task.tracked, asked_s)
                self._push(back_s, task)
        return Outcome(makespan_s=end_s, polls=polls, most_at_once=self._most)

    def _begin(self, now_s: float) -> None:
        latency_s = self.latencies[self._begun]
        self._begun += 1
        began_s = self._request(now_s)
        self._push(began_s, _Task(latency_s, began_s, self.policy.begin()))

    def _look(self, task: _Task, now_s: float) -> None:
        age_s = now_s - task.began_s
        recheck_s = self.policy.recheck_s(task.tracked, age_s)
        if recheck_s > age_s + _EPSILON_S:
            self._push(task.began_s + recheck_s, task)
            return
        if isinstance(self.policy, PollScheduleLearner):
            now_s = self._spacing.take(now_s, age_s=age_s, alive=self.policy.alive)
            held_s = self.policy.held_s
            if self.requests_per_s is not None and held_s is not None:
                self.policy.aim_at(affordable_polls(self.requests_per_s, held_s=held_s, slots=self.slots))
        task.is_due = True
        self._push(self._request(now_s), task)

    def _request(self, now_s: float) -> float:
        """Return when a request that wants to leave now may do so."""
        if self.requests_per_s is None:
            return now_s
        self._next_request_s = max(now_s, self._next_request_s) + 1 / self.requests_per_s
        return self._next_request_s

    def _stamp(self, task: _Task) -> Stamp | None:
        return None if self.stamp_s is None else Stamp(task.latency_s, self.stamp_s)

    def _push(self, at_s: float, task: _Task) -> None:
        heapq.heappush(self._queue, (at_s, next(self._numbers), task))

    def _count(self, now_s: float) -> None:
        self._sent.append(now_s)
        while self._sent[0] < now_s - 0.01:
            self._sent.popleft()
        self._most = max(self._most, len(self._sent))


def _normal(mean_s: float, share: float) -> Draw:
    return lambda rng, _: max(0.01, mean_s * (1 + share * rng.gauss()))


def _two_humps(rng: random.Random, _: float) -> float:
    return HUMPS_S[rng.random() >= FIRST_HUMP] * math.exp(HUMP_SIGMA * rng.gauss())


KINDS: Mapping[str, Draw] = {
    "normal, 5 %": _normal(2.0, 0.05),
    "normal, 15 %": _normal(2.0, 0.15),
    "log-normal, 0.35": lambda rng, _: 2.0 * math.exp(0.35 * rng.gauss()),
    "two humps": _two_humps,
    "slowly doubling": lambda rng, done: max(0.01, 2.0 * 2.0**done * (1 + 0.15 * rng.gauss())),
    "doubling, 5 %": lambda rng, done: max(0.01, 2.0 * 2.0**done * (1 + 0.05 * rng.gauss())),
}


def _below(kind: str) -> Callable[[float, float], float]:
    """Return the distribution of a kind: the share of latencies below some seconds, when the run is so far."""
    normal = NormalDist().cdf

    def hump(seconds: float, middle_s: float) -> float:
        return normal(math.log(seconds / middle_s) / HUMP_SIGMA)

    distributions: Mapping[str, Callable[[float, float], float]] = {
        "normal, 5 %": lambda s, _: normal((s / 2 - 1) / 0.05),
        "normal, 15 %": lambda s, _: normal((s / 2 - 1) / 0.15),
        "log-normal, 0.35": lambda s, _: normal(math.log(s / 2) / 0.35),
        "two humps": lambda s, _: FIRST_HUMP * hump(s, HUMPS_S[0]) + (1 - FIRST_HUMP) * hump(s, HUMPS_S[1]),
        "slowly doubling": lambda s, done: normal((s / (2 * 2.0**done) - 1) / 0.15),
        "doubling, 5 %": lambda s, done: normal((s / (2 * 2.0**done) - 1) / 0.05),
    }
    return distributions[kind]


Line = Sequence[tuple[float, float]]
"""Polls a job and the makespan in ideals that no policy can beat at so many, rising in polls."""
PRICES_S = tuple(0.002 * 1.6**step for step in range(16))
STEP_S, LONGEST_S, PARTS = 0.01, 16.0, 8


def line_of(kind: str) -> Line:
    """Return the line of a kind: the best sequential polling of somebody who knows the distribution."""
    parts = [(part + 0.5) / PARTS for part in range(PARTS)] if "doubling" in kind else [0.0]
    edges_s = [number * STEP_S for number in range(round(LONGEST_S / STEP_S) + 1)]
    below = _below(kind)
    shares = []
    for done in parts:
        ended = [0.0, *(below(edge_s, done) for edge_s in edges_s[1:])]
        shares.append([max(0.0, later - sooner) for sooner, later in itertools.pairwise(ended)])
    points = []
    for price_s in PRICES_S:
        best = [best_schedule(share, price_s, edges_s) for share in shares]
        held_s = sum(one.mean_s + one.delay_s for one in best)
        points.append((sum(one.polls for one in best) / len(best), held_s / sum(one.mean_s for one in best)))
    return sorted(points)


def line_at(line: Line, polls: float) -> float:
    """Return the line at so many polls a job, straight between its points."""
    for (fewer, slower), (more, faster) in itertools.pairwise(line):
        if polls <= more:
            share = max(0.0, (polls - fewer) / (more - fewer)) if more > fewer else 1.0
            return slower + (faster - slower) * share
    return line[-1][1]


def latencies_of(kind: str, seed: int, jobs: int = JOBS) -> list[float]:
    """Return the latencies of a run."""
    rng = random.Random(f"{kind}/{seed}")
    return [KINDS[kind](rng, number / jobs) for number in range(jobs)]


def ideal_s(latencies: Sequence[float], slots: int = SLOTS) -> float:
    """Return what a run takes when no slot is ever idle."""
    return sum(latencies) / slots


def floor_s(latencies: Sequence[float], slots: int = SLOTS) -> float:
    """Return what a run takes with these latencies in this order when every end is noticed at once, for nothing."""
    free = [0.0] * slots
    for latency_s in latencies:
        heapq.heapreplace(free, free[0] + latency_s)
    return max(free)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Means over some runs, times in ideals."""

    makespan: float
    polls: float
    floor: float
    line: float
    """At so many polls."""
    most_at_once: int

    @property
    def excess(self) -> float:
        """How far above the floor and the line together."""
        return self.makespan - self.floor - (self.line - 1)


def score(kind: str, make: Callable[[], Policy], line: Line, *, seeds: int = 10, **how: float) -> Score:
    """Return how a policy does on one kind of latencies.

    Args:
        kind: One of ``KINDS``.
        make: Makes a policy that knows nothing yet.
        line: Of the kind.
        seeds: How many runs.
        how: Fields of the simulation.
    """
    makespans, floors, polls, most = 0.0, 0.0, 0, 0
    for seed in range(seeds):
        latencies = latencies_of(kind, seed)
        outcome = Simulation(latencies=latencies, policy=make(), **how).run()  # type: ignore[arg-type]
        makespans += outcome.makespan_s / ideal_s(latencies)
        floors += floor_s(latencies) / ideal_s(latencies)
        polls, most = polls + outcome.polls, max(most, outcome.most_at_once)
    polls_a_job = polls / seeds / JOBS
    return Score(
        makespan=makespans / seeds,
        polls=polls_a_job,
        floor=floors / seeds,
        line=line_at(line, polls_a_job),
        most_at_once=most,
    )
