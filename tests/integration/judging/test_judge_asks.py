"""A judge and a service that speaks chat completions, over sockets: what is asked, answered and paid."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from qwave_batch.api.judge_setup import make_judge
from qwave_batch.client.connection import Connection
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import AccountError, BudgetError, FolderBusy, FolderError, QwaveError, UsageError
from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging import call_pacing
from qwave_batch.judging.judge_journal import JudgeJournal
from qwave_batch.judging.judge_scorer import is_same_model
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.run.limits.throttle_episode import HoldPolicy
from qwave_batch.scoring.scorer import Item, Level, Outcome, Score, ScoreBudget, ScoreError
from qwave_batch.simulator import RateLimits, Settings, Simulator
from qwave_batch.simulator.chat_service import ChatCharge
from tests.judged_items import (
    Emitted,
    a_judge,
    a_service,
    image_file,
    judge_all,
    judge_folder,
    judged_item,
    judged_pair,
    stream,
)

PORTS: dict[Path, int] = {}
ONE_QUESTION = ({"id": "1", "question": "Is it red?", "answer": "yes"},)


def judged(
    root: Path,
    items: Sequence[Item],
    *,
    faults: str = "",
    settings: Settings | None = None,
    max_nusd: int | None = None,
    retry_failed: bool = False,
    **params: str,
) -> tuple[Emitted, list[ChatCharge]]:
    """Return what a judge emits about items, and what the service charged."""
    layout = RunLayout.at(root) if root.exists() else judge_folder(root)

    async def scenario() -> tuple[Emitted, list[ChatCharge]]:
        async with a_service(faults, settings=settings, port=PORTS.get(root, 0)) as (simulator, base_url):
            PORTS[root] = read_base_url(base_url).address.port  # the next one is the same service
            judge = a_judge(layout, base_url, retry_failed=retry_failed, **params)
            return await judge_all(judge, items, max_nusd), simulator.chats.charges

    return asyncio.run(scenario())


def outcome(root: Path, *, faults: str = "") -> Outcome:
    """Return the outcome of one image with one question."""
    emitted, _ = judged(root, [judged_item(1, ONE_QUESTION)], faults=faults)
    (scored,) = emitted.outcomes
    return scored.outcome


def test_every_image_gets_the_share_of_right_answers(tmp_path: Path) -> None:
    emitted, charges = judged(tmp_path / "run", [judged_item(number) for number in range(6)])
    assert len(charges) == 12
    assert len(emitted.by_job) == 6
    for scored in emitted.outcomes:
        assert isinstance(scored.outcome, Score)
        assert scored.outcome.numbers["accuracy"] in {0.0, 0.5, 1.0}
        assert scored.outcome.details is not None
        assert len(scored.outcome.details["questions"]) == 2  # type: ignore[arg-type]  # a list
    spent = sum(scored.cost_nusd for scored in emitted.outcomes)
    assert abs(spent - sum(charge.cost_quota for charge in charges) * 2000) < 2000 * len(charges)


def test_all_questions_in_one_request_cost_one_request_an_image(tmp_path: Path) -> None:
    emitted, charges = judged(tmp_path / "run", [judged_item(number) for number in range(4)], ask="together")
    assert len(charges) == 4
    assert all(isinstance(scored.outcome, Score) for scored in emitted.outcomes)


def test_a_question_that_makes_no_sense_any_more_is_not_asked(tmp_path: Path) -> None:
    never: dict[str, str] = {"id": "1", "question": "Is it?", "answer": "never", "choices": ["always", "never"]}  # type: ignore[dict-item]  # JSON
    after: dict[str, str] = {"id": "2", "question": "And?", "answer": "yes", "dependency": "1"}
    items = [judged_item(number, (never, after)) for number in range(8)]
    emitted, charges = judged(tmp_path / "run", items)
    right = sum(1 for scored in emitted.outcomes if _first_is_right(scored.outcome))
    assert right < 8
    assert len(charges) == 8 + right
    for scored in emitted.outcomes:
        assert isinstance(scored.outcome, Score)
        assert scored.outcome.numbers["accuracy"] == 0 or _first_is_right(scored.outcome)


def _first_is_right(outcome: Outcome) -> bool:
    assert isinstance(outcome, Score)
    assert outcome.details is not None
    questions = outcome.details["questions"]
    return bool(questions[0]["right"])  # type: ignore[index,call-overload]  # a list of objects


def test_a_pair_is_shown_in_both_orders_and_disagreement_is_a_tie(tmp_path: Path) -> None:
    emitted, charges = judged(tmp_path / "run", [judged_pair(number) for number in range(20)], mode="pairs")
    assert len(charges) == 40
    seen = Counter()  # type: ignore[var-annotated]  # of pairs
    for scored in emitted.outcomes:
        assert isinstance(scored.outcome, Score)
        assert scored.outcome.details is not None
        orders = tuple(scored.outcome.details["orders"])  # type: ignore[arg-type]  # a list
        expected = {("first", "second"): 1.0, ("second", "first"): 0.0, ("first", "first"): 0.5}[orders]  # type: ignore[index]
        assert scored.outcome.numbers == {"preference": expected}
        assert scored.outcome.details["agree"] is (expected != 0.5)
        seen[expected] += 1
    assert set(seen) == {0.0, 0.5, 1.0}


def test_a_judge_of_pairs_says_so(tmp_path: Path) -> None:
    judge = a_judge(judge_folder(tmp_path / "run"), "http://127.0.0.1:9/v1", mode="pairs")
    assert judge.level is Level.PAIR


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("prose", "unclear_answer"),
        ("cut_short", "cut_short"),
        ("filtered", "filtered"),
        ("empty_text", "empty"),
        ("tool_call", "tool_call"),
    ],
)
def test_an_answer_that_is_none_is_an_error_and_not_a_zero(tmp_path: Path, fault: str, code: str) -> None:
    found = outcome(tmp_path / "run", faults=fault)
    assert isinstance(found, ScoreError)
    assert (found.code, found.retryable) == (code, False)
    assert found.message.startswith("question 1: ")


@pytest.mark.parametrize("fault", ["fenced", "streamed", "no_usage", "chatted.wrong_type"])
def test_an_answer_in_another_dress_is_an_answer(tmp_path: Path, fault: str) -> None:
    assert isinstance(outcome(tmp_path / "run", faults=fault), Score)


@pytest.mark.parametrize(
    "faults",
    [
        "chat.http429=@1:0.1",
        "chat.http429_bare=#1",
        "chat.http500=#1..2",
        "chatted.http502=#1",
        "chatted.cut_body=#1",
        "chatted.cut_json=#1",
        "chatted.html=#1",
        "chatted.empty=#1",
        "chatted.drop=#1",
    ],
)
def test_passing_trouble_is_waited_out_and_nothing_is_paid_twice(
    tmp_path: Path, faults: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    emitted, charges = judged(tmp_path / "run", [judged_item(number) for number in range(3)], faults=faults)
    assert all(isinstance(scored.outcome, Score) for scored in emitted.outcomes)
    assert len(charges) == 6
    assert len({charge.idempotency_key for charge in charges}) == 6


def test_a_storm_of_trouble_is_survived_and_every_answer_is_paid_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    items = [judged_item(number) for number in range(20)]
    storm = "chat.http429_bare=0.4,chat.http500=0.1,chatted.cut_body=0.1,chatted.html=0.1,chatted.drop=0.1,fenced=0.3"
    emitted, charges = judged(tmp_path / "run", items, faults=storm, tries="20")
    assert all(isinstance(scored.outcome, Score) for scored in emitted.outcomes)
    assert len(charges) == len({charge.idempotency_key for charge in charges}) == 40


def test_an_answer_that_does_not_come_in_time_is_asked_for_under_the_same_key(tmp_path: Path) -> None:
    emitted, charges = judged(tmp_path / "run", [judged_item(1)], faults="chatted.hang=@1:60", timeout="1")
    assert isinstance(emitted.outcomes[0].outcome, Score)
    assert len(charges) == 2


def test_a_quota_window_is_waited_for(tmp_path: Path) -> None:
    emitted, charges = judged(tmp_path / "run", [judged_item(1)], faults="chat.quota_window_exceeded=@2:1")
    assert isinstance(emitted.outcomes[0].outcome, Score)
    assert len(charges) == 2


@pytest.mark.parametrize("fault", ["chatted.drop=@1", "chatted.http500=@1"])
def test_a_service_that_keeps_no_keys_may_be_paid_twice_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    _hurry(monkeypatch)

    async def scenario() -> None:
        settings = Settings(idempotency_hours=None)
        async with a_service(fault, settings=settings) as (simulator, base_url):
            judge = a_judge(judge_folder(tmp_path / "run"), base_url)
            await judge_all(judge, [judged_item(1, ONE_QUESTION)])
            assert len(simulator.chats.charges) == 2
            (note,) = judge.notes()
            assert "may be paid for questions that were sent without an answer" in note

    asyncio.run(scenario())


def test_trouble_that_lasts_ends_the_question_and_the_next_run_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    items = [judged_item(number, ONE_QUESTION) for number in range(2)]
    emitted, charges = judged(tmp_path / "run", items, faults="chat.http503=#1..3")
    for scored in emitted.outcomes:
        assert isinstance(scored.outcome, ScoreError)
        assert (scored.outcome.code, scored.outcome.retryable) == ("no_answer", True)
    assert charges == []
    again, _ = judged(tmp_path / "run", items)
    assert all(isinstance(scored.outcome, Score) for scored in again.outcomes)


def test_a_service_that_is_down_is_not_asked_for_every_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hurry(monkeypatch)
    items = [judged_item(number, ONE_QUESTION) for number in range(40)]
    with pytest.raises(QwaveError, match="does not answer") as raised:
        judged(tmp_path / "run", items, faults="chat.http503", concurrency="1")
    assert raised.value.exit_status == 1


@pytest.mark.parametrize(
    ("faults", "says"),
    [
        ("chat.bad_key", "refuses the key"),
        ("chat.balance_used_up", "balance is used up"),
        ("chat.insufficient_quota", "balance is used up"),
        ("chat.forbidden", "does not let this key ask"),
        ("chat.model_not_found", "does not complete chats with this model"),
        ("chat.price_not_configured", "does not complete chats with this model"),
        ("chat.quota_window_exceeded=1:3600", "asks for a pause"),
        ("chat.http429=1:3600", "asks for a pause"),
        ("other_model", "answers as another-model"),
    ],
)
def test_an_account_at_its_end_stops_the_judge_with_exit_3(tmp_path: Path, faults: str, says: str) -> None:
    with pytest.raises(AccountError, match=says) as raised:
        judged(tmp_path / "run", [judged_item(number) for number in range(20)], faults=faults)
    assert raised.value.exit_status == 3
    assert "key-of-a-judge" not in str(raised.value)


def test_the_name_under_which_a_service_answers_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="answers_as=another-model"):
        outcome(tmp_path / "run", faults="other_model")
    emitted, charges = judged(tmp_path / "run", [judged_item(1, ONE_QUESTION)], answers_as="another-model")
    assert isinstance(emitted.outcomes[0].outcome, Score)
    assert charges == []  # the answer was on record


def test_the_answer_of_a_smaller_model_of_that_family_is_another_models(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="was asked for embedded and answers as embedded-judge"):
        judged(tmp_path / "run", [judged_item(1, ONE_QUESTION)], answers_as="embedded")


@pytest.mark.parametrize(
    ("asked", "told", "is_same"),
    [
        ("gaze-2", "gaze-2-2026-08-06", True),
        ("gaze-2", "vendor/Gaze-2-0613", True),
        ("gaze-2", "gaze-2@20260806", True),
        ("gaze-2", "gaze-2-5", False),
        ("gaze-2", "gaze-2-mini", False),
        ("gaze-2", "gaze-20", False),
    ],
)
def test_a_name_with_a_date_is_the_same_model(asked: str, told: str, *, is_same: bool) -> None:
    assert is_same_model(asked, told) is is_same


def test_what_was_paid_for_images_without_a_score_is_said(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service("chat.bad_key=@2") as (simulator, base_url):
            judge = a_judge(judge_folder(tmp_path / "run"), base_url, concurrency="1")
            with pytest.raises(AccountError):
                await judge_all(judge, [judged_item(1)])
            assert len(simulator.chats.charges) == 1
            (note,) = judge.notes()
            assert "was paid for answers about images that have no score yet" in note

    asyncio.run(scenario())


def test_a_refused_question_is_an_error_of_its_item(tmp_path: Path) -> None:
    broken = judged_item(3)
    broken = replace(broken, file=replace(broken.file, data=broken.file.data[:60]))
    emitted, charges = judged(tmp_path / "run", [judged_item(1), judged_item(2), broken])
    found = emitted.by_job[broken.job_id].outcome
    assert isinstance(found, ScoreError)
    assert found.code == "invalid_image"
    assert len(charges) == 4


def test_a_service_that_refuses_everything_is_not_asked_for_every_image(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match="refuses every question"):
        judged(tmp_path / "run", [judged_item(number) for number in range(40)], extra='{"colour": "red"}')


def test_questions_that_are_not_right_cost_nothing(tmp_path: Path) -> None:
    lists: list[list[JsonObject]] = [
        [{"question": "?"}],
        [],
        [{"question": "?", "answer": "3", "choices": ["1"]}],
    ]
    bad = [judged_item(number, questions) for number, questions in enumerate(lists)]
    emitted, charges = judged(tmp_path / "run", bad)
    assert [scored.outcome.code for scored in emitted.outcomes if isinstance(scored.outcome, ScoreError)] == [
        "bad_question"
    ] * 3
    assert charges == []


# An answer is never asked for again.


def test_an_answer_on_record_is_not_asked_again(tmp_path: Path) -> None:
    items = [judged_item(number) for number in range(4)]
    first, _ = judged(tmp_path / "run", items)
    again, charges = judged(tmp_path / "run", items)
    assert charges == []
    assert {job: each.outcome for job, each in again.by_job.items()} == {
        job: each.outcome for job, each in first.by_job.items()
    }


def test_the_same_question_about_equal_images_is_asked_once(tmp_path: Path) -> None:
    items = [replace(judged_item(1), job_id=f"{number:016x}") for number in range(6)]
    emitted, charges = judged(tmp_path / "run", items, settings=Settings(idempotency_hours=None))
    assert len(emitted.by_job) == 6
    assert all(isinstance(scored.outcome, Score) for scored in emitted.outcomes)
    assert len(charges) == 2


def test_another_setting_is_another_question(tmp_path: Path) -> None:
    judged(tmp_path / "run", [judged_item(1)])
    _, charges = judged(tmp_path / "run", [judged_item(1)], seed="7")
    assert len(charges) == 2


def test_an_answer_that_could_not_be_used_is_asked_for_again_only_on_request(tmp_path: Path) -> None:
    item = judged_item(1)
    judged(tmp_path / "run", [item], faults="prose=@2")  # the second question
    plain, charges = judged(tmp_path / "run", [item])
    assert isinstance(plain.outcomes[0].outcome, ScoreError)
    assert charges == []
    retried, charges = judged(tmp_path / "run", [item], retry_failed=True)
    assert isinstance(retried.outcomes[0].outcome, Score)
    assert len(charges) == 1
    assert charges[0].idempotency_key is not None
    assert "-2-" in charges[0].idempotency_key


def test_two_processes_do_not_judge_one_folder(tmp_path: Path) -> None:
    layout = judge_folder(tmp_path / "run")
    with JudgeJournal(layout), pytest.raises(FolderBusy), JudgeJournal(layout):
        pass


# Money.


def test_a_price_is_known_before_anything_is_asked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service() as (simulator, base_url):
            items = [judged_item(number) for number in range(4)]
            async with a_judge(judge_folder(tmp_path / "run"), base_url) as judge:
                unread = [replace(item, file=replace(item.file, data=b"")) for item in items]
                before = await asyncio.to_thread(judge.price, unread)
                assert before is not None
                assert simulator.chats.charges == []
                emitted = Emitted()
                await judge.score_all(stream(items), emitted.take, ScoreBudget(None))
                spent = sum(scored.cost_nusd for scored in emitted.outcomes)
                assert 0 < before.least_nusd < spent < before.most_nusd
                after = await asyncio.to_thread(judge.price, items)
                assert after is not None
                assert after.most_nusd == 0  # all is on record

    asyncio.run(scenario())


def test_a_cap_holds_and_the_next_run_goes_on(tmp_path: Path) -> None:
    items = [judged_item(number) for number in range(12)]
    _, charges = judged(tmp_path / "whole", items)
    whole_nusd = sum(charge.cost_quota for charge in charges) * 2000

    async def scenario() -> None:
        async with a_service() as (simulator, base_url):
            layout = judge_folder(tmp_path / "run")
            cap_nusd = whole_nusd * 3 // 4
            with pytest.raises(BudgetError, match="cap of"):
                await judge_all(a_judge(layout, base_url), items, cap_nusd)
            paid = sum(charge.cost_quota for charge in simulator.chats.charges) * 2000
            assert whole_nusd // 4 < paid <= cap_nusd
            asked = len(simulator.chats.charges)
            with pytest.raises(BudgetError):  # the same cap covers what was spent before
                await judge_all(a_judge(layout, base_url), items, cap_nusd)
            assert len(simulator.chats.charges) == asked
            await judge_all(a_judge(layout, base_url), items, whole_nusd * 10)
            assert len(simulator.chats.charges) == 24

    asyncio.run(scenario())


def test_a_cap_holds_where_answers_are_lost_and_keys_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _hurry(monkeypatch)
    items = [judged_item(number) for number in range(12)]

    async def scenario() -> None:
        settings = Settings(idempotency_hours=None)
        async with a_service("chatted.drop=0.5", settings=settings) as (simulator, base_url):
            cap_nusd = 1_000_000
            with pytest.raises(BudgetError):
                await judge_all(a_judge(judge_folder(tmp_path / "run"), base_url, tries="9"), items, cap_nusd)
            charged = [charge.cost_quota for charge in simulator.chats.charges]
            assert charged
            assert sum(charged) * 2000 <= cap_nusd

    asyncio.run(scenario())


def test_tokens_beyond_the_estimate_are_learned_from_and_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service() as (_, base_url):
            judge = a_judge(judge_folder(tmp_path / "run"), base_url, image_tokens="1")
            items = [replace(judged_item(number), file=image_file(number, (1024, 1024))) for number in range(2)]
            await judge_all(judge, items)
            (note,) = judge.notes()
            assert "times the tokens that were estimated at most" in note

    asyncio.run(scenario())


def test_a_large_image_is_shown_smaller_and_costs_as_much(tmp_path: Path) -> None:
    item = replace(judged_item(1, ONE_QUESTION), file=image_file(1, (1120, 560)))
    emitted, _ = judged(tmp_path / "whole", [item], max_size="none")
    smaller, _ = judged(tmp_path / "small", [item], max_size="280")
    saved_tokens = 40 * 20 - 10 * 5
    (whole,), (small,) = emitted.outcomes, smaller.outcomes
    assert whole.cost_nusd - small.cost_nusd == pytest.approx(saved_tokens * 400, abs=2000)
    assert isinstance(small.outcome, Score)


def test_a_large_image_that_does_not_decode_is_an_error_and_costs_nothing(tmp_path: Path) -> None:
    item = judged_item(1, ONE_QUESTION)
    large = image_file(1, (300, 300))
    item = replace(item, file=replace(large, data=large.data[:100]))
    emitted, charges = judged(tmp_path / "run", [item], max_size="64")
    (scored,) = emitted.outcomes
    assert isinstance(scored.outcome, ScoreError)
    assert scored.outcome.code == "unusable_image"
    assert charges == []


def test_without_a_price_nothing_is_estimated(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service("info.http500") as (_, base_url):
            async with a_judge(judge_folder(tmp_path / "run"), base_url) as judge:
                assert await asyncio.to_thread(judge.price, [judged_item(1)]) is None
            async with a_judge(judge_folder(tmp_path / "2"), base_url, price_in="1", price_out="2") as judge:
                assert await asyncio.to_thread(judge.price, [judged_item(1)]) is not None

    asyncio.run(scenario())


# Limits.


def test_requests_a_minute_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _hurry(monkeypatch)

    async def scenario() -> Simulator:
        settings = Settings(limits=RateLimits(requests_per_minute=10, send_headers=True))
        async with a_service(settings=settings) as (simulator, base_url):
            judge = a_judge(judge_folder(tmp_path / "run"), base_url, requests_per_minute="5", max_wait="600")
            emitted = Emitted()
            async with judge:
                judging = asyncio.create_task(
                    judge.score_all(stream([judged_item(n) for n in range(9)]), emitted.take, ScoreBudget(None))
                )
                await asyncio.sleep(0.6)
                assert len(simulator.chats.charges) == 5
                judging.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await judging
            return simulator

    simulator = asyncio.run(scenario())
    assert simulator.seen.throttled == 0


def test_an_interruption_lets_chats_in_flight_end(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_service(latency="3") as (simulator, base_url):
            layout = judge_folder(tmp_path / "run")
            emitted = Emitted()
            async with a_judge(layout, base_url) as judge:
                judging = asyncio.create_task(
                    judge.score_all(stream([judged_item(1)]), emitted.take, ScoreBudget(None))
                )
                while not simulator.chats.charges:  # noqa: ASYNC110 - the server has no event for it
                    await asyncio.sleep(0.01)
                judging.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await judging
            assert len(simulator.chats.charges) == 1
            await judge_all(a_judge(layout, base_url), [judged_item(1)])
            assert len(simulator.chats.charges) == 2  # only the second question was left

    asyncio.run(scenario())


# Keys and hosts.


def test_the_accounts_key_goes_to_no_other_host(tmp_path: Path) -> None:
    layout = judge_folder(tmp_path / "run")
    with pytest.raises(UsageError, match="is not sent the account's key: key_env=VARIABLE"):
        make_judge(
            {"model": "m", "base_url": "https://judges.example/v1"},
            layout=layout,
            connection=Connection(key="key-of-a-judge"),
            clock=SystemClock(),
            retry_failed=False,
            environ={},
        )


def test_a_folder_that_was_never_run_can_be_judged_and_holds_a_journal(tmp_path: Path) -> None:
    judged(tmp_path / "run", [judged_item(1)])
    assert (tmp_path / "run" / ".qwave" / "judge.sqlite").is_file()
    assert b"key-of-a-judge" not in (tmp_path / "run" / ".qwave" / "judge.sqlite").read_bytes()


def test_a_journal_that_is_a_link_is_refused(tmp_path: Path) -> None:
    layout = judge_folder(tmp_path / "run")
    layout.workspace.root.joinpath(".qwave/judge.sqlite").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError), JudgeJournal(layout):
        pass


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make our own pauses short, so that trouble that passes does so at once."""
    for name in ("SAID", "UNSAID", "OUTAGE"):
        monkeypatch.setattr(call_pacing, name, HoldPolicy(0.01, 0.02))
