"""The files in ``inputs/`` under the names that the spec gave them, with their hashes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.folder.artifacts import read_artifact, sha256_of_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.portable_paths import INPUTS, KEPT_IMAGES

_MOST_BYTES = 1 << 26
_OF_IMAGES = PREFIX.replace(":", "-")


@dataclass(frozen=True, slots=True)
class SpecInput:
    """A table, an overlay or an image that a run read."""

    name: str
    """Its name in the spec; its own without the path for one that lies elsewhere, and its hash for an inline image."""
    sha256: str


def spec_inputs(layout: RunLayout) -> Iterator[SpecInput]:
    """Yield the files that the runs of a folder read, by their place in ``inputs/``.

    The hash of an image is that of its name; ``verify`` checks it.

    Raises:
        StorageError: it can't be read.
        FolderError: a link is on the way.
    """
    names = _names_of_images(layout)
    for artifact in layout.artifacts.list(INPUTS):
        place = artifact.path.removeprefix(f"{INPUTS}/")
        if not artifact.is_file:
            continue
        if place.startswith(_OF_IMAGES):
            digest = place.removeprefix(_OF_IMAGES).partition(".")[0]
            yield SpecInput(names.get(place, f"{PREFIX}{digest}"), digest)
        else:
            name = place.rpartition("/")[2] if artifact.path.startswith(f"{INPUTS}/elsewhere/") else place
            yield SpecInput(name, sha256_of_artifact(layout.artifacts, artifact.path))


def _names_of_images(layout: RunLayout) -> dict[str, str]:
    """Return the spec's names of images by the names of their files; empty where nothing tells them."""
    try:
        told = json.loads(read_artifact(layout.artifacts, KEPT_IMAGES, most_bytes=_MOST_BYTES))
        images = told["images"]
        return {str(place): str(name) for name, place in images.items()}
    except (OSError, UsageError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
