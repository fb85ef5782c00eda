"""Other run folders that a run may take images from."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.folder.layout import LEDGER, RunLayout
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.run.tasks.reuse import ReuseSource


@contextmanager
def open_lenders(folders: Sequence[Path], *, into: RunLayout, backend: str) -> Iterator[list[ReuseSource]]:
    """Yield other run folders, open to read; their own runs may be at work meanwhile.

    Args:
        folders: The folders, the first that holds a job gives it.
        into: The folder that takes.
        backend: What that folder is made with.

    Raises:
        FolderError: one of them is no run folder, came without its ledger, or was made with another backend.
        UsageError: one of them is ``into`` itself.
    """
    with ExitStack() as stack:
        lenders = []
        for folder in folders:
            layout = RunLayout.existing(folder)
            if layout.root.resolve() == into.root.resolve():
                raise UsageError(f"--reuse {folder} is the run folder itself; name another one")
            if not layout.tree.is_file(LEDGER):
                raise FolderError(f"{folder} came without its ledger, so nothing can be taken from it")
            ledger = stack.enter_context(Ledger.open(layout.ledger, read_only=True))
            identity = ledger.identity()
            if identity is None or identity.backend != backend:
                made_with = _named(identity.backend) if identity else "nothing yet"
                raise FolderError(
                    f"{folder} was made with {made_with}, and this run is with {_named(backend)}: "
                    "one can't stand in for the other"
                )
            lenders.append(ReuseSource(layout=layout, ledger=ledger, folder_id=identity.folder_id))
        yield lenders


def _named(backend: str) -> str:
    return "the simulator" if backend == SIMULATOR else backend
