"""Questions to an account, without a run."""

from typing import assert_never

from qwave_batch.api.catalogs import newest_catalog
from qwave_batch.api.connection import Connection
from qwave_batch.catalog.registry import open_catalog
from qwave_batch.client.answers import AccountBlocked, Balance, Denied, NoAnswer, TaskNotFound, Throttled
from qwave_batch.client.task_api import TaskApi
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.errors import AccountError
from qwave_batch.model.clock import SystemClock


async def ask_balance(connection: Connection) -> Balance:
    """Return what the account holds.

    Raises:
        AccountError: the key is refused, or the API does not answer.
        UsageError: the base URL or the key can't be right.
    """
    base_url = connection.base_url or open_catalog(newest_catalog()).base_url
    async with AiohttpTransport(base_url, proxies=connection.proxies, trust=connection.trust) as transport:
        api = TaskApi(transport, base_url, connection.key, SystemClock())
        answer = await api.balance()
    match answer:
        case Balance():
            return answer
        case AccountBlocked(message=message) | TaskNotFound(message=message) | Throttled(message=message):
            raise AccountError(f"{api.host} does not say: {message}")
        case Denied(status=status, message=message):
            raise AccountError(f"{api.host} does not say: {message} (HTTP {status})")
        case NoAnswer(reason=reason):
            raise AccountError(f"{api.host} does not answer: {reason}")
        case _:
            assert_never(answer)
