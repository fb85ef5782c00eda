"""The two sides of a comparison: a folder each, or two values of an axis, with what both were scored by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.gating.measures import OWN_MEASURES, Measure, level_of, measure_named, outputs_of_level, scorer_of
from qwave_batch.gating.scored_cells import ScoredCell
from qwave_batch.model.axis_labels import axis_label
from qwave_batch.scoring.kept_scores import KeptScores
from qwave_batch.scoring.score_lines import ScorerLine
from qwave_batch.scoring.scorer import Level


@dataclass(frozen=True, slots=True)
class AxisPair:
    """Two values of an axis that are compared."""

    axis: str
    values: str
    """Both, with a comma between them: which one it is, is known once the folder is."""


@dataclass(frozen=True, slots=True)
class Side:
    """A side of a comparison."""

    label: str
    cells: Sequence[ScoredCell] = field(repr=False)


def shared_measures(a: KeptScores, b: KeptScores, names: Sequence[str], *, labels: tuple[str, str]) -> list[Measure]:
    """Return the measures to compare two folders in.

    Args:
        a: The scores of the first folder.
        b: The scores of the second folder.
        names: The measures that were asked for; none for all scores of images that both have.
        labels: The names of both folders.

    Raises:
        UnknownName, UsageError: a folder lacks a score, or was scored by another version or with other parameters.
    """
    images = outputs_of_level(b, Level.IMAGE)
    wanted = list(names) or [name for name in outputs_of_level(a, Level.IMAGE) if name in images]
    if not wanted:
        bare = [label for label, scores in zip(labels, (a, b), strict=True) if not scores.outputs]
        reason = f"{' and '.join(dict.fromkeys(bare))} has no scores yet" if bare else "they were scored by others"
        raise UsageError(f"{labels[0]} and {labels[1]} have no score in common: {reason}")
    for name in wanted:
        for label, scores in zip(labels, (a, b), strict=True):
            check_has_score(name, scores, label)
            if name not in OWN_MEASURES and level_of(name, scores) is Level.SET:
                raise UsageError(f"{name} is one number for all images of a model, and not one for each prompt")
    for scorer in dict.fromkeys(scorer_of(name) for name in wanted if name not in OWN_MEASURES):
        check_same_edition(a.scorers[scorer], b.scorers[scorer], labels=labels)
    return [measure_named(name, b) for name in dict.fromkeys(wanted)]


def check_has_score(name: str, scores: KeptScores, label: str) -> None:
    """Refuse a measure that a folder does not have.

    Raises:
        UnknownName: it has no such score.
    """
    known = (*scores.outputs, *OWN_MEASURES)
    if name not in known:
        raise UnknownName(f"score of {label}", name, known, hint=f"there is {', '.join(known)}")


def check_same_edition(a: ScorerLine, b: ScorerLine, *, labels: tuple[str, str]) -> None:
    """Refuse to compare numbers of different versions of a scorer, or of different parameters.

    Raises:
        UsageError: they differ.
    """
    reason = other_edition(a, b, labels=labels)
    if reason is not None:
        raise UsageError(f"{reason}: numbers of both can't be compared; score one of them anew")


def other_edition(a: ScorerLine, b: ScorerLine, *, labels: tuple[str, str]) -> str | None:
    """Return how the scorer of two folders differs; None where it is the same."""
    if a.version != b.version:
        return f"{a.scorer} is version {a.version} in {labels[0]} and version {b.version} in {labels[1]}"
    if a.edition != b.edition:
        names = sorted(name for name in {*a.params, *b.params} if a.params.get(name) != b.params.get(name))
        told = ", ".join(
            f"{name} {axis_label(a.params.get(name))} and {axis_label(b.params.get(name))}" for name in names
        )
        return f"{a.scorer} has other parameters in {labels[0]} than in {labels[1]} ({told})"
    return None


def values_of_axis(cells: Sequence[ScoredCell], axis: str) -> Mapping[str, list[ScoredCell]]:
    """Return the cells of a folder by their value of an axis."""
    found: dict[str, list[ScoredCell]] = {}
    for cell in cells:
        value = cell.value(axis)
        if value is not None:
            found.setdefault(value, []).append(cell)
    return found


def sides_of_values(a: Sequence[ScoredCell], b: Sequence[ScoredCell], asked: AxisPair) -> tuple[Side, Side]:
    """Return the cells of two values of an axis, one in each folder; both folders may be the same.

    Raises:
        UnknownName, UsageError: there is no such axis or value, or they can't be told apart.
    """
    of_a, of_b = values_of_axis(a, asked.axis), values_of_axis(b, asked.axis)
    if not of_a or not of_b:
        axes = sorted({name for cell in (*a, *b) for name, _ in cell.values})
        raise UnknownName("axis", asked.axis, axes, hint=f"there is {', '.join(axes)}")
    parts = asked.values.split(",")
    splits = [(",".join(parts[:at]), ",".join(parts[at:])) for at in range(1, len(parts))]
    found = [(one, other) for one, other in splits if one in of_a and other in of_b]
    if len(found) == 1:
        ((one, other),) = found
        return Side(one, of_a[one]), Side(other, of_b[other])
    if len(splits) == 1:
        one, other = splits[0]
        wrong, known = (one, of_a) if one not in of_a else (other, of_b)
        raise UnknownName(f"value of {asked.axis}", wrong, sorted(known), hint=f"there is {', '.join(sorted(known))}")
    raise UsageError(
        f'"{asked.values}" does not name two values of {asked.axis}; write two of {", ".join(sorted({*of_a, *of_b}))} '
        "with a comma between them"
    )
