"""Cells made by hand: one number for a prompt, or several."""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qwave_batch.gating.measures import Measure
from qwave_batch.gating.scored_cells import ScoredCell
from qwave_batch.scoring.scorer import Better

WORDS = Measure(name="ocr.words", better=Better.HIGHER)
CER = Measure(name="ocr.cer", better=Better.LOWER)


def cell(
    prompt: str,
    *numbers: float,
    measure: str = WORDS.name,
    text: str = "",
    tags: Sequence[str] = (),
    missing: int = 0,
    **axes: str,
) -> ScoredCell:
    """Return the cell of a prompt with these numbers of its images."""
    return ScoredCell(
        prompt_id=prompt,
        values=tuple(sorted(axes.items())),
        tags=frozenset(tags),
        texts=frozenset({text or f"The text of {prompt}"}),
        numbers={measure: array("d", numbers)},
        missing=Counter({measure: missing}),
    )


def side(numbers: Mapping[str, float], *, measure: str = WORDS.name, **axes: str) -> list[ScoredCell]:
    """Return a cell for each prompt, with one number."""
    values = tuple(sorted(axes.items()))
    return [replace(cell(prompt, number, measure=measure), values=values) for prompt, number in numbers.items()]
