"""Running: makes a folder hold what a spec or a plan describes."""

import asyncio
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from qwave_batch import api
from qwave_batch.api.backends import SIMULATED_KEY, backend_name, check_callbacks, check_public_url
from qwave_batch.api.catalog_lookup import catalogs_beside
from qwave_batch.api.folder_run import run_in_folder
from qwave_batch.api.image_keeping import check_images_are_there
from qwave_batch.api.line_selection import scope_of
from qwave_batch.api.plan_opening import open_plan
from qwave_batch.api.run_outcome import RunSummary
from qwave_batch.api.run_place import run_place
from qwave_batch.api.run_setup import Confirm, OnNote, RunCallbacks, RunSetup
from qwave_batch.api.store_choice import choose_store, with_store
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.client.connection import AnyConnection, Connection, connection_of
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stores.store_binding import StoreBinding
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.model.executor import RayExecutor
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.run_events import OnEvent
from qwave_batch.model.terms import Terms
from qwave_batch.plan.file.plan_file import AnyPlan, SavedPlan
from qwave_batch.run.state.run_request import RunOptions, RunRequest
from qwave_batch.run.state.stop_reasons import StopSignal


async def run_batch(  # noqa: PLR0913  # each is a choice of its own, and has its name
    source: str | Path | AnyPlan,
    *,
    connection: AnyConnection,
    out_dir: str | Path | None = None,
    store: str | None = None,
    options: RunOptions | None = None,
    terms: Terms | None = None,
    reuse: Sequence[str | Path] = (),
    executor: RayExecutor | None = None,
    on_progress: OnProgress | None = None,
    on_event: OnEvent | None = None,
    stop: StopSignal | None = None,
    confirm: Confirm | None = None,
    on_note: OnNote | None = None,
    catalogs: CatalogSource = SHIPPED,
) -> RunSummary:
    """Make a folder hold what ``source`` describes, doing only what is missing, and return how that ended.

    Failures of single jobs are recorded in the folder, not raised. A run that was stopped, or that met the end of the
    budget on its way, returns too: see ``exit_status``.

    Args:
        source: A spec file, a plan file, or a plan.
        connection: The API to run against.
        out_dir: The run folder; None is ``output.folder`` of the spec, else ``runs/NAME`` below the current folder,
            simulated with ``-simulated`` behind it.
        store: The object store that is to have the results, such as ``s3://bucket/runs/one``; None is the one that the
            folder has, else ``output.store`` of the spec, else the folder itself.
        options: Which jobs, and how far; None is a plain run.
        terms: Limits, retries and budget to hold the run to; None is what the plan says.
        reuse: Other run folders, made with the same API: what they hold of the very same jobs, whole and not
            random, is taken by hard link or copy and costs nothing.
        executor: The Ray whose workers fetch the images; None where that is done here.
        on_progress: Called in the event loop with the newest counts, at most ten times a second.
        on_event: Called in the event loop with each event, once it is on record. An exception from it is raised when
            the
            run has ended, and no more events are passed until then.
        stop: Lets another task end the run early; nothing is lost by that.
        confirm: Asked before anything is submitted, with what the run may cost; with ``retry_failed`` after what is
            paid was fetched.
        on_note: Told in words, once, that the run waits for the lock of its folder in an object store.
        catalogs: The catalogs to look in for that of a spec or plan file; a plan has its own.

    Raises:
        SpecError: the spec has problems; all of them are listed.
        UsageError: another argument is invalid.
        FolderError: ``out_dir`` is None and ``runs/NAME`` would be new although one lies beside the spec already; or
            the
            folder is not one for this run.
        BudgetError: the estimate is above what the budget leaves, or ``confirm`` said no.
        StorageError: the folder is busy, or the disk failed.
        MissingExtra: there is a store, and the library for it is not installed.
        StoreUnusable: the store does not do what a run needs.
        WorkersUnusable: the Ray can't be reached or started, or its workers can't do this work; nothing was sent.
        RunStopped: ``stop`` was asked for before anything was sent.
    """
    plan: AnyPlan
    if isinstance(source, str | Path):
        plan, file = await asyncio.to_thread(lambda: open_plan(source, catalogs=catalogs)), Path(source)
    else:
        plan, file = source, await asyncio.to_thread(_file_of, source)
    request = RunRequest(
        source=file,
        executor=executor,
        connection=connection,
        out_dir=None if out_dir is None else Path(out_dir),
        store=store,
        options=options or RunOptions(),
        terms=terms,
        reuse=tuple(map(Path, reuse)),
    )
    callbacks = RunCallbacks(
        on_progress=on_progress, on_event=on_event, stop=stop or StopSignal(), confirm=confirm, on_note=on_note
    )
    return await _run(plan, request, callbacks)


