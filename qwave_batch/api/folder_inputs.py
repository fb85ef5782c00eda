"""The input images of an export: the fields that hold them, by each folder's catalog, and fetching those on the web."""

import asyncio
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial, reduce
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
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.parent_lines import ParentLines

_LIMITS = DownloadLimits(max_bytes=64 * 2**20, timeout_s=60.0)
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
    chains = (model.chain for model in catalog.models.values() if model.chain is not None)
    return ImageFields(
        images=catalog.image_fields,
        masks=catalog.mask_fields,
        tasks={chain.task_field: chain.image_field for chain in chains},
    )


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
            parents=[ParentLines(reader) for reader in readers],
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
            UsageError: the base URL, a proxy or a file of certificates can't be used.
        """
        read_base_url(home)
        self._home = home
        self._proxies: Proxies = proxies_from(environ)
        self._trust: Trust = trust_from(environ)
        if self._trust.bundles:
            client.transport.tls_context(self._trust)
        self._clock = clock or SystemClock()
        self._stack = ExitStack()
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        self._folder = None

    def fetched(self, addresses: Collection[str]) -> Mapping[str, WebAnswer]:
        """Return what comes of each address, fetched side by side. It blocks, also where an event loop is at work.

        Raises:
            StorageError: there is no room for temporary files.
        """
        if not addresses:
            return {}
        folder = self._emptied_folder()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(self._fetch_all(folder, tuple(dict.fromkeys(addresses))))
        with ThreadPoolExecutor(1, "qwave-batch-inputs") as pool:  # as in a notebook
            return pool.submit(asyncio.run, self._fetch_all(folder, tuple(dict.fromkeys(addresses)))).result()

    def _emptied_folder(self) -> Path:
        """Return the scratch folder, without what an earlier call has put there."""
        with storage_errors(Path(tempfile.gettempdir()), "write temporary files in"):
            if self._folder is None:
                self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="qwave-inputs-")))
            tree = Tree(self._folder)
            for left in tree.entries(""):
                tree.remove(left.path)
        return self._folder

    async def _fetch_all(self, folder: Path, addresses: tuple[str, ...]) -> dict[str, WebAnswer]:
        opening = client.transport.AiohttpTransport(self._home, proxies=self._proxies, trust=self._trust)
        try:
            async with opening as transport, asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._fetch(transport, address, folder / str(number)))
                    for number, address in enumerate(addresses)
                ]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {address: task.result() for address, task in zip(addresses, tasks, strict=True)}

    async def _fetch(self, transport: Transport, address: str, into: Path) -> WebAnswer:
        waits_s = iter(_WAITS_S)
        while True:
            answer = await download(transport, address, into, limits=_LIMITS, clock=self._clock)
            if isinstance(answer, Downloaded):
                return FetchedImage(partial(_content, into, answer.content))
            wait_s = next(waits_s, None)
            if wait_s is None or isinstance(answer, Expired) or not answer.retryable:
                return NotFetched(answer.reason)
            await self._clock.sleep(min(max(wait_s, answer.retry_after_s or 0.0), _LONGEST_WAIT_S))


def _content(file: Path, content: bytes | None) -> bytes:
    """Return what was downloaded; a large body lies in its file until the next call."""
    return Tree(file.parent).read(file.name, most_bytes=_LIMITS.max_bytes) if content is None else content
