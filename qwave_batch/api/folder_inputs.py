"""The input images of an export: the fields that hold them, by each folder's catalog, and fetching those on the web."""

import asyncio
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import reduce
from operator import or_
from pathlib import Path
from types import TracebackType
from typing import Self

from qwave_batch import client
from qwave_batch.api.folder_catalog import named_catalog
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import CatalogSource
from qwave_batch.client.answers import Downloaded, Expired
from qwave_batch.client.connection import BASE_URL_NAME, Trust, trust_from
from qwave_batch.client.downloads import DownloadLimits, download
from qwave_batch.client.http import Transport
from qwave_batch.client.proxies import Proxies, proxies_from
from qwave_batch.client.web_addresses import read_base_url
from qwave_batch.export.edit_inputs import ImageFields
from qwave_batch.export.export_inputs import ExportInputs
from qwave_batch.export.web_images import FetchedImage, NotFetched, WebAnswer
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.output.folder_reader import FolderReader

_LIMITS = DownloadLimits(max_bytes=MAX_IMAGE_BYTES, timeout_s=60.0)
_WAITS_S = (0.5, 2.0)
"""Between the tries."""
_LONGEST_WAIT_S = 10.0
"""When the host asks for a longer one."""
_THIS_MACHINE = "http://127.0.0.1/v1"
"""The network that a simulated API is in."""


def image_fields_in(folder: FolderReader, catalogs: CatalogSource) -> ImageFields:
    """Return the request fields that hold images in a folder, also in a copy: by the catalog and overlay it names.

    The first run of a folder names none until it ends: then the fields of all catalogs count.
    """
    known = named_catalog(folder.layout, catalogs)
    if known is not None:
        return _image_fields(known[0])
    return reduce(or_, (_image_fields(catalogs.at(date)) for date in catalogs.dates()), ImageFields())


def _image_fields(catalog: Catalog) -> ImageFields:
    return ImageFields(images=catalog.image_fields, masks=catalog.mask_fields)


def home_of(backend: str | None, environ: Mapping[str, str], catalogs: CatalogSource) -> str:
    """Return the base URL in whose network the images of a folder may be, as results may when they are downloaded.

    That is the internet, unless the user's own API is elsewhere, and this machine for a simulated folder. The folder
    itself can't open more: it may be a stranger's.
    """
    if backend == SIMULATOR:
        return _THIS_MACHINE
    return environ.get(BASE_URL_NAME) or catalogs.at(catalogs.newest()).base_url


@contextmanager
def inputs_of_folders(
    readers: Sequence[FolderReader], catalogs: CatalogSource, environ: Mapping[str, str], *, is_fetching: bool
) -> Iterator[ExportInputs]:
    """Yield the input images of folders.

    Args:
        readers: The open folders.
        catalogs: The catalogs to look in for those that the folders were made with.
        environ: Names the user's API, proxies and certificates.
        is_fetching: Whether those on the web are fetched.

    Raises:
        UsageError: they are to be fetched, and the base URL or a proxy can't be used.
    """
    with ExitStack() as stack:
        fetchers: dict[str, WebImageFetcher] = {}
        homes = [home_of(reader.header().backend, environ, catalogs) for reader in readers] if is_fetching else []
        for home in homes:
            if home not in fetchers:
                fetchers[home] = stack.enter_context(WebImageFetcher(home, environ))
        yield ExportInputs(
            readers=readers,
            fields=[image_fields_in(reader, catalogs) for reader in readers],
            web=[fetchers[home] for home in homes],
        )


class WebImageFetcher:
    """Fetches input images as results are downloaded: bounded, without a key, and not from the private network.

    A context manager, for one thread. Nothing is opened until something is fetched.
    """

    def __init__(self, home: str, environ: Mapping[str, str], *, clock: Clock | None = None) -> None:
        """Prepare.

        Args:
            home: A base URL, as ``home_of`` returns it.
            environ: Names proxies and certificates.
            clock: Waits between tries.

        Raises:
            UsageError: the base URL or a proxy can't be used.
        """
        read_base_url(home)
        self._home = home
        self._proxies: Proxies = proxies_from(environ)
        self._trust: Trust = trust_from(environ)
        self._clock = clock or SystemClock()
        self._stack = ExitStack()
        self._runner: asyncio.Runner | None = None
        self._folder = Path()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._runner = None

    def fetched(self, addresses: Collection[str]) -> Mapping[str, WebAnswer]:
        """Return what comes of each address, fetched side by side. It blocks."""
        if not addresses:
            return {}
        if self._runner is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="qwave-inputs-")))
            self._runner = self._stack.enter_context(asyncio.Runner())
        return self._runner.run(self._fetch_all(tuple(dict.fromkeys(addresses))))

    async def _fetch_all(self, addresses: tuple[str, ...]) -> dict[str, WebAnswer]:
        opening = client.transport.AiohttpTransport(self._home, proxies=self._proxies, trust=self._trust)
        async with opening as transport, asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._fetch(transport, address, self._folder / str(number)))
                for number, address in enumerate(addresses)
            ]
        return {address: task.result() for address, task in zip(addresses, tasks, strict=True)}

    async def _fetch(self, transport: Transport, address: str, into: Path) -> WebAnswer:
        waits_s = iter(_WAITS_S)
        while True:
            answer = await download(transport, address, into, limits=_LIMITS, clock=self._clock)
            if isinstance(answer, Downloaded):
                content = answer.content
                return FetchedImage(await asyncio.to_thread(_taken, into) if content is None else content)
            wait_s = next(waits_s, None)
            if wait_s is None or isinstance(answer, Expired) or not answer.retryable:
                return NotFetched(answer.reason)
            await self._clock.sleep(min(max(wait_s, answer.retry_after_s or 0.0), _LONGEST_WAIT_S))


def _taken(file: Path) -> bytes:
    data = file.read_bytes()
    file.unlink()
    return data
