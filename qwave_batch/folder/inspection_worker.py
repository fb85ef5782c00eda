"""The process that looks at stored images for another one: it reads paths by the batch and answers what they are.

It starts with the root of the run folder and the handle of a file, which all processes of one check lock while they
take much memory. A line of its input is a batch of paths, and a line of its output what was found; it ends with its
input.
"""

import fcntl
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from qwave_batch.files.held_tree import held_tree
from qwave_batch.folder.artifacts import ArtifactStore, LocalArtifacts
from qwave_batch.folder.stored_images import FileFault, inspect_stored
from qwave_batch.imaging.formats.judging import share_large_decodes
from qwave_batch.imaging.image_inspection import ImageInfo
from qwave_batch.model.jsontypes import Json

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Inspection(Generic[Found]):
    """A question about a stored image that any process can answer, and the form in which its answer travels."""

    module: str
    """The module that has it, as ``INSPECTION``."""
    look: Callable[[ArtifactStore, str], Found]
    as_json: Callable[[Found], Json]
    from_json: Callable[[Any], Found]


def found_as_json(found: ImageInfo | FileFault) -> list[Json]:
    """Return what was found as one process tells it to another."""
    if isinstance(found, FileFault):
        return [found.kind, found.message]
    return [found.format, found.width, found.height, found.sha256, found.size_bytes]


def found_from_json(value: list[Any]) -> ImageInfo | FileFault:
    """Return what ``found_as_json`` was given."""
    match value:
        case [kind, message]:
            return FileFault(kind=kind, message=message)
        case [image_format, width, height, sha256, size_bytes]:
            return ImageInfo(format=image_format, width=width, height=height, sha256=sha256, size_bytes=size_bytes)
    raise ValueError("a process that looks at images answers in a form of its own")


INSPECTION = Inspection(__name__, inspect_stored, found_as_json, found_from_json)
"""Whether it is a whole image, and of what kind."""


def work(root: str, shared: int, inspection: Inspection[Any]) -> None:
    """Answer until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides when to end
    share_large_decodes(_Exclusive(shared))
    for batch in sys.stdin.buffer:
        with held_tree(Path(root)) as tree:
            artifacts = LocalArtifacts(tree)
            found = [inspection.as_json(inspection.look(artifacts, path)) for path in json.loads(batch)]
        sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")
        sys.stdout.buffer.flush()


class _Exclusive:
    """A lock between processes; one that has it may take it again."""

    def __init__(self, handle: int) -> None:
        self._handle, self._depth = handle, 0

    def __enter__(self) -> None:
        if not self._depth:
            fcntl.lockf(self._handle, fcntl.LOCK_EX)
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(self._handle, fcntl.LOCK_UN)
