"""Pushing run folders to the Hub: an ``hf`` layout on this machine, then a repository that holds the same."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from qwave_batch.api.export_folders import ExportReport, export_folders
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import UsageError
from qwave_batch.export.export_request import ExportRequest, FileMode
from qwave_batch.hub.hub_address import HubDataset
from qwave_batch.hub.hub_client import open_repository
from qwave_batch.hub.layout_files import read_layout
from qwave_batch.hub.pushing import MOST_FILES, Pushed, PushOptions, push_layout, too_many_files
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work

LAYOUT = "hf"
"""The format of an export that the Hub shows and ``datasets`` loads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """A push as a user asks for it."""

    export: ExportRequest
    """The dataset, in the format ``LAYOUT``; its ``out`` is kept, so that the next push has less to do."""
    dataset: HubDataset
    revision: str | None = None
    """The branch, which is made where it is missing; None for the main one."""
    options: PushOptions = field(default_factory=PushOptions)
    catalogs: CatalogSource = SHIPPED
    """The catalogs to look in for those that the folders were made with, which say where input images are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """The result of a push."""

    export: ExportReport
    pushed: Pushed

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``push --json`` prints."""
        return {**self.pushed.as_json(), "export": self.export.as_json()}


def push_folders(
    request: PushRequest,
    environ: Mapping[str, str],
    *,
    on_export: OnWork = ignore_work,
    on_push: OnWork = ignore_work,
    on_wait: Callable[[str], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
) -> PushReport:
    """Bring a dataset on the Hub to what run folders hold.

    Args:
        request: The folders, the place on this machine, and the repository.
        environ: The environment, for HF_ENDPOINT; the token is read by the Hub's own client.
        on_export: Told how far the layout on this machine is.
        on_push: Told how far the repository is.
        on_wait: Told in a sentence why a push waits.
        sleep: Waits that many seconds.

    Raises:
        UsageError: a condition, a split, the place or the repository is not right; nothing was sent.
        MissingExtra: the Hub's client is not installed.
        AccountError: there is no token, it may not do this, or the Hub asks to wait for long.
        QwaveError: the Hub does not answer, or refuses; what is committed stays.
    """
    if request.export.format != LAYOUT or request.export.files is FileMode.SYMLINK:
        raise UsageError(f"a push takes the format {LAYOUT}, with files that are copied or linked")
    with open_repository(request.dataset, environ, revision=request.revision) as repository:
        repository.user()  # a wrong token is told before the work on images
        report = export_folders(request.export, _refusing_too_many(on_export), catalogs=request.catalogs)
        if not report.rows:
            raise UsageError("no image is selected; to push none would empty the repository, and nothing was sent")
        pushed = push_layout(
            read_layout(request.export.out),
            repository,
            request.options,
            sleep=sleep,
            on_work=on_push,
            on_wait=on_wait,
        )
    return PushReport(export=report, pushed=pushed)


def _refusing_too_many(on_work: OnWork) -> OnWork:
    """Return a watcher that refuses, at its first image, a layout of more files than the Hub wants."""

    def watch(progress: WorkProgress) -> None:
        if not progress.doing and (progress.total or 0) >= MOST_FILES:
            raise too_many_files(progress.total or 0)
        on_work(progress)

    return watch
