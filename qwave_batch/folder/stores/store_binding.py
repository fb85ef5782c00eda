"""Which store a run folder keeps its artifacts in: one small file of the workspace, so that nobody names it again."""

import json
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.files.folder_handles import LinkInTheWay
from qwave_batch.files.regular_files import NotRegular
from qwave_batch.files.tree import PRIVATE_FOLDER_MODE, PRIVATE_MODE, Tree
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.folder.workspace import PRIVATE, STORE
from qwave_batch.model.store_url import BadStoreUrl, StoreUrl, read_store_url

_FORM = 1
_MOST_BYTES = 16 * 1024


class NamedBy(StrEnum):
    """The place where a store was named."""

    SPEC = "spec"
    CALLER = "caller"
    """On the command line, or by a program; it stays until it is named otherwise there."""


@dataclass(frozen=True, slots=True)
class StoreBinding:
    """The store of a folder."""

    url: StoreUrl
    named_by: NamedBy


def read_binding(tree: Tree) -> StoreBinding | None:
    """Return the store of a folder; None for one that keeps its artifacts itself.

    Raises:
        FolderError: the file that names it is damaged.
        StorageError: it can't be read.
    """
    try:
        with storage_errors(tree.root, "read", STORE):
            text = _text(tree)
        if text is None:
            return None
        told = json.loads(text)
        if told["store"] != _FORM:
            raise ValueError(told["store"])  # noqa: TRY301 - one sentence for all that it can't be
        return StoreBinding(read_store_url(told["url"]), NamedBy(told["named_by"]))
    except (LinkInTheWay, NotRegular):  # a stranger's doing, which names its own place
        raise
    except (UsageError, BadStoreUrl, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FolderError(
            f"{tree.root / STORE}, which names the store of the folder, is damaged or of a newer version; put it back "
            "as it was"
        ) from None


def write_binding(tree: Tree, binding: StoreBinding) -> None:
    """Have a folder keep its artifacts in a store from now on; it survives a power cut.

    Raises:
        StorageError: the disk refuses.
    """
    told = {"store": _FORM, "url": str(binding.url), "named_by": binding.named_by.value}
    with storage_errors(tree.root, "make the folder", PRIVATE):
        tree.make_folder(PRIVATE, mode=PRIVATE_FOLDER_MODE)
    write_atomic(tree, STORE, json.dumps(told).encode() + b"\n", mode=PRIVATE_MODE)


def _text(tree: Tree) -> bytes | None:
    try:
        return tree.read(STORE, most_bytes=_MOST_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
