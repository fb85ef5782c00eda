"""Two run folders, or two values of an axis, compared by their scores."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from qwave_batch.errors import UsageError
from qwave_batch.gating.cell_pairs import pair_cells
from qwave_batch.gating.drawn_intervals import check_can_draw
from qwave_batch.gating.measures import level_of
from qwave_batch.gating.pair_preferences import add_preferences
from qwave_batch.gating.score_comparison import ScoreComparison, compare_sides
from qwave_batch.gating.scored_cells import read_cells
from qwave_batch.gating.sides import AxisPair, Side, shared_measures, sides_of_values
from qwave_batch.output.folder_reader import LineFilter, open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.scoring.scorer import Level
from qwave_batch.voting.judged_jobs import judged_job


def compare_scores(
    a: str | Path,
    b: str | Path | None = None,
    *,
    axis: AxisPair | None = None,
    scores: Sequence[str] = (),
    by: str | None = None,
    where: Callable[[ManifestLine], bool] | None = None,
) -> ScoreComparison:
    """Return how the second side differs from the first, on the prompts that both have.

    Args:
        a: A run folder, or the address of a store: the first side.
        b: The second side; None for the same folder, of which two values of an axis are compared.
        axis: The axis and its two values; None for all that both folders hold.
        scores: Full names, such as ``ocr.cer``, ``cost_usd`` or ``seconds``; none for all scores of images.
        by: ``tag`` or an axis, to compare each group as well.
        where: Which lines count; None for all.

    Raises:
        UsageError: nothing can be compared: there are no scores, or others; no prompt is in both.
        UnknownName: there is no such score, axis or value.
        FolderError: a folder is not a run folder, or its scores are broken.
        MissingExtra: the library that intervals need is not installed.
        StorageError: the disk fails.
    """
    check_can_draw()
    if b is None and axis is None:
        raise UsageError("one folder alone can't be compared: name a second one, or two values of an axis")
    with ExitStack() as stack:
        readers = [stack.enter_context(open_folder(each)) for each in ((a,) if b is None else (a, b))]
        kept = [read_kept_scores(reader) for reader in readers]
        names = (readers[0].layout.address, readers[-1].layout.address)
        measures = shared_measures(kept[0], kept[-1], scores, labels=names)
        condition = LineFilter(where=where)
        cells = [
            read_cells(reader, of_folder, measures, condition) for reader, of_folder in zip(readers, kept, strict=True)
        ]
        if axis is None:
            sides = (Side(names[0], cells[0]), Side(names[1], cells[-1]))
        else:
            sides = sides_of_values(cells[0], cells[-1], axis)
        of_pairs = [each.name for each in measures if each.is_scored and _is_of_pairs(each.name, kept[0])]
        if of_pairs and (axis is None or b is not None):
            raise UsageError(f"{of_pairs[0]} is a score of pairs: it compares two values of an axis of one folder")
        if of_pairs and axis is not None:
            jobs = {line.job_id: judged_job(line) for line in readers[0].lines(condition)}
            add_preferences(sides, kept[0], of_pairs, jobs, axis.axis)
    pairing = pair_cells(sides[0].cells, sides[1].cells, axis=None if axis is None else axis.axis)
    labels = [
        side.label if axis is None or b is None else f"{side.label} in {name}"
        for side, name in zip(sides, names, strict=True)
    ]
    return compare_sides(pairing, measures, a=labels[0], b=labels[1], by=by)


def _is_of_pairs(name: str, scores: KeptScores) -> bool:
    return level_of(name, scores) is Level.PAIR
