"""What may stand beside a SQLite file before SQLite opens it: it follows links, and obeys a journal that it finds."""

from qwave_batch.errors import FolderError
from qwave_batch.files.regular import irregular_kind
from qwave_batch.files.tree import Tree

LOG, INDEX, JOURNAL = "-wal", "-shm", "-journal"
"""What SQLite adds to a database's name for the files beside it."""


def check_database(tree: Tree, path: str) -> None:
    """Refuse a database that is a link, or that stands beside links or a rollback journal; nothing is changed.

    This program's databases keep a write-ahead log. A rollback journal beside one was put there by somebody else:
    SQLite would play it back, and would remove a file that the journal names.

    Raises:
        FolderError: there is such a thing.
    """
    for name in (path, path + LOG, path + INDEX, path + JOURNAL):
        status = tree.look(name)
        if status is None:
            continue
        kind = irregular_kind(status.st_mode)
        if kind is not None:
            raise FolderError(f"{tree.root / name} {kind}; it was not opened, and nothing was changed")
        if name.endswith(JOURNAL):
            raise FolderError(
                f"{tree.root / name} was not made by this program, and SQLite would obey it; nothing was changed. "
                "If the folder is yours, look where the file came from, then remove it"
            )


def is_index_shared(tree: Tree, path: str) -> bool:
    """Whether the index of a database's log has other names: SQLite writes it even where it only reads the database."""
    index = tree.look(path + INDEX)
    return index is not None and index.st_nlink > 1


def unshare_database(tree: Tree, path: str) -> None:
    """Before a database is written: give it and its log content of their own, as in a snapshot of hard links.

    The caller has checked it, and is the only one who writes it.
    """
    tree.unshare(path)
    tree.unshare(path + LOG)
    if is_index_shared(tree, path):
        tree.remove(path + INDEX)  # SQLite makes it anew from the log


def is_there(tree: Tree, path: str) -> bool:
    """Whether there is a database with anything in it.

    Raises:
        FolderError: it is empty, and its log is not, so that something was taken away.
    """
    status, log = tree.look(path), tree.look(path + LOG)
    if status is not None and status.st_size > 0:
        return True
    if log is not None and log.st_size > 0:
        raise FolderError(f"{tree.root / path} is empty or gone, and its log is still there; put the file back")
    return False
