"""The images that a run folder keeps for its spec: a list of their names, which lead to bytes named by their hash."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from qwave_batch.errors import FolderError, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.portable_paths import INPUTS, KEPT_IMAGES
from qwave_batch.spec.inputs.allowed_roots import FileRefused
from qwave_batch.spec.inputs.file_access import InputFile

_MOST_BYTES = 64 * 1024 * 1024
_ELSEWHERE = "use the spec that the run was started from"


def canonical_name(name: str) -> str:
    """Return the name of a file, from the spec's folder, without dots and slashes that say nothing."""
    return str(PurePosixPath(name))


@dataclass(frozen=True, slots=True)
class KeptImages:
    """The names of images in a spec that a run folder keeps, and what its patterns came to."""

    folder: Path
    files: Mapping[str, str] = field(default_factory=dict)
    """Names of files in ``inputs/``, by the image's name."""
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of images, by the pattern that fits them."""

    @classmethod
    def of(cls, folder: Path) -> "KeptImages":
        """Return the images of a run folder; none where it has no list, or one that this program has not written."""
        try:
            match json.loads(Tree(folder).read(KEPT_IMAGES, most_bytes=_MOST_BYTES)):
                case {"images": dict(images), "patterns": dict(patterns)}:
                    files = {name: str(file) for name, file in images.items() if "/" not in str(file)}
                    return cls(folder, files, {name: tuple(map(str, found)) for name, found in patterns.items()})
        except (OSError, UsageError, ValueError, TypeError, RecursionError):
            pass
        return cls(folder)

    def as_json(self) -> JsonObject:
        """Return the object that ``of`` reads."""
        patterns = {pattern: list(found) for pattern, found in sorted(self.patterns.items())}
        return {"images": dict(sorted(self.files.items())), "patterns": patterns}

    def find(self, name: str) -> InputFile:
        """Return the file of an image.

        Raises:
            FileRefused: The run folder has none of that name.
        """
        file = self.files.get(canonical_name(name))
        try:
            if file is not None and Tree(self.folder).look(f"{INPUTS}/{file}"):
                return InputFile(self.folder, f"{INPUTS}/{file}")
        except (OSError, FolderError):
            pass
        raise FileRefused(f'"{name}" is not among the inputs of this run folder', _ELSEWHERE)

    def matching(self, pattern: str) -> tuple[str, ...]:
        """Return the names that a pattern came to when the run was started.

        Raises:
            FileRefused: The run did not use it.
        """
        found = self.patterns.get(pattern)
        if not found:
            raise FileRefused(f'"{pattern}" fits none of the inputs of this run folder', _ELSEWHERE)
        return found
