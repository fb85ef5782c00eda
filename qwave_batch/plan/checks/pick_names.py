"""Checks what the parents of a stage compete in: the prompt, and axes that they have."""

from collections.abc import Collection

from qwave_batch.errors import nearest
from qwave_batch.model.planned_stage import ParentPick
from qwave_batch.plan.problem_collector import ProblemCollector

PROMPT, MODEL, REPEAT = "prompt", "model", "repeat"
"""Every job has them, beside its axes."""


def check_pick(pick: ParentPick, axes: Collection[str], problems: ProblemCollector) -> None:
    """Report the names in ``pick.per`` that the parents have no axis of.

    Args:
        pick: The choice of a stage.
        axes: The axes of its parents: their own by name, those of their ancestors as ``STAGE.AXIS``.
        problems: Collects the mistakes, at ``pick.per`` of the stage.
    """
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
