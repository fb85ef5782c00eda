"""What survives a power cut: bytes, and the names in a folder."""

import os
from pathlib import Path


def write_synced(path: Path, data: bytes) -> int:
    """Write a file, durable once this returns; return its time in nanoseconds. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        return _synced(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> int:
    """Make the bytes of a file durable and return its time in nanoseconds. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | _BINARY)
    try:
        return _synced(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can. Raises OSError."""
    if os.name == "nt":  # folders can't be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_BINARY = getattr(os, "O_BINARY", 0)


def _synced(descriptor: int) -> int:
    os.fsync(descriptor)
    return os.fstat(descriptor).st_mtime_ns
