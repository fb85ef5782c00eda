"""The gates of one account: what one model's answers mean for the others, and what polls use up."""

import random

import pytest

from qwave_batch.client.answers import TaskAnswer, Throttled
from qwave_batch.model.task import Task, TaskState
from qwave_batch.model.terms import DEFAULT_CONCURRENCY
from qwave_batch.run.limits.rate_limiter import STRUCK_S, RateLimiter
from qwave_batch.run.limits.sliding_window import SlidingWindow
from qwave_batch.run.limits.throttle_episode import Brake
from qwave_batch.run.schedule.adaptive_concurrency import CALM_S, STEP_S, AdaptiveConcurrency
from qwave_batch.run.schedule.model_queue import ModelQueue

WELL = TaskAnswer(task=Task(task_id="t", state=TaskState.QUEUED))
NOW = 1_000.0
FULL = DEFAULT_CONCURRENCY


def gates(*, counts_polls: bool = False, per_minute: int | None = None) -> RateLimiter:
    return RateLimiter(
        window=SlidingWindow(per_minute),
        allowance=AdaptiveConcurrency.under(None),
        counts_polls=counts_polls,
        brake=Brake(random.Random(0)),
    )


def lane(model: str) -> ModelQueue:
    return ModelQueue(model=model, allowance=AdaptiveConcurrency.under(None), window=SlidingWindow(None))


@pytest.mark.parametrize(("models", "is_paused"), [("a", False), ("aa", False), ("ab", True)])
def test_the_trouble_of_two_models_pauses_the_growth_of_the_account(models: str, *, is_paused: bool) -> None:
    of_account = gates()
    for model in models:
        of_account.trouble(lane(model), 0.0, sent_at=NOW - 1.0, now=NOW)
    of_account.allowance.went_well(NOW)
    of_account.allowance.grow(FULL, NOW)
    assert of_account.allowance.grow(FULL, NOW + STEP_S) is not is_paused
    assert of_account.allowance.grow(FULL, NOW + CALM_S) is is_paused


def test_polls_that_count_use_up_a_window_that_was_learned() -> None:
    of_account, a = gates(counts_polls=True), lane("a")
    of_account.pace.limit = 3
    for _ in range(3 + 1):  # one more is tried now and then
        assert of_account.polls_open_at("a", NOW) == NOW
        of_account.spend_poll(NOW)
    assert of_account.polls_open_at("a", NOW) >= NOW + 60.0
    assert of_account.submits_open_at(a, NOW, 0) >= NOW + 60.0


def test_polls_that_do_not_count_use_up_nothing() -> None:
    of_account, a = gates(per_minute=3), lane("a")
    of_account.pace.limit = 3
    for _ in range(9):
        of_account.spend_poll(NOW)
    assert of_account.polls_open_at("a", NOW) <= NOW
    assert of_account.submits_open_at(a, NOW, 0) == NOW


def test_a_429_on_a_poll_makes_them_count_for_a_while_and_never_against_the_specs_own_limit() -> None:
    of_account, a = gates(per_minute=3), lane("a")
    of_account.hear_poll(Throttled(), NOW, NOW)
    assert of_account.polls_count
    for _ in range(9):
        of_account.spend_poll(NOW)
    assert of_account.submits_open_at(a, NOW, 0) == NOW
    of_account.hear_poll(WELL, NOW + STRUCK_S, NOW + STRUCK_S)
    assert of_account.polls_count
    of_account.hear_poll(WELL, NOW + STRUCK_S, NOW + STRUCK_S + 1.0)
    assert not of_account.polls_count


def test_what_429s_taught_of_the_account_is_not_told_of_the_models_that_they_hit() -> None:
    of_account, a, b = gates(), lane("a"), lane("b")
    a.allowance.cut(NOW)
    (lesson,) = of_account.lessons([a, b])
    assert lesson.startswith("the API asked for less of a 1 time:")
    of_account.pace.limit = 40
    (lesson,) = of_account.lessons([a, b])
    assert lesson.startswith("the API took about 40 requests a minute of the account")
