"""Chats leave as fast as the service lets them, and no faster."""

import math
import random

import pytest

from qwave_batch.client.answers import NoAnswer, RateHint, Throttled
from qwave_batch.client.chat_answers import ChatEnd, ChatReply
from qwave_batch.judging.call_pacing import CallPacing, pacing_of
from qwave_batch.judging.judge_budget import JudgeBudget
from qwave_batch.judging.token_costs import TokenPrice, estimate_tokens

REPLY = ChatReply(end=ChatEnd.COMPLETE, text="yes", model="m", usage=None)


def paced(concurrency: int = 4, requests_per_minute: int | None = None) -> CallPacing:
    return pacing_of(random.Random(1), concurrency=concurrency, requests_per_minute=requests_per_minute)


def sent(pacing: CallPacing, answer: ChatReply | NoAnswer | Throttled, now: float) -> None:
    """Send a chat that is answered at once."""
    pacing.enter(now)
    pacing.record(answer, sent_at=now, now=now)
    pacing.leave()


def test_one_chat_at_a_time_until_the_first_answer_and_then_one_more_with_each() -> None:
    pacing = paced()
    pacing.enter(0)
    assert pacing.opens_at(0) == math.inf
    pacing.record(REPLY, sent_at=0, now=1)
    assert pacing.opens_at(1) == 1
    pacing.enter(1)
    assert pacing.opens_at(1) == math.inf


def test_never_more_than_the_ceiling_at_once() -> None:
    pacing = paced(concurrency=3)
    for now in range(10):
        sent(pacing, REPLY, now)
    for _ in range(3):
        assert pacing.opens_at(10) == 10
        pacing.enter(10)
    assert pacing.opens_at(10) == math.inf


@pytest.mark.parametrize(("wait_s", "least_s"), [(7.0, 7.0), (0.0, 0.5), (None, 5.0)])
def test_a_429_holds_all_chats_as_long_as_it_says(wait_s: float | None, least_s: float) -> None:
    pacing = paced()
    sent(pacing, Throttled(wait_s=wait_s), 100)
    assert 100 + least_s <= pacing.opens_at(100) <= 100 + least_s * 1.25


def test_429s_in_a_row_are_one_wait_that_grows() -> None:
    pacing = paced()
    now = 0.0
    for _ in range(5):
        sent(pacing, Throttled(), now)
        now = pacing.opens_at(now)
    assert pacing.waits_s(now) == now > 5 * 5
    sent(pacing, REPLY, now)
    assert pacing.waits_s(now) == 0


def test_a_failing_service_is_asked_one_chat_at_a_time() -> None:
    pacing = paced()
    for now in range(10):
        sent(pacing, REPLY, now)
    for now in (20, 40, 60):
        sent(pacing, NoAnswer(reason="no", sent=True), now)
    pacing.enter(100)
    assert pacing.opens_at(100) == math.inf


def test_headers_that_leave_nothing_hold_until_their_reset() -> None:
    pacing = paced()
    answer = ChatReply(end=ChatEnd.COMPLETE, text="", model="", usage=None, rate=RateHint(remaining=0, reset_s=30))
    sent(pacing, answer, 0)
    assert pacing.opens_at(1) == 30


def test_requests_in_any_minute_are_kept() -> None:
    pacing = paced(requests_per_minute=2)
    sent(pacing, REPLY, 0)
    sent(pacing, REPLY, 1)
    assert pacing.opens_at(2) == pytest.approx(60.25)


# Money.


PRICE = TokenPrice(input_nusd=1_000_000_000, output_nusd=1_000_000_000)
ESTIMATE = estimate_tokens("yes?", [], most_output=100, answers=1)


def budget(cap_nusd: int | None) -> JudgeBudget:
    return JudgeBudget(price=PRICE, cap_nusd=cap_nusd, spent_nusd=10_000, unsure_nusd=20_000)


def test_all_that_was_spent_held_or_is_unsure_counts_against_the_cap() -> None:
    money = budget(100_000)
    assert money.fits(70_000)
    money.hold(70_000)
    assert not money.fits(1)
    money.pay(70_000, 5_000)
    assert money.fits(65_000)
    assert not money.fits(65_001)
    money.hold(65_000)
    money.doubt(65_000)
    assert not money.fits(1)
    assert money.spent_nusd == 15_000


def test_the_end_says_what_earlier_judges_may_have_paid_too() -> None:
    (note,) = budget(None).notes()
    assert note.startswith("up to 0.00002 USD more may be paid")


def test_without_a_cap_everything_fits() -> None:
    assert budget(None).fits(10**15)


def test_a_hold_grows_with_the_tokens_that_answers_count() -> None:
    money = budget(None)
    before = money.most_nusd(ESTIMATE)
    money.learn(ESTIMATE, ESTIMATE.most_input * 2)
    assert money.most_nusd(ESTIMATE) == before + ESTIMATE.most_input * 1000
    money.learn(ESTIMATE, 1)
    assert money.most_nusd(ESTIMATE) == before + ESTIMATE.most_input * 1000


def test_the_error_of_a_cap_says_what_is_spent() -> None:
    assert "0.0001 USD does not leave that (0.00001 USD spent, 0.00002 USD perhaps paid)" in str(
        budget(100_000).used_up(10**9)
    )
