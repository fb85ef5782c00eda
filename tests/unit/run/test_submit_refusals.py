"""A denial closes its job or model, missing funds close the model or the run; all others go on."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Balance,
    Denied,
    NoAnswer,
    Refused,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.record import JobStatus
from qwave_batch.model.terms import Limits, Terms
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.tasks.submit_refusals import DenialMeaning, ModelDenials
from tests.unit.run.honest_api import HonestApi
from tests.unit.run.world import World, make_job

LOCKED = Denied(status=403, code="access_denied", message="not on your plate")
LOCKED_MODEL = Denied(status=403, code="access_denied", message="not on your plate", param="model", concerns="model")
FLAGGED = Denied(status=403, code="moderation", message="not this prompt", param="prompt", concerns="job")
BANNED = Denied(status=403, code="account_violation", message="suspended", concerns="account")
GATEWAY = Denied(status=403, code="http_403", message="HTTP 403 Forbidden", keeps_attempt=True)
UNFUNDED = AccountBlocked(
    kind="balance", status=429, code="insufficient_quota", message="top up, please", keeps_attempt=False
)
DONE, PENDING, FAILED, UNKNOWN = JobStatus.COMPLETED, JobStatus.PENDING, JobStatus.FAILED, JobStatus.UNKNOWN


@dataclass
class StrictApi(HonestApi):
    """Answers some calls in its own way."""

    on_submit: Callable[[JsonObject, int], Answer | None] = lambda _, __: None
    """By request and the number of the submit, from 1."""
    on_balance: Balance | Trouble | None = None
    on_status: Answer | None = None

    async def submit(
        self, request: JsonObject, *, idempotency_key: str | None, prefer_wait_s: float | None = None
    ) -> Answer:
        found = self.on_submit(request, self.calls["submit"] + 1)
        if found is None:
            return await super().submit(request, idempotency_key=idempotency_key, prefer_wait_s=prefer_wait_s)
        await self._leave("submit", str(request["model"]))
        return found

    async def status(self, task_id: str) -> Answer:
        told = await super().status(task_id)
        return told if self.on_status is None else self.on_status

    async def balance(self) -> Balance | Trouble:
        told = await super().balance()
        return told if self.on_balance is None else self.on_balance


@pytest.fixture
def api(world: World) -> StrictApi:
    world.api = StrictApi(clock=world.clock)
    return world.api


def jobs(*models: str, each: int = 3) -> list[Job]:
    return [
        make_job(number, model=model) for number, model in enumerate(model for model in models for _ in range(each))
    ]


def of_model(*models: str, answer: Answer) -> Callable[[JsonObject, int], Answer | None]:
    return lambda request, _: answer if request["model"] in models else None


def of_prompt(*numbers: int, answer: Answer) -> Callable[[JsonObject, int], Answer | None]:
    prompts = {f"tea {number}" for number in numbers}
    return lambda request, _: answer if request["prompt"] in prompts else None


@pytest.mark.parametrize(("answer", "submits"), [(LOCKED, 2), (LOCKED_MODEL, 1), (GATEWAY, 2)])
@pytest.mark.parametrize("models", [("a", "b"), ("b", "a")])
def test_a_locked_model_is_closed_and_the_others_go_on(
    world: World, api: StrictApi, answer: Denied, submits: int, models: tuple[str, ...]
) -> None:
    api.on_submit = of_model("a", answer=answer)
    world.plan(jobs(*models))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 3, 3)
    assert "a is left to the next run" in end.reason
    assert answer.message in end.reason
    assert [what for _, kind, what in api.log if kind == "submit"].count("a") == submits
    assert len(api.tasks) == 3


def test_several_locked_models_are_closed_each(world: World, api: StrictApi) -> None:
    api.on_submit = of_model("a", "c", answer=LOCKED)
    world.plan(jobs("a", "b", "c", "d"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 6, 6)


@pytest.mark.parametrize("answer", [LOCKED, LOCKED_MODEL])
def test_the_next_run_tries_a_closed_model_and_goes_on_where_it_is_open(
    world: World, api: StrictApi, answer: Denied
) -> None:
    api.on_submit = of_model("a", answer=answer)
    world.plan(jobs("a", "b"))
    world.run_to_end()
    before = api.calls["submit"]
    assert world.run_to_end().exit_status == 1
    assert api.calls["submit"] - before <= 2
    api.on_submit = lambda _, __: None
    assert world.run_to_end().exit_status == 0
    assert world.statuses() == [DONE] * 6
    assert set(api.paid().values()) == {1}


@pytest.mark.parametrize("flagged", [0, 1, 2])
def test_a_flagged_prompt_fails_alone_and_is_not_sent_again(world: World, api: StrictApi, flagged: int) -> None:
    api.on_submit = of_prompt(flagged, answer=FLAGGED)
    world.plan(jobs("a"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.failed) == (1, 2, 1)
    with world.read() as ledger:
        (error,) = [line.record.error for line in ledger.lines() if line.record.error]
    assert (error.message, error.field, error.retryable) == ("not this prompt", "prompt", False)
    before = api.calls["submit"]
    assert world.run_to_end().exit_status == 1
    assert api.calls["submit"] == before


@pytest.mark.parametrize("flagged", [0, 1, 2])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_prompt_that_is_forbidden_without_a_reason_fails_once_others_got_through(
    world: World, api: StrictApi, flagged: int, concurrency: int
) -> None:
    world.terms = Terms(limits=Limits(concurrency=concurrency))
    api.on_submit = of_prompt(flagged, answer=LOCKED)
    world.plan(jobs("a"))
    end = world.run_to_end()
    assert end.counts.completed == 2
    assert end.exit_status == 1
    before = api.calls["submit"]
    world.run_to_end()
    assert api.calls["submit"] - before <= 2


def test_rights_that_are_taken_away_leave_the_rest_to_the_next_run(world: World, api: StrictApi) -> None:
    world.terms = Terms(limits=Limits(concurrency=1))
    api.on_submit = lambda _, number: LOCKED if number > 5 else None
    world.plan(jobs("a", each=30))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 5, 25)
    assert api.calls["submit"] <= 5 + 6
    api.on_submit = lambda _, __: None
    assert world.run_to_end().exit_status == 0


@pytest.mark.parametrize(
    "refused",
    [
        AccountBlocked(kind="key", status=401, code="", message="no such key", keeps_attempt=False),
        Denied(status=403, code="forbidden", message="no such key"),
    ],
)
@pytest.mark.parametrize("answer", [LOCKED, GATEWAY, BANNED])
def test_a_key_that_nothing_is_allowed_ends_the_run(
    world: World, api: StrictApi, refused: Trouble, answer: Denied
) -> None:
    api.on_balance, api.on_submit = refused, lambda _, __: answer
    world.plan(jobs("a", "b"))
    end = world.run_to_end()
    assert (end.exit_status, api.tasks) == (3, {})
    assert "refuses the key" in end.reason
    assert api.calls["submit"] <= 2


def test_a_bad_key_ends_the_run_wherever_it_is_told(world: World, api: StrictApi) -> None:
    api.on_submit = lambda _, __: AccountBlocked(kind="key", status=401, code="", message="no", keeps_attempt=False)
    world.plan(jobs("a", "b"))
    assert world.run_to_end().exit_status == 3
    assert api.calls["submit"] <= 2


@pytest.mark.parametrize(
    "told",
    [
        Denied(status=403, code="forbidden", message="no rights"),
        TaskNotFound(status=404, code="not_found", message="no rights"),
        NoAnswer(reason="HTTP 405: no rights", sent=True, status=405),
        NoAnswer(reason="HTTP 501: no rights", sent=True, status=501),
        NoAnswer(reason="no rights: no total_available_usd", sent=True, status=200),
    ],
)
def test_a_balance_that_is_not_shown_is_a_note(world: World, api: StrictApi, told: Trouble) -> None:
    api.on_balance = told
    world.plan(jobs("a", each=6))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed) == (0, 6)
    assert any("no rights" in str(warning) for warning in end.warnings)
    (first, second, *_) = api.sends("submit")
    assert second >= first + api.delay_s, "the first goes alone"


HIDDEN: list[Trouble] = [
    Denied(status=403, code="forbidden", message="no rights"),
    TaskNotFound(status=404, code="not_found", message="no rights"),
    NoAnswer(reason="no rights: it is not JSON", sent=True, status=200),
]


@pytest.mark.parametrize("told", HIDDEN)
def test_locked_models_and_flagged_prompts_say_nothing_of_a_key_without_billing_rights(
    world: World, api: StrictApi, told: Trouble
) -> None:
    api.on_balance, api.on_submit = told, of_model("a", "b", answer=LOCKED_MODEL)
    world.plan(jobs("a", "b", "c"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 3, 6)
    api.on_submit = of_prompt(0, 1, answer=FLAGGED)
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.failed) == (1, 7, 2)


@pytest.mark.parametrize("told", HIDDEN)
def test_one_model_that_is_forbidden_without_a_reason_is_not_the_key(
    world: World, api: StrictApi, told: Trouble
) -> None:
    api.on_balance, api.on_submit = told, of_model("a", answer=LOCKED)
    world.plan(jobs("a", "b"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (1, 3, 3)


@pytest.mark.parametrize("told", HIDDEN)
@pytest.mark.parametrize(("models", "submits"), [(("a",), 1), (("a", "b", "c"), 2)])
def test_all_that_is_forbidden_without_a_reason_is_the_key(
    world: World, api: StrictApi, told: Trouble, models: tuple[str, ...], submits: int
) -> None:
    api.on_balance, api.on_submit = told, lambda _, __: LOCKED
    world.plan(jobs(*models))
    end = world.run_to_end()
    assert (end.exit_status, api.calls["submit"], api.tasks) == (3, submits, {})
    assert any("is to prove the key" in str(warning) for warning in end.warnings)


def test_what_is_said_of_the_balance_too_says_nothing_of_a_model(world: World, api: StrictApi) -> None:
    api.on_balance, api.on_submit = LOCKED_MODEL, lambda _, __: LOCKED_MODEL
    world.plan(jobs("a", "b", "c"))
    assert (world.run_to_end().exit_status, api.calls["submit"]) == (3, 2)


def test_an_account_that_is_refused_by_name_fails_no_job(world: World, api: StrictApi) -> None:
    world.terms = Terms(limits=Limits(concurrency=1))
    api.on_submit = lambda _, __: BANNED
    world.plan(jobs("a", "b", "c"))
    end = world.run_to_end()
    assert (end.exit_status, api.calls["submit"], end.counts.pending) == (3, 2, 9)
    assert "refuses the account" in end.reason


@pytest.mark.parametrize("tasks", [1, 2, 6])
def test_polls_that_are_forbidden_for_ever_end_with_the_patience(world: World, api: StrictApi, tasks: int) -> None:
    api.on_status = LOCKED
    world.options = RunOptions(max_wait_s=5.0)
    world.plan(jobs("a", each=tasks))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending) == (1, tasks)
    assert end.seconds < 20
    assert "HTTP 403: not on your plate" in end.reason


def test_a_task_that_may_not_be_asked_for_holds_up_no_submit(world: World, api: StrictApi) -> None:
    api.on_status = LOCKED
    world.options = RunOptions(max_wait_s=5.0)
    world.plan(jobs("a", each=1))
    world.run_to_end()
    api.on_balance = HIDDEN[0]
    world.options = RunOptions(max_wait_s=50.0)
    world.plan(jobs("a", each=3))
    world.run_to_end()
    assert len(api.tasks) == 3


def test_a_balance_that_is_shown_is_not_spoken_of(world: World, api: StrictApi) -> None:
    world.plan(jobs("a"))
    assert world.run_to_end().warnings == ()


def test_polls_that_are_forbidden_end_nothing(world: World, api: StrictApi) -> None:
    api.on_status = LOCKED
    world.terms = Terms(limits=Limits(concurrency=4), timeout_s=20)
    world.plan(jobs("a"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending) == (1, 3)
    api.on_status = None
    assert world.run_to_end().exit_status == 0
    assert set(api.paid().values()) == {1}


def test_what_a_gateway_forbids_may_have_been_paid_where_keys_mean_nothing(world: World, api: StrictApi) -> None:
    world.idempotency_hours = None
    api.on_submit = of_prompt(0, answer=GATEWAY)
    world.plan(jobs("a"))
    world.run_to_end()
    assert world.statuses() == [UNKNOWN, DONE, DONE]


def test_out_of_funds_ends_the_run_at_once_in_the_api_s_words(world: World, api: StrictApi) -> None:
    api.on_submit = lambda _, __: UNFUNDED
    world.plan(jobs("a"))
    end = world.run_to_end()
    assert (end.exit_status, api.calls["submit"], end.counts.pending) == (3, 1, 3)
    assert "top up, please" in end.reason
    assert end.seconds < 5


def test_out_of_funds_for_all_models_is_the_account_s(world: World, api: StrictApi) -> None:
    world.terms = Terms(limits=Limits(concurrency=1))
    api.on_submit = lambda _, __: UNFUNDED
    world.plan(jobs("a", "b", "c", "d"))
    end = world.run_to_end()
    assert (end.exit_status, api.calls["submit"], end.counts.pending) == (3, 2, 12)
    assert "top up, please" in end.reason


def test_out_of_funds_for_one_model_closes_that_one(world: World, api: StrictApi) -> None:
    api.on_submit = of_model("a", answer=UNFUNDED)
    world.plan(jobs("a", "b"))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 3, 3)
    assert "a is left to the next run" in end.reason


def test_what_is_in_flight_when_the_money_ends_is_collected(world: World, api: StrictApi) -> None:
    api.on_submit = lambda _, number: UNFUNDED if number > 2 else None
    world.plan(jobs("a", each=5))
    end = world.run_to_end()
    assert (end.exit_status, end.counts.completed, end.counts.pending) == (3, 2, 3)


def test_a_429_that_ends_a_run_is_quoted(world: World, api: StrictApi) -> None:
    api.on_submit = lambda _, __: Throttled(code="rate_limited", message="come back on Monday", wait_s=90_000)
    world.plan(jobs("a"))
    end = world.run_to_end()
    assert end.exit_status == 3
    assert '"come back on Monday"' in end.reason


def test_a_retry_after_without_sense_is_quoted_once(world: World, api: StrictApi) -> None:
    said = iter(["soon", "sooner"])
    api.on_submit = lambda _, number: Throttled(code="x", message="no", unread=next(said)) if number < 3 else None
    world.plan(jobs("a", each=1))
    end = world.run_to_end()
    assert end.exit_status == 0
    assert len([warning for warning in end.warnings if "soon" in str(warning)]) == 1


def test_a_plain_refusal_proves_the_key(world: World, api: StrictApi) -> None:
    refused = Refused(status=400, code="capability_violation", message="no", param="size")
    api.on_balance = LOCKED
    api.on_submit = lambda _, number: refused if number == 1 else LOCKED
    world.plan(jobs("a"))
    assert world.run_to_end().exit_status == 1


def test_denials_tell_a_job_from_its_model() -> None:
    denials = ModelDenials()
    assert denials.add("x", 1.0, is_known=False) is DenialMeaning.AGAIN
    denials.let_through(0.5)  # it left before, and says nothing
    assert denials.add("y", 2.0, is_known=False) is DenialMeaning.MODEL
    denials.let_through(3.0)
    assert denials.add("x", 4.0, is_known=True) is DenialMeaning.JOB
    assert denials.add("z", 5.0, is_known=True) is DenialMeaning.AGAIN
    assert denials.add("z", 6.0, is_known=True) is DenialMeaning.MODEL


def test_a_task_that_is_given_up_says_what_its_last_question_came_to(world: World, api: StrictApi) -> None:
    api.on_status = NoAnswer(reason="HTTP 200, but it is not JSON", sent=True, status=200)
    world.terms = Terms(limits=Limits(concurrency=4), timeout_s=20)
    world.plan(jobs("a", each=1))
    world.run_to_end()
    with world.read() as ledger:
        (error,) = [line.record.error for line in ledger.lines() if line.record.error]
    assert "(the last answer: HTTP 200, but it is not JSON)" in error.message


def test_an_end_by_silence_names_the_last_reason(world: World, api: StrictApi) -> None:
    api.on_submit = lambda _, __: NoAnswer(reason="the host's name can't be looked up", sent=False)
    world.plan(jobs("a", each=1))
    end = world.run_to_end()
    assert end.exit_status == 1
    assert end.reason == "the API could not be reached for 120 s: the host's name can't be looked up"


def test_a_certificate_ends_a_run_that_was_never_answered_and_is_waited_out_after_good_answers(
    world: World, api: StrictApi
) -> None:
    bad = NoAnswer(reason="the certificate has expired", sent=False, is_untrusted=True)
    api.on_submit = lambda _, __: bad
    world.plan(jobs("a", each=1))
    assert world.run_to_end().seconds > 100, "the balance was told"
    api.on_balance = bad
    end = world.run_to_end()
    assert (end.exit_status, end.counts.pending, api.tasks) == (1, 1, {})
    assert end.reason == "the API could not be reached: the certificate has expired"
    assert end.seconds < 10
