"""Finds the control of a comparison: jobs of one folder that ask for the same with another seed."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from qwave_batch.model.job_identity import canonical
from qwave_batch.model.record import ImageFile
from qwave_batch.output.manifest_line import ManifestLine

_SEED = "seed"


@dataclass(frozen=True, slots=True)
class ControlPair:
    """The first images of two jobs that differ in their seed alone."""

    model: str
    one: ImageFile
    other: ImageFile


@dataclass(slots=True)
class ControlSearch:
    """Looks through the lines of a folder for partners of some of its jobs, at most one each."""

    _wanted: dict[bytes, list[tuple[str, ImageFile]]] = field(default_factory=dict)
    """By the request without its seed: the seeds and images of the jobs whose partners are looked for."""
    _prompts: set[tuple[str, str]] = field(default_factory=set)
    _pairs: list[ControlPair] = field(default_factory=list)

    def want(self, line: ManifestLine) -> None:
        """Look for a partner of a job."""
        key = _key(line)
        if key is not None:
            self._wanted.setdefault(key, []).append((_seed(line), line.images[0]))
            self._prompts.add((line.model, line.prompt))

    def offer(self, line: ManifestLine) -> None:
        """Take a line of the folder as a partner, where one is missing."""
        if (line.model, line.prompt) not in self._prompts:
            return
        key = _key(line)
        wanted = self._wanted.get(key, []) if key is not None else []
        for number, (seed, image) in enumerate(wanted):
            if seed != _seed(line):
                self._pairs.append(ControlPair(line.model, image, line.images[0]))
                del wanted[number]
                return

    def pairs(self) -> Iterator[ControlPair]:
        """Yield what was found."""
        return iter(self._pairs)


def _key(line: ManifestLine) -> bytes | None:
    """Return a hash of a request without its seed; None for a job without an image or a seed."""
    if not line.images or line.request.get(_SEED) is None:
        return None
    with suppress(ValueError):
        rest = {name: value for name, value in line.request.items() if name != _SEED}
        return hashlib.sha256(canonical(rest)).digest()
    return None


def _seed(line: ManifestLine) -> str:
    return str(line.request.get(_SEED))
