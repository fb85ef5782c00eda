import json

import pytest

from qwave_batch.client.account_answers import judge_told, read_balance, read_model, read_models
from qwave_batch.client.answers import AccountBlocked, Balance, LiveModel, LiveModels, NoAnswer, TaskNotFound
from qwave_batch.client.http import HttpResponse
from qwave_batch.client.task_reading import Unreadable
from qwave_batch.model.jsontypes import Json

PRICED: dict[str, Json] = {"id": "gpt-image-2", "price_config": {"image_prices": {"default": 0.011}}}


def test_a_balance_is_read() -> None:
    body: Json = {
        "object": "credit_summary", "currency": "USD", "total_granted_usd": 10, "total_used_usd": "2.5",
        "total_available_usd": 7.5, "as_of": 1_800_000_000,
    }  # fmt: skip
    assert read_balance(body, 5.0) == Balance(
        available_usd=7.5, granted_usd=10, used_usd=2.5, as_of=1_800_000_000, served_at=5.0
    )


@pytest.mark.parametrize("body", [{}, [], None, {"total_available_usd": True}, {"total_available_usd": "lots"}])
def test_a_balance_without_what_is_left_is_unreadable(body: Json) -> None:
    with pytest.raises(Unreadable):
        read_balance(body, None)


@pytest.mark.parametrize("body", [[PRICED], {"data": [PRICED]}, {"object": "list", "models": [PRICED, {}, 7]}])
def test_models_are_read_from_any_list(body: Json) -> None:
    models = read_models(body, None)
    assert [model.name for model in models.models] == ["gpt-image-2"]
    assert models.models[0].price_config == {"image_prices": {"default": 0.011}}


@pytest.mark.parametrize("body", [PRICED, {"data": PRICED}])
def test_one_model_is_read(body: Json) -> None:
    assert read_model(body, None).raw == PRICED


@pytest.mark.parametrize("body", [{}, {"data": 3}, 3, {"id": ""}])
def test_no_model_is_unreadable(body: Json) -> None:
    with pytest.raises(Unreadable):
        read_model(body, None)


def told(status: int, body: Json) -> object:
    response = HttpResponse(status=status, body=json.dumps(body).encode())
    return judge_told(response, read_models, now=0.0, redact=str)


def test_questions_end_like_other_calls() -> None:
    assert isinstance(told(200, []), LiveModels)
    assert isinstance(told(200, "x"), NoAnswer)
    assert isinstance(told(401, None), AccountBlocked)
    assert isinstance(told(404, {"error": {"code": "model_not_found"}}), TaskNotFound)
    assert isinstance(told(500, None), NoAnswer)
    assert LiveModel(name="a", price_config={}, raw={}).served_at is None
