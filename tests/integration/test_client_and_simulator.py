"""The client and the embedded API understand each other, in both dialects and through every fault."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.client.answers import (
    AccountBlocked,
    Answer,
    Balance,
    Downloaded,
    DownloadFailed,
    Expired,
    LiveModel,
    LiveModels,
    NoAnswer,
    Refused,
    TaskAnswer,
    TaskNotFound,
    Throttled,
)
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.task import Task, TaskState
from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.dialect import Dialect, Settings
from qwave_batch.simulator.embedded_api import Simulator
from qwave_batch.simulator.fault_language import parse_faults
from qwave_batch.simulator.latency import Constant
from qwave_batch.simulator.server import serve
from tests.api_units import QUOTA

KEY = "sk-simulated"
REQUEST = {"model": "z-image-turbo", "prompt": "a teahouse", "aspect_ratio": "1:1"}
Found = TypeVar("Found")


def ask(
    questions: Callable[[TaskApi], Awaitable[Found]],
    *,
    faults: str = "",
    dialect: Dialect = Dialect.SEPTEMBER,
    latency_s: float = 0.0,
    keys: frozenset[str] | None = None,
) -> Found:
    """Return what the questions find out from a simulator of their own."""

    async def talk() -> Found:
        behaviour = Behaviour(latency=Constant(latency_s), queue_share=0.5, faults=parse_faults(faults))
        settings = Settings(dialect=dialect, keys=keys)
        with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour, settings=settings) as simulator:
            async with serve(simulator) as base_url, AiohttpTransport(base_url) as transport:
                return await questions(TaskApi(transport, base_url, KEY, SystemClock(), quota=QUOTA))

    return asyncio.run(talk())


async def made(api: TaskApi) -> Task:
    """Return a completed task."""
    answer = await api.submit(REQUEST, idempotency_key="k", prefer_wait_s=10)
    assert isinstance(answer, TaskAnswer)
    while not answer.task.state.is_terminal:
        answer = await api.status(answer.task.task_id)
        assert isinstance(answer, TaskAnswer)
    return answer.task


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_task_is_made_and_its_image_fetched(tmp_path: Path, dialect: Dialect) -> None:
    async def questions(api: TaskApi) -> None:
        task = await made(api)
        assert task.state is TaskState.COMPLETED
        assert task.created_at is not None
        assert task.completed_at is not None
        assert 1.7e9 < task.created_at <= task.completed_at < 5e9
        assert len(task.images) == 1
        answer = await api.download(task.images[0].url, tmp_path / "a.partial")
        assert isinstance(answer, Downloaded)

    ask(questions, dialect=dialect)


def test_the_same_key_brings_the_same_task() -> None:
    async def questions(api: TaskApi) -> list[Answer]:
        return [await api.submit(REQUEST, idempotency_key=key) for key in ("k", "k", "other")]

    first, second, third = ask(questions)
    assert isinstance(first, TaskAnswer)
    assert isinstance(second, TaskAnswer)
    assert isinstance(third, TaskAnswer)
    assert first.task.task_id == second.task.task_id != third.task.task_id


def test_a_queued_task_is_cancelled_and_one_at_work_is_not() -> None:
    async def queued(api: TaskApi) -> Answer:
        answer = await api.submit(REQUEST, idempotency_key="k")
        assert isinstance(answer, TaskAnswer)
        return await api.cancel(answer.task.task_id)

    async def ended(api: TaskApi) -> Answer:
        return await api.cancel((await made(api)).task_id)

    cancelled, refused = ask(queued, latency_s=60), ask(ended)
    assert isinstance(cancelled, TaskAnswer)
    assert cancelled.task.state is TaskState.CANCELLED
    assert isinstance(refused, Refused)
    assert refused.code == "task_not_cancellable"


def test_refusals_are_told_apart() -> None:
    async def questions(api: TaskApi) -> tuple[Answer, Answer]:
        return await api.submit({**REQUEST, "aspect_ratio": "7:1"}, idempotency_key="k"), await api.status("task-none")

    refused, missing = ask(questions)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.param, refused.keeps_attempt) == ("capability_violation", "aspect_ratio", False)
    assert isinstance(missing, TaskNotFound)
    assert missing.code == "task_not_found"


def test_a_key_that_is_not_valid_stops() -> None:
    stopped = ask(lambda api: api.balance(), keys=frozenset({"another"}))
    assert isinstance(stopped, AccountBlocked)
    assert stopped.kind == "key"


def test_account_and_models_are_told() -> None:
    async def questions(api: TaskApi) -> None:
        balance = await api.balance()
        assert isinstance(balance, Balance)
        assert (balance.available_usd, balance.granted_usd, balance.used_usd) == (1000, 1000, 0)
        models = await api.models()
        assert isinstance(models, LiveModels)
        assert len(models.models) == 17
        model = await api.model("z-image-turbo")
        assert isinstance(model, LiveModel)
        assert model.price_config
        assert isinstance(await api.model("z-image-ultra"), TaskNotFound)

    ask(questions)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("drop", NoAnswer), ("http500", NoAnswer), ("http502", NoAnswer), ("http503", NoAnswer),
        ("html502", NoAnswer), ("http429", Throttled), ("http429_date", Throttled), ("http429_bare", Throttled),
        ("quota_window_exceeded", Throttled), ("bad_key", AccountBlocked), ("balance_used_up", AccountBlocked),
        ("price_not_configured", Refused), ("accepted.html", NoAnswer), ("accepted.cut_json", NoAnswer),
        ("accepted.cut_body", NoAnswer), ("accepted.drop", NoAnswer), ("accepted.empty", NoAnswer),
        ("accepted.oversized", NoAnswer), ("redirect", NoAnswer), ("unknown_fields", TaskAnswer),
        ("accepted.wrong_type", TaskAnswer),
    ],
)  # fmt: skip
def test_a_fault_at_submit_is_taken_for_what_it_is(fault: str, kind: type[Answer]) -> None:
    answer = ask(lambda api: api.submit(REQUEST, idempotency_key="k"), faults=fault)
    assert isinstance(answer, kind)
    if isinstance(answer, Throttled):
        assert (answer.wait_s is None) == (fault == "http429_bare")
    if isinstance(answer, Refused):
        assert answer.keeps_attempt


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("download.drop", DownloadFailed), ("download.http503", DownloadFailed), ("download.cut_body", DownloadFailed),
     ("expired_url", Expired), ("truncated_image", Downloaded), ("bare_url", Downloaded)],
)  # fmt: skip
def test_a_fault_at_download_is_taken_for_what_it_is(tmp_path: Path, fault: str, kind: type[object]) -> None:
    async def questions(api: TaskApi) -> object:
        task = await made(api)
        return await api.download(task.images[0].url, tmp_path / "a.partial")

    assert isinstance(ask(questions, faults=fault), kind)


def test_a_task_that_brings_no_image_has_none() -> None:
    assert ask(made, faults="no_images").images == ()


@pytest.mark.parametrize("code", ["task_failed", "upstream_unavailable", "upstream_bad_request"])
def test_a_failed_task_says_why(code: str) -> None:
    task = ask(made, faults=code)
    assert task.state is TaskState.FAILED
    assert task.error is not None
    assert task.error.code == code
