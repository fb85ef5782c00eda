"""Shows the differences between a plan and the previous one."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.plan_money import money_column
from qwave_batch.cli.drawing.plan_view import draw_facts
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells, cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.comparisons import Change, PlanComparison

_FATES = ("made", "held", "failed", "left_out", "reused")


def draw_change(found: "PlanComparison", terminal: Terminal) -> list[str]:
    """Return the lines that say what is added, removed and unchanged, and what that costs."""
    if not found.against:
        return draw_facts(change_facts(found), terminal)
    lines = [terminal.paint(terminal.shown(change_title(found)), "bold"), ""]
    if not found.comparison.is_same or found.kind == "folder":
        columns, rows, foot = change_table(found)
        lines += [*draw_table(columns, rows, terminal, foot=foot), ""]
        columns, rows = stage_change_table(found)
        lines += [*draw_table(columns, rows, terminal), ""] if rows else []
    lines += _draw_examples("added", found.comparison.added, found.comparison.total.added.jobs, terminal)
    lines += _draw_examples("removed", found.comparison.removed, found.comparison.total.removed.jobs, terminal)
    return lines + draw_facts(change_facts(found), terminal)


def change_title(found: "PlanComparison") -> str:
    """Return the change in a line."""
    total = found.comparison.total
    if found.comparison.is_same:
        return f"against {found.against}: the same {count(total.unchanged.jobs, 'job')}"
    return (
        f"against {found.against}: {total.added.jobs:,} added, {total.removed.jobs:,} removed, "
        f"{total.unchanged.jobs:,} unchanged"
    )


def change_table(found: "PlanComparison") -> tuple[list[Column], list[list[str]], list[str]]:
    """Return the columns, a row for each model, and the row of the sums where there are several."""
    columns, (*rows, foot) = _table(found, "model", {**found.comparison.by_model, "total": found.comparison.total})
    return columns, rows, foot if len(rows) > 1 else []


def stage_change_table(found: "PlanComparison") -> tuple[list[Column], list[list[str]]]:
    """Return the columns and a row for each stage; no row where neither side has stages."""
    return _table(found, "stage", found.comparison.by_stage)


def _table(
    found: "PlanComparison", title: str, changes: "Mapping[str, Change]"
) -> tuple[list[Column], list[list[str]]]:
    is_folder = found.kind == "folder"
    total = found.comparison.total
    fates = [fate for fate in _FATES if getattr(total, fate).jobs]
    shown = ["added", "removed", "unchanged", *fates, *(["to_make"] if is_folder else [])]
    columns = [Column(title, gives_way=True)]
    columns += [Column(name.replace("_", " "), right=True) for name in shown]
    columns += [Column("USD" if is_folder else "USD change", right=True)]
    costs = (change.to_make.nusd if is_folder else _difference(change) for change in changes.values())
    amounts = money_column(costs, signed=not is_folder)
    rows = [
        [name, *(_figure(change, figure) for figure in shown), amount]
        for (name, change), amount in zip(changes.items(), amounts, strict=True)
    ]
    return columns, rows


def change_facts(found: "PlanComparison") -> list[tuple[str, str]]:
    """Return what the change costs, and what else is to be known: a label and a sentence each."""
    total, kept = found.comparison.total, found.comparison.kept
    facts = []
    if found.kind == "folder":
        facts.append(("to make", _to_make(total)))
        if kept.jobs:
            facts.append(("keeps", f"{count(kept.jobs, 'removed job')} with images, until prune takes them away"))
    elif found.against:
        facts.append(("change", _change_words(total)))
    if found.reuse:
        facts.append(("reuse", reuse_words(found)))
    return [*facts, *(("note", note) for note in found.notes)]


def reuse_words(found: "PlanComparison") -> str:
    """Return what another folder can give."""
    reused = found.comparison.total.reused
    folders = ", ".join(map(str, found.reuse))
    if not reused.jobs:
        return f"nothing of what is to be made is in {folders}, unless it is random"
    return f"{count(reused.jobs, 'job')} can be taken from {folders}, which saves {usd(reused.nusd)}"


def _to_make(total: "Change") -> str:
    if not total.to_make.jobs:
        return "nothing: all of it is there"
    return f"{count(total.to_make.jobs, 'job')} for at most {usd(total.to_make.nusd)}"


def _change_words(total: "Change") -> str:
    if not total.added.jobs and not total.removed.jobs:
        return "costs nothing"
    more = _difference(total)
    sides = f"added {usd(total.added.nusd)}, removed {usd(total.removed.nusd)}"
    return f"costs at most {usd(abs(more))} {'more' if more >= 0 else 'less'}: {sides}"


def _difference(change: "Change") -> int:
    return change.added.nusd - change.removed.nusd


def _figure(change: "Change", name: str) -> str:
    jobs: int = getattr(change, name).jobs
    return f"{jobs:,}" if jobs else "-"


def _draw_examples(what: str, labels: Sequence[str], jobs: int, terminal: Terminal) -> list[str]:
    if not labels:
        return []
    lines = wrap(f"{what}:", terminal.width)
    room = terminal.width - cells("  ")
    lines += [f"  {cut_to_width(terminal.shown(label), room, mark=terminal.mark)}" for label in labels]
    more = jobs - len(labels)
    return [*lines, *([f"  and {more:,} more"] if more else []), ""]
