"""How close to what an API's limits allow does a run come, and how many 429s does it meet on the way?

The run engine itself works on virtual time against model APIs that enforce a limit strictly: sliding and fixed windows
of the account and of a model, announced in headers or not, limits on tasks alive, token buckets, and polls that count.
A run finds its concurrency out (from 16 on), or is given 64. It heeds all signs of a limit; or infers no windows from
429s; or is told no headers either, so that AIMD and ``Retry-After`` are all it has. The time is the run's over the
least that the limit allows; a herd is the most 429s within a second.

    python -m benchmarks.limits [--seeds N] [--only TEXT]
"""

import argparse
import math
import random
import statistics
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from qwave_batch.client.answers import Answer, RateHint, TaskAnswer, Throttled
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.terms import Completion, Limits, Terms
from tests.unit.run.honest_api import HonestApi, MadeTask
from tests.unit.run.virtual_time import VirtualClock
from tests.unit.run.world import World, make_job

PERIOD_S = 60.0
FASTEST_S, SLOWEST_S = 4.0, 8.0
"""How long a task takes."""
WIRE_S = 0.2
"""How long a call is on its way at most."""
MODELS = ("a", "b")
WAYS: Mapping[str, tuple[int | None, bool, bool]] = {
    "found out": (None, True, True),
    "not inferred": (None, False, True),
    "429s alone": (None, False, False),
    "64 at once": (64, True, True),
    "64, not inferred": (64, False, True),
    "64, 429s alone": (64, False, False),
}
"""Tasks at once, whether windows are inferred, and whether headers are told, if the API has any."""


class Rule(Protocol):
    """A limit of the API."""

    def wait_s(self, now: float) -> float:
        """Return how long it takes until one more is let in; 0 when it is now."""
        ...

    def admit(self, now: float) -> None:
        """Count one."""
        ...

    def hint(self, now: float) -> RateHint:
        """Return what headers would say."""
        ...


