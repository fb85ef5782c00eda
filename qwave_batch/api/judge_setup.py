"""Puts a judge together: which service it asks, with whose key, at which price, and what it asks with."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

from qwave_batch import api
from qwave_batch.api.backends import SIMULATED_KEY, check_backend, newest_catalog_of
from qwave_batch.catalog.catalog_files import LATEST, catalog_dates, open_catalog
from qwave_batch.catalog.catalog_source import SHIPPED
from qwave_batch.client.answers import AccountBlocked, LiveModel
from qwave_batch.client.chat_api import ChatApi
from qwave_batch.client.connection import (
    BASE_URL_NAME,
    KEY_NAMES,
    AnyAccount,
    AnyConnection,
    Connection,
    Simulated,
    trust_from,
)
from qwave_batch.client.proxies import Proxies, proxies_from
from qwave_batch.client.transport import AiohttpTransport
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.errors import AccountError, FolderError, UsageError
from qwave_batch.export.columns import ImageFacts
from qwave_batch.export.image_change import ImageChange
from qwave_batch.export.image_encoding import UnreadableImage, encode_image
from qwave_batch.files.regular_files import NotRegular, open_regular, read_regular, system_reason
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.imaging.formats.signatures import format_of
from qwave_batch.judging.approaches import Approach, PairApproach, QuestionApproach
from qwave_batch.judging.chat_prompts import ChatPrompt, chat_prompt
from qwave_batch.judging.chat_request import ChatSettings, UnshrinkableImage
from qwave_batch.judging.judge_journal import JudgeJournal
from qwave_batch.judging.judge_params import JudgeParams, read_params
from qwave_batch.judging.judge_scorer import JudgeScorer, OpenService
from qwave_batch.judging.own_questions import OwnQuestions, own_questions
from qwave_batch.judging.token_costs import TokenPrice, stated_price
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import NextStep
from qwave_batch.scoring.scorer import ItemFile

SIMULATED_MODEL = "embedded-judge"
_MOST_FILE_BYTES = 1_000_000
_ASK_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSource:
    """The service that a judge asks, and the key that goes there."""

    service: str
    """Its host, or ``simulator``."""
    account: Connection | Simulated
    base_url: str = ""


def make_judge(
    written: Mapping[str, str],
    *,
    layout: RunLayout,
    connection: AnyConnection,
    clock: Clock,
    retry_failed: bool,
    environ: Mapping[str, str] = os.environ,
) -> JudgeScorer:
    """Return the judge of a folder; nothing is opened or sent.

    Args:
        written: The parameters, by name.
        layout: The folder.
        connection: The account, which is asked unless a parameter names another service.
        clock: The time.
        retry_failed: Whether answers that could not be used are asked for once more.
        environ: The environment, for keys and proxies.

    Raises:
        UsageError: a parameter, a file or a key is not right.
        FolderError: the folder was made with the simulator and the service is a real one, or the other way round; or
            it is a store.
    """
    params = read_params(written)
    if layout.is_view:
        raise FolderError(
            f"a judge keeps a journal of what it has paid; {layout.address} is a store, so name its run folder",
            next_steps=(NextStep.NAME_FOLDER,),
        )
    if isinstance(connection, Simulated):
        params = replace(params, model=params.model or SIMULATED_MODEL)
    if params.model is None:
        raise UsageError("judge needs the name of a model that looks at images: model=NAME")
    source = judge_source(params, layout, connection, environ)
    settings = ChatSettings(
        service=source.service,
        model=params.model,
        fields=params.fields,
        most_output=params.most_output,
        detail=params.detail,
        image_tokens=params.image_tokens,
        max_size=params.max_size,
        shrink=_shrunk_image,
    )
    prompt, own = _prompt(params), _own(params)
    approach: Approach = (
        PairApproach(settings=settings, prompt=prompt, criterion=params.criterion)
        if params.mode == "pairs"
        else QuestionApproach(settings=settings, prompt=prompt, own=own)
    )
    return JudgeScorer(
        approach=approach,
        settings=params,
        params=_identity(params, source, prompt, own),
        journal=JudgeJournal(layout),
        open_service=lambda: open_service(source, params, clock),
        clock=clock,
        retry_failed=retry_failed,
    )


def _identity(
    params: JudgeParams, source: JudgeSource, prompt: ChatPrompt, own: OwnQuestions | None
) -> dict[str, Json]:
    """Return the settings that a score depends on, so that another one is another score."""
    found: dict[str, Json] = {
        "model": params.model,
        "service": source.service,
        "mode": params.mode,
        "ask": prompt.ask,
        "template": prompt.sha256,
        "fields": params.fields,
        "max_size": params.max_size,
    }
    if params.mode == "pairs" and "criterion" in prompt.value.names:
        found["criterion"] = params.criterion
    if own is not None:
        found["questions"] = own.sha256
    if params.detail is not None:
        found["detail"] = params.detail
    return found


def judge_source(
    params: JudgeParams, layout: RunLayout, connection: AnyConnection, environ: Mapping[str, str]
) -> JudgeSource:
    """Return the service to ask. The account's key goes to the account's own hosts, and to no other."""
    made_with = _backend_of(layout)
    if isinstance(connection, Simulated):
        if params.base_url is not None:
            raise UsageError("the simulator brings its own judge, so it takes no base_url; leave one of them out")
        if made_with is not None:
            _check(layout, SIMULATOR)
        return JudgeSource(service=SIMULATOR, account=connection)
    account_url = _account_url(connection, made_with, environ)
    base_url = params.base_url or account_url
    host = read_base_url(base_url).host
    if params.base_url is None and made_with == SIMULATOR:
        _check(layout, host)
    if host in {read_base_url(account_url).host, *_catalog_hosts()} and params.key_env is None:
        account = connection if isinstance(connection, Connection) else Connection.from_environ(environ)
        return JudgeSource(service=host, account=account, base_url=base_url)
    key = _other_key(params.key_env, host, environ, connection)
    other = Connection(key=key, base_url=base_url, proxies=proxies_from(environ), trust=trust_from(environ))
    return JudgeSource(service=host, account=other, base_url=base_url)


def _other_key(name: str | None, host: str, environ: Mapping[str, str], connection: AnyConnection) -> str:
    """Return the key for a host that is not the account's; raises UsageError where it would be the account's own."""
    if name is None:
        raise UsageError(f"{host} is not the account's own, so it is not sent the account's key: key_env=VARIABLE")
    key = environ.get(name, "").strip()
    if not key:
        raise UsageError("the environment variable that key_env names is not set, or empty")
    keys = {environ.get(each, "").strip() for each in KEY_NAMES}
    if isinstance(connection, Connection):
        keys.add(connection.key)
    if key in keys:
        raise UsageError(f"key_env names the account's own key, which is not sent to {host}")
    return key


def _account_url(connection: AnyAccount, made_with: str | None, environ: Mapping[str, str]) -> str:
    """Return where the account's API is: as it is given, else where the folder was made, else by the newest catalog."""
    named = connection.base_url or environ.get(BASE_URL_NAME)
    if named:
        return named
    catalog = newest_catalog_of(made_with) if made_with is not None else None
    return (catalog or SHIPPED.at(SHIPPED.newest())).base_url


