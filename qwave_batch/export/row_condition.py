"""The condition of an export over its rows: names of manifest lines, the image, its pick and rating, its scores."""

import re
from collections.abc import Callable, Collection, Mapping

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.line_condition import LINE_NAMES, compile_condition, scope_of_line
from qwave_batch.output.manifest_line import MANIFEST

ROW_NAMES = (*LINE_NAMES, "image", "image_index", "pick", "rating", "scores")
"""The names that a condition over rows may use."""
_NAMED_SCORE = re.compile(r"\bscores\.([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?")
_NO_NUMBER = float("nan")
"""Stands for a number that is not there where it is compared with one: every such comparison is false."""


def row_condition(expression: str | None, scores: Collection[str]) -> Callable[[ExportRow], bool]:
    """Return the test of rows that an expression describes.

    Args:
        expression: A template expression; None takes every row.
        scores: The full names of all scores that the folders hold.

    Raises:
        UsageError: it does not parse, or uses a name or a score that there is not. The test raises it too, for an
            expression that fails on a row or gives something other than true or false.
    """
    if expression is None:
        return lambda _: True
    is_met = compile_condition(expression, ROW_NAMES, named="condition", of="row")
    _check_scores(expression, scores)

    def is_taken(row: ExportRow) -> bool:
        scope = _scope(row, scores, missing=None)
        try:
            return is_met(scope, row.line.job_id)
        except UsageError:
            if row.picked.rating is not None and all(name in row.scores for name in scores):
                raise
        return is_met(_scope(row, scores, missing=_NO_NUMBER), row.line.job_id)

    return is_taken


def _check_scores(expression: str, scores: Collection[str]) -> None:
    for scorer, output in _NAMED_SCORE.findall(expression):
        name = f"{scorer}.{output}" if output else scorer
        if name not in scores and not (not output and any(known.startswith(f"{scorer}.") for known in scores)):
            hint = f"there is {', '.join(sorted(scores))}" if scores else "the folders were never scored"
            raise UnknownName("score", name, sorted(scores), hint=hint)


def _scope(row: ExportRow, scores: Collection[str], *, missing: float | None) -> Mapping[str, Json]:
    by_scorer: dict[str, dict[str, Json]] = {}
    for name in scores:
        scorer, _, output = name.partition(".")
        by_scorer.setdefault(scorer, {})[output] = row.scores.get(name, missing)
    return {
        **scope_of_line(row.line),
        "image": None if row.image is None else MANIFEST.encode(row.image),
        "image_index": row.image_index,
        "pick": row.picked.verdict and row.picked.verdict.value,
        "rating": missing if row.picked.rating is None else row.picked.rating,
        "scores": by_scorer,
    }
