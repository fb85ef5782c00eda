"""Making names durable, on file systems that can't do that for folders too."""

import errno
import os

_LET_BE = frozenset(
    {
        errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.ENOSYS, errno.EACCES, errno.EPERM,
        errno.EISDIR, errno.ENOTTY,
    }
)  # fmt: skip
"""What file systems of other systems and machines answer when a folder is to be synced: none of it is a failure."""


def sync_folder(handle: int) -> bool:
    """Make the names in a folder durable; return False where the file system has no such thing, as databases do.

    Raises:
        OSError: the disk failed.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _LET_BE:
            raise
        return False
    return True
