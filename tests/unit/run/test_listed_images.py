"""The catalog's price of the images that a task lists, and whether more of them were paid for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.ledger.attempt import Attempt, Charge
from qwave_batch.ledger.attempt_states import AttemptState
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.task import Task, TaskState
from qwave_batch.run.images.listed_images import charge_for, owes_images

CATALOG = open_catalog("2026-10")
BY_TOKENS: dict[str, Json] = {"model": "gemini-nano-banana-2.1", "prompt": "A fox", "n": 4}
BY_CALL: dict[str, Json] = {"model": "midjourney", "action": "imagine", "prompt": "A fox"}
BY_IMAGE: dict[str, Json] = {"model": "qwen-image-3.0", "prompt": "A fox", "n": 4}
UP_TO: dict[str, Json] = {"model": "seedream-5.0-lite", "prompt": "A fox", "n": 4}


def job_of(request: dict[str, Json]) -> Job:
    model = CATALOG.model(str(request["model"]))
    return Job(
        job_id="0" * 16,
        index=0,
        prompt_id="fox",
        prompt="A fox",
        model=model.name,
        action="generate",
        request=request,
        path="fox",
        max_images=model.max_images(request),
        estimated_nusd=model.estimate_nusd(request),
    )


def charged(request: dict[str, Json], listed: int, cost_nusd: int | None) -> Charge:
    task = Task(task_id="task-1", state=TaskState.COMPLETED, cost_nusd=cost_nusd)
    return charge_for(job_of(request), task, listed, CATALOG)


def owes(request: dict[str, Json], listed: int, cost_nusd: int) -> bool:
    charge = charged(request, listed, cost_nusd)
    attempt = Attempt(
        job_id="0" * 16,
        number=1,
        state=AttemptState.COMPLETED,
        round=1,
        key="key",
        first_sent_at=0.0,
        held_nusd=0,
        doubt_nusd=0,
        cost_nusd=charge.cost_nusd,
        cost_from=charge.cost_from,
        catalog_nusd=charge.catalog_nusd,
    )
    return owes_images(job_of(request), attempt, listed)


@given(st.sampled_from([BY_TOKENS, BY_CALL, BY_IMAGE, UP_TO]), st.integers(0, 1_000_000_000))
def test_every_amount_in_the_range_of_a_price_agrees_with_the_catalog(request: dict[str, Json], cost: int) -> None:
    price = CATALOG.model(str(request["model"])).cost(request, 4)
    charge = charged(request, 4, cost)
    assert (charge.cost_nusd, charge.cost_from) == (cost, "api")
    assert (charge.catalog_nusd == cost) == (price.least_nusd <= cost <= price.most_nusd)
    assert price.least_nusd <= (charge.catalog_nusd or 0) <= price.most_nusd


def test_without_a_cost_the_most_is_booked() -> None:
    most = CATALOG.model("gemini-nano-banana-2.1").cost(BY_TOKENS, 4).most_nusd
    assert charged(BY_TOKENS, 4, None) == Charge(cost_nusd=most, cost_from="catalog", catalog_nusd=most)


@pytest.mark.parametrize("request_fields", [BY_TOKENS, BY_CALL, BY_IMAGE], ids=["tokens", "call", "image"])
@pytest.mark.parametrize("listed", [1, 2, 3])
def test_a_task_that_was_charged_for_all_images_owes_those_that_it_does_not_list(
    request_fields: dict[str, Json], listed: int
) -> None:
    whole = CATALOG.model(str(request_fields["model"])).cost(request_fields, 4)
    assert owes(request_fields, listed, whole.typical_nusd)
    assert not owes(request_fields, 4, whole.typical_nusd)


@pytest.mark.parametrize("request_fields", [BY_IMAGE, UP_TO], ids=["image", "up to n"])
def test_a_task_that_was_charged_for_what_it_lists_owes_nothing(request_fields: dict[str, Json]) -> None:
    price = CATALOG.model(str(request_fields["model"])).cost(request_fields, 2)
    assert not owes(request_fields, 2, price.least_nusd)
    assert not owes(request_fields, 2, price.most_nusd)
