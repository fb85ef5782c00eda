"""Files under images/ that no line of the manifest names."""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qwave_batch.folder.artifacts import IMAGES
from qwave_batch.folder.layout import RunLayout

_OF_SYSTEMS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".gitignore", ".gitkeep", ".gitattributes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A file that the manifest does not name."""

    path: str
    """Relative to the run folder."""
    size_bytes: int


def stray_files(layout: RunLayout, named: Collection[str]) -> Iterator[Stray]:
    """Yield the files under ``images/`` whose paths, as ``stray_key`` gives them, are not in ``named``."""
    for found in layout.artifacts.list(IMAGES):
        name = found.path.rpartition("/")[2]
        if name in _OF_SYSTEMS or name.startswith("._") or stray_key(found.path) in named:
            continue
        yield Stray(path=found.path, size_bytes=found.size_bytes)


def stray_key(path: str) -> str:
    """Return a path as every file system gives it back; some hand names out decomposed."""
    return unicodedata.normalize("NFC", path)


def possible_stems(job_path: str, job_id: str) -> Iterator[str]:
    """Yield the names that a job's images may have got, as ``stem_of`` gives them (``folder.placing``)."""
    if job_path:
        for path in (f"images/{job_path}", f"images/{job_path}-{job_id}", f"images/{job_id}"):
            yield stray_key(path)


def stem_of(path: str) -> str:
    """Return an image's path without its extension and its number among its job's images."""
    return re.sub(r"(_[0-9]+)?\.[a-z0-9]+$", "", stray_key(path))
