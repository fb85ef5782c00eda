"""Which object store a run keeps its results in: the one that was named, the folder's own, or the spec's."""

from dataclasses import replace

from qwave_batch.errors import FolderError
from qwave_batch.folder import stores
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stores.store_binding import NamedBy, StoreBinding, read_binding, write_binding
from qwave_batch.folder.workspace import LEDGER
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.store_url import StoreUrl


def choose_store(
    layout: RunLayout, named: str | None, of_spec: StoreUrl | None, *, may_move: bool
) -> StoreBinding | None:
    """Return the store of a run; None when the folder has its results itself. Nothing is sent or written.

    Args:
        layout: The run folder, which may not be there yet.
        named: The store that was named for this run, if any.
        of_spec: The store that the spec names, if any.
        may_move: Whether the folder may get another store than it has: everything was copied there.

    Raises:
        UsageError: what was named is not the address of a store.
        FolderError: the folder has its results elsewhere.
    """
    asked = None if named is None else StoreBinding(stores.run_store.store_url_of(named), NamedBy.CALLER)
    if asked is None and of_spec is not None:
        asked = StoreBinding(of_spec, NamedBy.SPEC)
    bound = read_binding(layout.tree)
    if bound is None:
        if asked is not None and layout.tree.is_file(LEDGER):
            raise FolderError(
                f"{layout.root} has its images itself, and the run is to keep them in {asked.url}; nothing was sent",
                next_steps=(NextStep.NAME_FOLDER, Advice(NextStep.LEAVE_STORE_OUT)),
            )
        return asked
    if asked is None or asked.url == bound.url:
        return bound
    if asked.named_by is NamedBy.SPEC and bound.named_by is NamedBy.CALLER:
        return bound  # it was named for this folder on purpose, whatever the spec says
    if may_move:
        return asked
    raise FolderError(
        f"{layout.root} keeps its images in {bound.url}, and the run is to keep them in {asked.url}; nothing was sent",
        next_steps=(NextStep.NAME_FOLDER, Advice(NextStep.MOVE_STORE, str(asked.url))),
    )


def with_store(layout: RunLayout, chosen: StoreBinding | None) -> RunLayout:
    """Return a run folder with its store, after that was tried out: nothing is paid before.

    Raises:
        MissingExtra, StoreUnusable, StorageError: the store can't be used.
    """
    if chosen is None:
        return layout
    stores.run_store.try_to_write(chosen.url)
    return replace(layout, store=stores.run_store.RunStore.opened(chosen.url))


def bind_store(layout: RunLayout, chosen: StoreBinding | None) -> None:
    """Put on record which store the folder has, before it has a ledger; the caller holds the folder's lock.

    Raises:
        StorageError: the disk refuses.
    """
    if chosen is not None and read_binding(layout.tree) != chosen:
        write_binding(layout.tree, chosen)


def keep_choice(layout: RunLayout, chosen: StoreBinding | None) -> None:
    """Put on record which store the folder has, and keep to what it holds now; the caller holds the folder's lock.

    Raises:
        StorageError: the disk or the store refuses.
    """
    bind_store(layout, chosen)
    if layout.store is not None:
        layout.store.artifacts.hold_versions()
