"""Parses the API's answers about the account and its models. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from qwave_batch.client.answers import Balance, LiveModel, LiveModels, Trouble
from qwave_batch.client.http import HttpResponse, Redact, words
from qwave_batch.client.instants import instant
from qwave_batch.client.retry_after import served_at
from qwave_batch.client.task_reading import Unreadable, json_of_body, number
from qwave_batch.client.verdict import read, trouble
from qwave_batch.model.jsontypes import Json

Told = TypeVar("Told")


def judge_told(
    response: HttpResponse, reader: Callable[[Json, float | None], Told], *, now: float, redact: Redact
) -> Told | Trouble:
    """Return the result of ``reader`` for a 200, or why there is nothing to read."""
    reading = read(response, now=now, redact=redact)
    if response.status != 200:  # noqa: PLR2004 - the name is longer than the number
        return trouble(reading)
    try:
        return reader(json_of_body(response.body), served_at(response.headers))
    except Unreadable as unreadable:
        return reading.unanswered(str(unreadable))


def read_balance(body: Json, date: float | None) -> Balance:
    """Return the balance of a ``credit_summary``; raises Unreadable."""
    available = number(body.get("total_available_usd")) if isinstance(body, Mapping) else None
    if available is None or not isinstance(body, Mapping):
        raise Unreadable("the answer holds no total_available_usd")
    return Balance(
        available_usd=available,
        granted_usd=number(body.get("total_granted_usd")),
        used_usd=number(body.get("total_used_usd")),
        currency=words(body.get("currency"), limit=10) or "USD",
        as_of=instant(body.get("as_of")),
        served_at=date,
    )


def read_models(body: Json, date: float | None) -> LiveModels:
    """Return the models of a list, which may be bare or under ``data`` or ``models``; raises Unreadable."""
    listed = body
    if isinstance(body, Mapping):
        listed = body.get("data", body.get("models"))
    if not isinstance(listed, list):
        raise Unreadable("the answer holds no list of models")
    return LiveModels(models=tuple(_models(listed, date)), served_at=date)


def read_model(body: Json, date: float | None) -> LiveModel:
    """Return one model, which may be bare or under ``data``; raises Unreadable."""
    if isinstance(body, Mapping) and isinstance(body.get("data"), Mapping):
        body = body["data"]
    for model in _models([body], date):
        return model
    raise Unreadable("the answer holds no model")


def _models(listed: list[Json], date: float | None) -> Iterator[LiveModel]:
    """Yield the models that have a name and skip the others."""
    for entry in listed:
        if isinstance(entry, Mapping):
            names = (words(entry.get(key), limit=200) for key in ("id", "name", "model"))
            name = next((name for name in names if name), None)
            if name:
                prices = entry.get("price_config")
                yield LiveModel(
                    name=name, price_config=prices if isinstance(prices, Mapping) else {}, raw=entry, served_at=date
                )
