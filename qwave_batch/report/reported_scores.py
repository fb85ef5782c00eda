"""The scores of images as a report holds them: names and directions once, and numbers in their order."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.scoring.scorer import Level, Output

_DIGITS = 6
"""Digits of a number that count: more than anybody reads, and 10,000 images stay small."""
_WHOLE = 1e15
"""Below it a number without a fraction is written without a point."""


@dataclass(slots=True)
class ReportedScores:
    """The scores of some run folders."""

    folders: Sequence[KeptScores]
    outputs: Mapping[str, Output] = field(init=False)
    """By full name those that images have; where two folders differ in what they say of one, the first holds."""

    def __post_init__(self) -> None:
        """Gather the outputs."""
        found: dict[str, Output] = {}
        for kept in self.folders:
            for name in image_outputs(kept):
                found.setdefault(name, kept.outputs[name])
        self.outputs = found

    def of(self, folder: int, job_id: str, image: int, sha256: str) -> list[float | None] | None:
        """Return the numbers of an image, None for each that it does not have; None where it has none at all."""
        if not self.outputs:
            return None
        told = self.folders[folder].of(job_id, image, sha256)
        numbers = [_rounded(told.get(name)) for name in self.outputs]
        return numbers if any(number is not None for number in numbers) else None

    def as_json(self) -> list[Json]:
        """Return ``scores`` of the index."""
        return [output_as_json(name, output) for name, output in self.outputs.items()]


def image_outputs(kept: KeptScores) -> list[str]:
    """Return the full names of the outputs that single images have, and no pair or set."""
    return [
        f"{scorer.scorer}.{output}"
        for scorer in kept.scorers.values()
        if scorer.level is Level.IMAGE
        for output in scorer.outputs
    ]


def output_as_json(name: str, output: Output) -> dict[str, Json]:
    """Return what the page knows of an output."""
    least, most = output.range
    return {"name": name, "low": least, "high": most, "better": output.better, "unit": output.unit}


def _rounded(number: float | None) -> float | None:
    if number is None or not math.isfinite(number):
        return None
    rounded = float(f"{number:.{_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < _WHOLE else rounded
