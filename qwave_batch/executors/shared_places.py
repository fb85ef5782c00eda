"""Whether workers reach a run folder or its store as this process does, found out before any work."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.errors import QwaveError, StorageError, WorkersUnusable
from qwave_batch.executors.workers import Work, Workers
from qwave_batch.folder import stores
from qwave_batch.folder.workspace import PARTIAL
from qwave_batch.model.store_url import StoreUrl, read_store_url

_PROBE = "probe-"


@dataclass(frozen=True, slots=True)
class SharedProbe:
    """A file that this process has written, and the beginning of the names of those that workers write."""

    folder: Path
    name: str
    text: str


def check_shared_folder(workers: Workers, root: Path) -> None:
    """Have each machine read in a run folder what was written here, and read here what it has written.

    Raises:
        WorkersUnusable: a machine does not reach the folder by the same path.
        StorageError: this one can't write there.
    """
    folder = root.resolve() / PARTIAL
    probe = SharedProbe(folder, f"{_PROBE}{secrets.token_hex(8)}", secrets.token_hex(8))
    with _removed_in_the_end(probe):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / probe.name).write_text(probe.text, "utf-8")
        except OSError as error:
            raise StorageError(f"can't write in {folder}: {error.strerror or error}") from error
        for found in workers.on_each_node(Work(_open_folder_probe, probe), secrets.token_hex(8)):
            fault = found.result[1] or _fault_here(folder / found.result[0], probe.text)
            if fault is not None:
                raise WorkersUnusable(
                    f"the workers on {found.host} don't share {root.resolve()} with this machine ({fault}); put the "
                    "run folder on a file system that all of them have at the same path, or keep it in an object store"
                )


def check_shared_store(workers: Workers, url: StoreUrl) -> None:
    """Have each machine try out the object store.

    Raises:
        WorkersUnusable: a machine can't use it.
    """
    for found in workers.on_each_node(Work(_open_store_probe, str(url)), ""):
        if found.result is not None:
            raise WorkersUnusable(f"the workers on {found.host} can't use the store: {found.result}")


def _open_folder_probe(probe: SharedProbe) -> Callable[[str], tuple[str, str | None]]:
    def do(own: str) -> tuple[str, str | None]:
        """Return the name of the file that was written, and what is wrong."""
        name = f"{probe.name}-{own}-{secrets.token_hex(4)}"
        fault = _fault_here(probe.folder / probe.name, probe.text)
        if fault is None:
            try:
                (probe.folder / name).write_text(probe.text, "utf-8")
            except OSError as error:
                fault = f"{name}: {error.strerror or error}"
        return name, fault

    return do


def _open_store_probe(address: str) -> Callable[[str], str | None]:
    def do(_: str) -> str | None:
        try:
            stores.run_store.try_to_write(read_store_url(address))
        except QwaveError as error:
            return str(error)
        return None

    return do


def _fault_here(file: Path, text: str) -> str | None:
    try:
        return None if file.read_text("utf-8") == text else f"{file.name} holds something else"
    except OSError as error:
        return f"{file.name}: {error.strerror or error}"


@contextmanager
def _removed_in_the_end(probe: SharedProbe) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):
            for file in probe.folder.glob(f"{probe.name}*"):
                file.unlink()
