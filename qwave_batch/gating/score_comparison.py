"""Two sides compared in some measures: over all prompts, and group by group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.gating.cell_pairs import CellPair, Pairing, Unpaired
from qwave_batch.gating.compared_score import ComparedScore
from qwave_batch.gating.comparison_warnings import comparison_warnings
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import PairedDifference, paired_difference
from qwave_batch.model.jsontypes import Json

TAG = "tag"
"""Prompts are grouped by their tags, of which one may have several; any other name is an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreComparison:
    """Two sides compared; the differences are those of ``b`` minus ``a``."""

    a: str
    """The first side: a folder, or a value of the axis that is compared."""
    b: str
    by: str | None
    """How prompts are grouped: ``tag`` or an axis; None for no groups."""
    pairing: Pairing
    scores: tuple[ComparedScore, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``compare-scores --json`` prints."""
        return {
            "a": self.a,
            "b": self.b,
            "by": self.by,
            "matched": list(self.pairing.matched),
            "apart": {axis: [list(of_a), list(of_b)] for axis, (of_a, of_b) in self.pairing.apart.items()},
            "unpaired": _unpaired_as_json(self.pairing.unpaired),
            "scores": [each.as_json() for each in self.scores],
            "warnings": list(self.warnings),
        }


def compare_sides(
    pairing: Pairing, measures: Sequence[Measure], *, a: str, b: str, by: str | None = None
) -> ScoreComparison:
    """Return the comparison of two sides.

    Args:
        pairing: The sides.
        measures: The measures to compare them in.
        a: The name of the first side.
        b: The name of the second side.
        by: ``tag``, or an axis that both sides share, to compare them in each group as well.

    Raises:
        UnknownName: the sides share no such axis.
        UsageError: nothing can be paired, or no prompt has a number on both sides.
    """
    if not pairing.pairs:
        raise UsageError(f"{a} and {b} have no prompt in common, with the same id and text, and the same axes")
    grouped = {} if by is None else groups_of(pairing, by)
    scores = tuple(
        ComparedScore(
            measure=measure,
            whole=paired_difference(pairing.pairs, measure),
            groups=_differences(grouped, measure),
        )
        for measure in measures
    )
    if all(each.whole is None for each in scores):
        named = ", ".join(measure.name for measure in measures)
        raise UsageError(f"{a} and {b} have no prompt in common that has {named} on both sides")
    return ScoreComparison(
        a=a, b=b, by=by, pairing=pairing, scores=scores, warnings=comparison_warnings(pairing, scores)
    )


def groups_of(pairing: Pairing, by: str) -> Mapping[str, Sequence[CellPair]]:
    """Return the pairs of each group, in alphabetical order.

    Raises:
        UnknownName: the sides share no such axis.
    """
    if by != TAG and by not in pairing.matched:
        known = (TAG, *pairing.matched)
        raise UnknownName("axis of both sides", by, known, hint=f"there is {', '.join(known)}")
    found: dict[str, list[CellPair]] = {}
    for pair in pairing.pairs:
        for name in pair.tags if by == TAG else [pair.value(by) or ""]:
            found.setdefault(name, []).append(pair)
    return dict(sorted(found.items()))


def _differences(grouped: Mapping[str, Sequence[CellPair]], measure: Measure) -> Mapping[str, PairedDifference]:
    found = {name: paired_difference(pairs, measure) for name, pairs in grouped.items()}
    return {name: each for name, each in found.items() if each is not None}


def _unpaired_as_json(unpaired: Unpaired) -> dict[str, Json]:
    return {
        "prompts_a": list(unpaired.prompts_a),
        "prompts_b": list(unpaired.prompts_b),
        "other_text": list(unpaired.other_text),
        "cells": unpaired.cells,
        "values_a": [{"values": dict(values), "prompts": number} for values, number in unpaired.values_a.items()],
        "values_b": [{"values": dict(values), "prompts": number} for values, number in unpaired.values_b.items()],
    }
