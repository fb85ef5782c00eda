"""A run that was checked and has not touched its folder: all that it is given, and how it talks to its caller."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from qwave_batch.api.run_outcome import CostEstimate
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.client.connection import Connection, Simulated
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stores.store_binding import StoreBinding
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.model.executor import RayExecutor
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.run_events import OnEvent
from qwave_batch.model.terms import Terms
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

Confirm: TypeAlias = Callable[[CostEstimate], bool]
"""Asked once, before anything is sent; False ends the run. It may wait for a person: nothing else goes on yet."""

OnNote: TypeAlias = Callable[[str], None]
"""Told something that a person who waits should know, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCallbacks:
    """The ways in which a run talks to its caller, and the caller to the run."""

    on_progress: OnProgress | None = None
    on_event: OnEvent | None = None
    stop: StopSignal = field(default_factory=StopSignal)
    confirm: Confirm | None = None
    on_note: OnNote | None = None
    """Told once, in words, that the run waits for the lock of its folder in a store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """A run that was checked and has not touched its folder."""

    plan: AnyPlan
    catalog: Catalog
    connection: Connection | Simulated
    terms: Terms
    options: RunOptions
    scope: JobScope
    reuse: Sequence[Path]
    layout: RunLayout
    store: StoreBinding | None = None
    """The store that the folder belongs to from now on."""
    claim: FolderClaim
    callbacks: RunCallbacks
    executor: RayExecutor | None = None
    """Fetches the images; None where that is done here."""