async def run_request(
    request: RunRequest,
    *,
    on_progress: OnProgress | None = None,
    on_event: OnEvent | None = None,
    stop: StopSignal | None = None,
    confirm: Confirm | None = None,
    on_note: OnNote | None = None,
) -> RunSummary:
    """Do what ``run_batch`` does, asked for by one value, which may come from another process; raises the same.

    Args:
        request: The run.
        on_progress: As for ``run_batch``, and so are the others.
        on_event: See there.
        stop: See there.
        confirm: See there.
        on_note: See there.
    """
    plan = await asyncio.to_thread(_plan_of, request)
    callbacks = RunCallbacks(
        on_progress=on_progress, on_event=on_event, stop=stop or StopSignal(), confirm=confirm, on_note=on_note
    )
    return await _run(plan, request, callbacks)


def _plan_of(request: RunRequest) -> AnyPlan:
    catalogs = catalogs_beside(request.catalog_path)
    return open_plan(request.source, overrides=request.overrides, allow_read=request.allow_read, catalogs=catalogs)


async def _run(plan: AnyPlan, request: RunRequest, callbacks: RunCallbacks) -> RunSummary:
    """Check what is asked for, before the folder is touched, and run it."""
    catalog = plan.catalog_used
    connection = connection_of(request.connection, os.environ)
    terms = request.terms or plan.terms
    backend = backend_name(connection, catalog)
    check_callbacks(connection, catalog, terms, request.options)
    check_public_url(request.options)
    if request.executor is not None:
        api.run_workers.check_ray_is_here()
    scope = await asyncio.to_thread(scope_of, request.options, plan.stages)
    place = await asyncio.to_thread(run_place, plan, connection, request.out_dir)
    place.check()
    layout, store = await asyncio.to_thread(_with_store, RunLayout(place.folder), request, plan)
    await asyncio.to_thread(check_images_are_there, layout, plan)
    return await run_in_folder(
        RunSetup(
            plan=plan,
            catalog=catalog,
            connection=connection,
            terms=terms,
            options=request.options,
            scope=scope,
            reuse=request.reuse,
            layout=layout,
            store=store,
            claim=FolderClaim(
                spec_name=plan.name,
                backend=backend,
                path=str(await asyncio.to_thread(layout.root.resolve)),
                host=socket.gethostname(),
                key=connection.key if isinstance(connection, Connection) else SIMULATED_KEY,
            ),
            callbacks=callbacks,
            executor=request.executor,
        )
    )


def _with_store(layout: RunLayout, request: RunRequest, plan: AnyPlan) -> tuple[RunLayout, StoreBinding | None]:
    """Return a folder with its store, if it has one, and that store."""
    chosen = choose_store(layout, request.store, plan.output_store, may_move=request.options.adopt)
    return with_store(layout, chosen), chosen


def _file_of(plan: AnyPlan) -> Path:
    """Return the file that a plan came from, else one of its name."""
    return plan.file if isinstance(plan, SavedPlan) else Path(plan.spec_file or plan.name)
