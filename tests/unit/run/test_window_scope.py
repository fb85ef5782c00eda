"""The scope of announced windows, inferred from what models are told is left, without one request too many."""

import math
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.client.answers import Answer, RateHint
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.limits.header_window import WindowScope
from tests.unit.run.test_scheduling import last_end, takes
from tests.unit.run.world import World, make_job

PER_MINUTE = 10


def hint(left: int, *, limit: int = PER_MINUTE, reset_s: float = 60.0) -> RateHint:
    return RateHint(limit=limit, remaining=left, reset_s=reset_s)


def told(*words: tuple[str, float, float, RateHint | None]) -> bool:
    """Return whether a window is held to be shared after such words: model, when sent, when answered, headers."""
    scope = WindowScope()
    for model, sent_at, now, said in words:
        scope.record(model, said, sent_at=sent_at, now=now)
    return scope.is_shared


def test_one_model_has_the_window_of_the_account() -> None:
    assert told(("a", 0.0, 0.1, hint(9)), ("a", 1.0, 1.1, hint(8)))


def test_who_finds_as_much_left_as_another_that_was_answered_before_has_a_window_of_its_own() -> None:
    assert told(("a", 0.0, 0.1, hint(9)), ("b", 0.2, 0.3, hint(8)))
    assert not told(("a", 0.0, 0.1, hint(9)), ("b", 0.2, 0.3, hint(9)))


def test_so_it_is_found_out_where_models_send_in_step() -> None:
    wave = [(model, 0.2, 0.3, hint(left)) for left in (8, 7) for model in "ab"]
    assert not told(("a", 0.0, 0.1, hint(9)), *wave)


def test_submits_that_are_under_way_together_tell_nothing() -> None:
    """They may arrive in another order than they left."""
    assert told(("a", 0.0, 0.2, hint(8)), ("b", 0.1, 0.3, hint(9)))


def test_calls_that_are_given_back_meanwhile_are_no_second_window() -> None:
    assert told(("a", 0.0, 0.1, hint(4)), ("b", 12.0, 12.1, hint(5))), "a bucket that fills by one in six seconds"
    assert told(("a", 0.0, 0.1, hint(0, reset_s=1.0)), ("b", 1.0, 1.1, hint(9))), "a new window"


def test_other_limits_are_other_windows() -> None:
    assert not told(("a", 0.0, 0.1, hint(9)), ("b", 0.0, 0.1, hint(19, limit=20)))


@given(
    sends=st.lists(st.tuples(st.sampled_from("ab"), st.floats(0.0, 20.0), st.floats(0.0, 2.0)), max_size=60),
    limit=st.integers(1, 30),
)
def test_models_that_share_a_window_are_never_held_to_have_their_own(
    sends: list[tuple[str, float, float]], limit: int
) -> None:
    scope, now = WindowScope(), 0.0
    taken: list[float] = []
    for model, later, way_s in sends:
        now += later
        taken = [at for at in taken if at + 60.0 > now]
        if len(taken) < limit:
            taken.append(now)
            reset_s = math.ceil(taken[0] + 60.0 - now)
            scope.record(model, hint(limit - len(taken), limit=limit, reset_s=reset_s), sent_at=now, now=now + way_s)
    assert scope.is_shared


def tell(world: World, *, counted: Callable[[str], str]) -> None:
    """Let answers say what is left of ten a minute, counted for what ``counted`` makes of the model."""
    original = world.api.submit

    async def submit(request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None) -> Answer:
        answer = await original(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)
        kind = counted(str(request["model"]))
        taken = [at for at, what, _ in world.api.log if what == kind and at > world.clock.passed - 60.0]
        reset_s = math.ceil(taken[0] + 60.0 - world.clock.passed) if taken else 0.0
        return replace(answer, rate=hint(PER_MINUTE - len(taken), reset_s=reset_s))

    world.api.submit = submit  # type: ignore[method-assign]


def test_equal_limits_of_two_models_are_used_both(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8))
    world.api.per_minute_of = {"a": PER_MINUTE, "b": PER_MINUTE}
    world.api.latency = takes(1.0)
    tell(world, counted=lambda model: f"taken {model}")
    world.plan(make_job(index, model="ab"[index % 2]) for index in range(40))
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (0, 40), "and no 429 is met"
    assert max(last_end(world, "a"), last_end(world, "b")) < 75.0


def test_a_window_that_two_models_share_is_kept_by_both(world: World) -> None:
    world.terms = Terms(limits=Limits(concurrency=8))
    world.api.rpm = PER_MINUTE
    world.api.latency = takes(1.0)
    tell(world, counted=lambda _: "taken")
    world.plan(make_job(index, model="ab"[index % 2]) for index in range(40))
    end = world.run_to_end()
    assert (end.exit_status, end.requests.submit) == (0, 40), "and no 429 is met"
    assert end.seconds < 3 * 60.0 + 20.0