class Sliding:
    """At most ``limit`` in any minute."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._admitted: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        """Return the time until the oldest one leaves the window."""
        while self._admitted and self._admitted[0] + PERIOD_S <= now:
            self._admitted.popleft()
        return self._admitted[0] + PERIOD_S - now if len(self._admitted) >= self.limit else 0.0

    def admit(self, now: float) -> None:
        """Count one."""
        self._admitted.append(now)

    def hint(self, now: float) -> RateHint:
        """Return the time until the first one is given back."""
        self.wait_s(now)
        reset_s = math.ceil(self._admitted[0] + PERIOD_S - now) if self._admitted else 0
        return RateHint(limit=self.limit, remaining=self.limit - len(self._admitted), reset_s=reset_s)


class Fixed:
    """At most ``limit`` in every minute of the API's clock."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._window, self._count = -1, 0

    def _turn(self, now: float) -> float:
        window = int((now + 17.0) // PERIOD_S)
        if window != self._window:
            self._window, self._count = window, 0
        return (window + 1) * PERIOD_S - 17.0 - now

    def wait_s(self, now: float) -> float:
        """Return the time until the next minute."""
        left_s = self._turn(now)
        return left_s if self._count >= self.limit else 0.0

    def admit(self, now: float) -> None:
        """Count one."""
        self._turn(now)
        self._count += 1

    def hint(self, now: float) -> RateHint:
        """Return the time until the next minute."""
        left_s = self._turn(now)
        return RateHint(limit=self.limit, remaining=self.limit - self._count, reset_s=math.ceil(left_s))


class Bucket:
    """A token bucket: so many a second, and ``burst`` at once."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._tokens, self._at = float(burst), 0.0

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_s)
        self._at = now

    def wait_s(self, now: float) -> float:
        """Return the time until the next token."""
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self._per_s)

    def admit(self, now: float) -> None:
        """Take a token."""
        self._fill(now)
        self._tokens -= 1.0

    def hint(self, now: float) -> RateHint:
        """Return what is left in the bucket."""
        self._fill(now)
        return RateHint(limit=self._burst, remaining=int(self._tokens), reset_s=math.ceil(self._burst / self._per_s))


@dataclass(kw_only=True)
class StrictApi(HonestApi):
    """An API that enforces its limits to the letter; a refused call does not count."""

    rules: Mapping[str, Rule] = field(default_factory=dict)
    """By model; the empty name is the account."""
    most_alive: int | None = None
    tells: bool = False
    """Whether answers carry headers."""
    waits: Callable[[float], float | None] = math.ceil
    """The Retry-After of a 429, as a function of the real wait."""
    counts_polls: bool = False
    stranger_per_s: float = 0.0
    """How often another program of the account makes a task, whenever there is room."""
    throttled_at: list[float] = field(default_factory=list)
    _stranger_at: float = 0.0

    async def submit(
        self,
        request: JsonObject,
        *,
        idempotency_key: str | None,
        prefer_wait_s: float | None = None,  # noqa: ARG002 - it holds no answer
    ) -> Answer:
        """Make a task where every limit has room."""
        await self._leave("submit", str(request["model"]))
        model, now = str(request["model"]), self.clock.passed
        self._let_strangers_in(now)
        rules = [rule for rule in (self.rules.get(""), self.rules.get(model)) if rule is not None]
        wait_s = max((rule.wait_s(now) for rule in rules), default=0.0)
        is_full = self.most_alive is not None and self._alive(now) >= self.most_alive
        if wait_s > 0 or is_full:
            return self._refuse(wait_s, self._hint(model, now))
        for rule in rules:
            rule.admit(now)
        task = self._make(request, idempotency_key)
        return self._with(self._told(task), self._hint(model, now))

    async def status(self, task_id: str) -> Answer:
        """Tell how a task stands, where polls are free or there is room."""
        await self._leave("status", task_id)
        now, rule = self.clock.passed, self.rules.get("")
        if self.counts_polls and rule is not None:
            if (wait_s := rule.wait_s(now)) > 0:
                return self._refuse(wait_s, self._hint("", now))
            rule.admit(now)
        return self._with(self._told(self.tasks[task_id]), self._hint(self._model_of(task_id), now))

    def _model_of(self, task_id: str) -> str:
        return str(self.tasks[task_id].request["model"])

    def _alive(self, now: float) -> int:
        return sum(task.ends_at > now for task in self.tasks.values())

    def _make(self, request: JsonObject, key: str | None) -> MadeTask:  # noqa: ARG002 - no key is sent twice
        now = self.clock.passed
        task = MadeTask(f"task-{len(self.tasks) + 1}", request, now, now + self.latency(request, self.rng), "completed")
        self.tasks[task.task_id] = task
        return task

    def _let_strangers_in(self, now: float) -> None:
        while self.stranger_per_s and self._stranger_at <= now:
            if self.rules[""].wait_s(self._stranger_at) <= 0:
                self.rules[""].admit(self._stranger_at)
            self._stranger_at += 1 / self.stranger_per_s

    def _hint(self, model: str, now: float) -> RateHint | None:
        rule = self.rules.get(model) or self.rules.get("")
        return rule.hint(now) if self.tells and rule is not None else None

    def _refuse(self, wait_s: float, rate: RateHint | None) -> Throttled:
        self.throttled_at.append(self.clock.passed)
        return Throttled(code="rate_limited", message="", wait_s=self.waits(wait_s), rate=rate, served_at=self._date())

    @staticmethod
    def _with(answer: TaskAnswer, rate: RateHint | None) -> TaskAnswer:
        return TaskAnswer(task=answer.task, served_at=answer.served_at, rate=rate)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of API, and how much of it a run asks."""

    name: str
    jobs: int
    least_s: float
    """No run can be faster."""
    api: Callable[[VirtualClock], StrictApi]
    models: tuple[str, ...] = MODELS


def kind(  # noqa: PLR0913 - a line of the table each, all by name
    name: str,
    *,
    rules: Callable[[], Mapping[str, Rule]] = dict,
    jobs: int = 240,
    least_s: float,
    tells: bool = False,
    waits: Callable[[float], float | None] = math.ceil,
    most_alive: int | None = None,
    counts_polls: bool = False,
    stranger_per_s: float = 0.0,
) -> Kind:
    """Return a kind of API."""

    def api(clock: VirtualClock) -> StrictApi:
        return StrictApi(
            clock=clock,
            rules=rules(),
            most_alive=most_alive,
            tells=tells,
            waits=waits,
            counts_polls=counts_polls,
            stranger_per_s=stranger_per_s,
            latency=lambda _, rng: rng.uniform(FASTEST_S, SLOWEST_S),
            delay_s=WIRE_S,
        )

    return Kind(name=name, jobs=jobs, least_s=least_s, api=api)


MEAN_S = (FASTEST_S + SLOWEST_S) / 2
MINUTES = 180.0 + SLOWEST_S
"""240 at 60 a minute: the last 60 leave when the first of the fourth window may."""
KINDS: Sequence[Kind] = (
    kind("silent, account, sliding", rules=lambda: {"": Sliding(60)}, least_s=MINUTES),
    kind("silent, account, fixed", rules=lambda: {"": Fixed(60)}, least_s=MINUTES - 17),
    kind(
        "silent, account, fixed, no wait said",
        rules=lambda: {"": Fixed(60)},
        least_s=MINUTES - 17,
        waits=lambda _: None,
    ),
    kind("silent, account, sliding, says 5 s", rules=lambda: {"": Sliding(60)}, least_s=MINUTES, waits=lambda _: 5.0),
    kind(
        "silent, account, sliding, shared",
        rules=lambda: {"": Sliding(60)},
        least_s=300 + SLOWEST_S,
        stranger_per_s=1 / 3,
    ),
    kind("silent, account, sliding, 300", rules=lambda: {"": Sliding(300)}, least_s=60 + SLOWEST_S, jobs=600),
    kind("long silent, account, sliding", rules=lambda: {"": Sliding(60)}, least_s=MINUTES + 360, jobs=600),
    kind("long silent, account, fixed", rules=lambda: {"": Fixed(60)}, least_s=MINUTES + 360 - 17, jobs=600),
    kind("long silent, account 120, sliding", rules=lambda: {"": Sliding(120)}, least_s=MINUTES + 60, jobs=600),
    kind(
        "long silent, each model, sliding",
        rules=lambda: {"a": Sliding(30), "b": Sliding(30)},
        least_s=MINUTES + 360,
        jobs=600,
    ),
    kind("silent, each model, sliding", rules=lambda: {"a": Sliding(30), "b": Sliding(30)}, least_s=MINUTES),
    kind("silent, each model, fixed", rules=lambda: {"a": Fixed(30), "b": Fixed(30)}, least_s=MINUTES - 17),
    kind("silent, one model of two, sliding", rules=lambda: {"a": Sliding(30)}, least_s=MINUTES),
    kind("headers, account, sliding", rules=lambda: {"": Sliding(60)}, least_s=MINUTES, tells=True),
    kind("headers, account, fixed", rules=lambda: {"": Fixed(60)}, least_s=MINUTES - 17, tells=True),
    kind(
        "headers, each model, sliding", rules=lambda: {"a": Sliding(30), "b": Sliding(30)}, least_s=MINUTES, tells=True
    ),
    kind(
        "headers, each model, fixed", rules=lambda: {"a": Fixed(30), "b": Fixed(30)}, least_s=MINUTES - 17, tells=True
    ),
    kind(
        "headers, models 20 and 60",
        rules=lambda: {"a": Sliding(20), "b": Sliding(60)},
        least_s=300 + SLOWEST_S,
        tells=True,
    ),
    kind("8 alive, no wait said", most_alive=8, least_s=240 * MEAN_S / 8, waits=lambda _: None),
    kind("8 alive, says 1 s", most_alive=8, least_s=240 * MEAN_S / 8, waits=lambda _: 1.0),
    kind("token bucket, 1 a second, burst 10", rules=lambda: {"": Bucket(1.0, 10)}, least_s=230 + FASTEST_S),
    kind("leaky bucket, 2 a second", rules=lambda: {"": Bucket(2.0, 1)}, least_s=120 + FASTEST_S),
    kind(
        "silent, account, sliding, polls count",
        rules=lambda: {"": Sliding(240)},
        least_s=120 + SLOWEST_S,
        counts_polls=True,
    ),
    kind(
        "headers, account, sliding, polls count",
        rules=lambda: {"": Sliding(240)},
        least_s=120 + SLOWEST_S,
        counts_polls=True,
        tells=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of one run."""

    time: float
    """Over the least."""
    throttled: int
    herd: int
    """429s in one second."""
    jobs_per_minute: float


def meet(kind: Kind, way: str, seed: int) -> Outcome:
    """Return what becomes of a run against a kind of API."""
    slots, infers, tells = WAYS[way]
    with tempfile.TemporaryDirectory() as folder:
        limits = Limits(concurrency=slots)
        terms = Terms(completion=Completion.POLL, limits=limits)
        world = World(root=Path(folder), seed=seed, terms=terms, infers_windows=infers)
        api = world.api = kind.api(world.clock)
        api.rng, api.tells = random.Random(seed), api.tells and tells
        world.plan(make_job(index, model=kind.models[index % len(kind.models)]) for index in range(kind.jobs))
        end = world.run_to_end()
    assert end.counts.completed == kind.jobs, end
    at = api.throttled_at
    herd = max((sum(first <= other < first + 1.0 for other in at) for first in at), default=0)
    return Outcome(end.seconds / kind.least_s, len(at), herd, kind.jobs / end.seconds * 60)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="kinds whose names hold this")
    options = parser.parse_args(argv)
    print(f"{'time over the least, 429s, herd':40}" + "".join(f"{way:>20}" for way in WAYS))
    for each in KINDS:
        if options.only not in each.name:
            continue
        cells = []
        for way in WAYS:
            found = [meet(each, way, seed) for seed in range(options.seeds)]
            time = statistics.mean(one.time for one in found)
            throttled = statistics.mean(one.throttled for one in found)
            cells.append(f"{time:6.2f}{throttled:7.0f}{max(one.herd for one in found):7d}")
        print(f"{each.name:40}" + "".join(cells), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
