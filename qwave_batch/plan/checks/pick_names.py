"""Checks the choice among the parents of a stage: the number that decides, and what they compete in."""

import re
from collections.abc import Collection

from qwave_batch.errors import nearest
from qwave_batch.model.planned_stage import RATING, ParentPick
from qwave_batch.plan.problem_collector import ProblemCollector

PROMPT, MODEL, REPEAT = "prompt", "model", "repeat"
"""Every job has them, beside its axes."""

_SCORE = re.compile(r"[a-z][a-z0-9_]{0,62}\.[a-z][a-z0-9_]{0,62}", re.ASCII)
"""The full name of a score, as ``scoring`` gives them."""


def check_pick(pick: ParentPick, axes: Collection[str], problems: ProblemCollector) -> None:
    """Report a name in ``pick.by`` that no score can have, and those in ``pick.per`` that the parents have no axis of.

    Args:
        pick: The choice of a stage.
        axes: The axes of its parents: their own by name, those of their ancestors as ``STAGE.AXIS``.
        problems: Collects the mistakes, at ``pick`` of the stage.
    """
    if pick.by != RATING and not _SCORE.fullmatch(pick.by):
        problems.add(
            ("pick", "by"),
            f'"{pick.by}" is not the full name of a score',
            value=pick.by,
            suggestion="write SCORER.NUMBER, such as ocr.cer, or rating for that of people",
        )
    known = tuple(dict.fromkeys((PROMPT, MODEL, REPEAT, *axes)))
    for number, name in enumerate(pick.per):
        if name not in known:
            guess = nearest(name, known)
            problems.add(
                ("pick", "per", number),
                f'the parents have no axis "{name}"; they compete in {", ".join(known)}',
                value=name,
                allowed=known,
                suggestion=f'did you mean "{guess}"?' if guess else None,
            )