def _catalog_hosts() -> set[str]:
    """Return the hosts that the catalogs name: the account's API under its earlier and later address."""
    return {read_base_url(open_catalog(date).base_url).host for date in catalog_dates()}


def _backend_of(layout: RunLayout) -> str | None:
    """Return what a folder was made with; None for one without a ledger."""
    if not layout.tree.is_file(LEDGER):
        return None
    with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
        identity = ledger.identity()
    return None if identity is None else identity.backend


def _check(layout: RunLayout, backend: str) -> None:
    with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
        identity = ledger.identity()
    if identity is not None:
        check_backend(layout, identity, backend)


def _prompt(params: JudgeParams) -> ChatPrompt:
    ask = "pair" if params.mode == "pairs" else params.ask
    if params.template is None:
        return chat_prompt(ask)
    return chat_prompt(ask, _read_text(params.template), named=params.template)


def _own(params: JudgeParams) -> OwnQuestions | None:
    return None if params.questions is None else own_questions(_read_text(params.questions), params.questions)


def _shrunk_image(image: ItemFile, longer_side: int) -> bytes:
    """Return an image in its own format with a longer side of so many pixels."""
    facts = ImageFacts(
        format=format_of(image.data) or "png",
        width=image.width,
        height=image.height,
        size_bytes=image.size_bytes,
        sha256=image.sha256,
    )
    try:
        data, _ = encode_image(image.data, facts, ImageChange(max_size=longer_side))
    except UnreadableImage as error:
        raise UnshrinkableImage(f"the image is larger than max_size, and {error}") from None
    return data


def _read_text(path: str) -> str:
    """Return a small text file of the user."""
    try:
        with open_regular(path, follows_link=True) as file:
            return read_regular(file, shown_as=path, most_bytes=_MOST_FILE_BYTES).decode("utf-8-sig")
    except NotRegular as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {system_reason(error)}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8") from None


def open_service(source: JudgeSource, params: JudgeParams, clock: Clock) -> AbstractAsyncContextManager[OpenService]:
    """Return what opens the service: a simulated one is served for the time of the block."""
    if isinstance(source.account, Simulated):
        return _open_simulated(source.account, params, clock)
    return _open_real(source.account, source.base_url, params, clock)


@asynccontextmanager
async def _open_simulated(simulated: Simulated, params: JudgeParams, clock: Clock) -> AsyncIterator[OpenService]:
    """Yield a judge of the embedded API. It keeps no state: its answers follow from the images."""
    async with (
        api.simulation.serve_simulator(simulated, catalog=LATEST) as base_url,
        _open_real(Connection(key=SIMULATED_KEY), base_url, params, clock) as opened,
    ):
        yield opened


@asynccontextmanager
async def _open_real(
    account: Connection, base_url: str, params: JudgeParams, clock: Clock
) -> AsyncIterator[OpenService]:
    proxies: Proxies = account.proxies
    async with AiohttpTransport(
        base_url, max_connections=params.concurrency + 1, proxies=proxies, trust=account.trust
    ) as transport:
        chats = ChatApi(transport, base_url, account.key, clock)
        price = params.price or await _asked_price(chats, params.model or "")
        yield OpenService(chats, price)


async def _asked_price(chats: ChatApi, model: str) -> TokenPrice | None:
    """Return the price that the service states of a model; None where it says nothing that can be read."""
    try:
        async with asyncio.timeout(_ASK_TIMEOUT_S):
            answer = await chats.model(model)
    except TimeoutError:
        return None
    if isinstance(answer, AccountBlocked):
        raise AccountError(f"{chats.host} refuses the key (HTTP {answer.status}: {answer.message}); nothing was asked")
    return stated_price(answer.raw) if isinstance(answer, LiveModel) else None
