"""Questions to an account without a run: its balance, its models, its prices."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn, assert_never

from qwave_batch.api.catalog_lookup import catalog_at
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.catalog.live_offers import Offer, OfferState, offers
from qwave_batch.catalog.price import Price
from qwave_batch.client.answers import (
    AccountBlocked,
    Balance,
    Denied,
    LiveModels,
    NoAnswer,
    TaskNotFound,
    Throttled,
    Trouble,
)
from qwave_batch.client.connection import AnyAccount, Connection, connection_with_key
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.errors import AccountError, QwaveError, UnknownName
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import QuotaUnit
from qwave_batch.plan.file.plan_file import AnyPlan

ASK_TIMEOUT_S = 15.0
GLANCE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModelList:
    """The models that an account is offered, beside those of a catalog."""

    host: str
    catalog: str
    """The catalog's date."""
    catalog_used: Catalog = field(repr=False)
    """The catalog."""
    offers: tuple[Offer, ...]
    prices: Mapping[str, Price] = field(default_factory=dict, repr=False)
    """Prices that the API states plainly, by model."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return (
            f"LiveModelList({self.host}: {len(self.offers):,} models, {len(self.differing):,} not as in {self.catalog})"
        )

    @property
    def differing(self) -> tuple[Offer, ...]:
        """Those that are not as the catalog has them."""
        return tuple(offer for offer in self.offers if offer.standing is not OfferState.SAME)

    def only(self, model: str) -> "LiveModelList":
        """Return the list with one model.

        Raises:
            UnknownName: neither the catalog nor the account knows it.
        """
        found = tuple(offer for offer in self.offers if offer.model == model)
        if not found:
            raise UnknownName("model", model, [offer.model for offer in self.offers], hint=f"{self.host} has none such")
        return replace(self, offers=found)

    def estimate_nusd(self, job: Job) -> int:
        """Return the most that a job should cost today, in nano-dollars; by the catalog where no price is stated."""
        price = self.prices.get(job.model)
        if price is None or job.skip is not None:
            return job.estimated_nusd
        return price.cost(job.request, job.max_images).most_nusd

    def estimates_nusd(self, plan: AnyPlan) -> dict[str, int]:
        """Return the most that each model's jobs of a plan should cost today, in nano-dollars."""
        costs = dict.fromkeys(plan.figures.by_model, 0)
        for item in plan.items():
            if isinstance(item, Job) and item.skip is None:
                costs[item.model] += self.estimate_nusd(item)
        return costs

    def as_json(self) -> dict[str, Json]:
        """Return what ``models --live --json`` prints."""
        return {
            "host": self.host,
            "catalog": self.catalog,
            "same": sum(offer.standing is OfferState.SAME for offer in self.offers),
            "differing": [offer.as_json() for offer in self.differing],
        }


async def ask_balance(connection: AnyAccount, *, catalog: str | Catalog, catalogs: CatalogSource = SHIPPED) -> Balance:
    """Return what the account holds.

    Args:
        connection: The account.
        catalog: A catalog, its date, or ``LATEST``. It says where the API is, if the connection does not.
        catalogs: The catalogs to look in for a date.

    Raises:
        AccountError: the key is refused, or the API does not answer.
        UsageError: the base URL or the key can't be right.
    """
    account = connection_with_key(connection, os.environ)
    known = await asyncio.to_thread(catalog_at, catalog, catalogs)
    async with _task_api(account, account.base_url or known.base_url, known.quota) as api:
        answer = await api.balance()
        return answer if isinstance(answer, Balance) else _refuse(answer, api.host)


async def glance_at_balance(
    connection: AnyAccount, *, catalog: str | Catalog, timeout_s: float = GLANCE_TIMEOUT_S
) -> Balance | str:
    """Return what the account holds, or in words why that is not known; it raises nothing.

    Args:
        connection: The account.
        catalog: The catalog, or its date, that says where the API is, if the connection does not.
        timeout_s: How long to wait for it.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await ask_balance(connection, catalog=catalog)
    except TimeoutError:
        return f"no answer in {timeout_s:g} seconds"
    except QwaveError as error:
        return str(error)


async def ask_models(
    connection: AnyAccount, *, catalog: str | Catalog, catalogs: CatalogSource = SHIPPED
) -> LiveModelList:
    """Return the models that the account is offered, held against a catalog.

    Args:
        connection: The account.
        catalog: The catalog, its date, or ``LATEST``. It also says where the API is, if the connection does not.
        catalogs: The catalogs to look in for a date.

    Raises:
        AccountError: the key is refused, or the API does not answer.
        UsageError: the base URL, the key or the catalog can't be right.
    """
    account = connection_with_key(connection, os.environ)
    known = await asyncio.to_thread(catalog_at, catalog, catalogs)
    async with _task_api(account, account.base_url or known.base_url, known.quota) as api:
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                answer = await api.models()
        except TimeoutError:
            raise AccountError(f"{api.host} does not answer: no word in {ASK_TIMEOUT_S:.0f} seconds") from None
        if not isinstance(answer, LiveModels):
            _refuse(answer, api.host)
    found = offers(
        known,
        {model.name: model.price_config for model in answer.models},
        {model.name: model.raw for model in answer.models},
    )
    return LiveModelList(
        host=api.host,
        catalog=known.date,
        catalog_used=known,
        offers=found,
        prices={offer.model: offer.live_price for offer in found if offer.live_price is not None},
    )


@asynccontextmanager
async def _task_api(account: Connection, base_url: str, quota: QuotaUnit) -> AsyncIterator[TaskApi]:
    async with AiohttpTransport(base_url, proxies=account.proxies, trust=account.trust) as transport:
        yield TaskApi(transport, base_url, account.key, SystemClock(), quota=quota)


def _refuse(answer: Trouble, host: str) -> NoReturn:
    """Raise AccountError for an answer that holds nothing of what was asked."""
    match answer:
        case AccountBlocked(message=message) | TaskNotFound(message=message) | Throttled(message=message):
            raise AccountError(f"{host} does not say: {message}")
        case Denied(status=status, message=message):
            raise AccountError(f"{host} does not say: {message} (HTTP {status})")
        case NoAnswer(reason=reason):
            raise AccountError(f"{host} does not answer: {reason}")
        case _:
            assert_never(answer)
