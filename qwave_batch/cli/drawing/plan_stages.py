"""The stages of a plan for people: what each makes, and what is chosen only once its parents are made."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.drawing.plan_money import money_column
from qwave_batch.cli.drawing.table import Column

if TYPE_CHECKING:
    from qwave_batch.plans import AnyPlan, ParentPick, PlannedStage


def stage_table(plan: "AnyPlan", *, is_priced: bool) -> tuple[list[Column], list[list[str]]]:
    """Return the columns and a row for each stage; nothing for a plan without stages.

    Args:
        plan: The plan.
        is_priced: Whether the prices of the catalog count, by which stages are priced.
    """
    made = [(stage, plan.figures.of_stage(stage.name)) for stage in plan.stages]
    if not made:
        return [], []
    columns = [
        Column("stage", gives_way=True),
        Column("from", gives_way=True),
        Column("jobs", right=True),
        Column("images", right=True),
    ]
    open_stages, bounds = plan.figures.open_stages(plan.stages), plan.figures.most_by_stage
    rows = []
    for stage, figures in made:
        bound = bounds.get(stage.name, figures)
        jobs, images = (f"{number:,}" for number in (bound.jobs, bound.images))
        most = "at most " if stage.name in open_stages else ""
        rows.append([stage.name, stage.from_stage or "", f"{most}{jobs}", f"{most}{images}"])
    if is_priced:
        amounts = [
            bounds[stage.name].nusd if stage.name in bounds else figures.estimate.most_nusd for stage, figures in made
        ]
        columns.append(Column("USD at most", right=True))
        for row, amount in zip(rows, money_column(amounts), strict=True):
            row.append(amount)
    return columns, rows


def choice_facts(plan: "AnyPlan") -> Iterator[tuple[str, str]]:
    """Yield what is chosen later: a label and a sentence each."""
    for stage in plan.stages:
        if stage.is_decided_later:
            ways = [words for words in (_where_words(stage), _pick_words(stage)) if words]
            takes = f"{stage.name} takes {', and of these '.join(ways)}, once {stage.from_stage} is made"
            yield "chosen", f"{takes}; what decides comes from {' and '.join(_commands(stage))}"


def _commands(stage: "PlannedStage") -> list[str]:
    """Return the commands that bring what a stage is decided by."""
    facts = qb.plans.deciding_facts(stage)
    known = {"findings": "check DIR", "pick": "votes DIR FILE", "rating": "votes DIR FILE"}
    steps = {known.get(name, f"score DIR --with {name.partition('.')[0]}") for name in facts}
    return [f"qwave-batch {step}" for step in sorted(steps)]


def _where_words(stage: "PlannedStage") -> str:
    return "" if stage.where is None else f"those of {stage.from_stage} with {' '.join(stage.where.split())}"


def _pick_words(stage: "PlannedStage") -> str:
    pick: ParentPick | None = stage.pick
    if pick is None:
        return ""
    which = "lowest" if pick.lowest else "highest"
    of = "" if stage.where is not None else f" of {stage.from_stage}"
    return f"the {which} {pick.n}{of} by {pick.by} for each {' and '.join(pick.per)}"
