"""The result of ``score``, for people."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal

if TYPE_CHECKING:
    from qwave_batch.scores import ListedScorer, ScoreReport

_COLUMNS = (
    Column("folder", gives_way=True),
    Column("items", True),
    Column("scored", True),
    Column("reused", True),
    Column("kept", True),
    Column("failed", True),
    Column("cost", True),
)
_SOURCES = {
    "prompt": "a prompt",
    "text": "meta.text",
    "questions": "meta.questions",
    "reference": "meta.reference",
    "input": "an input image",
}


def draw_scoring(report: "ScoreReport", terminal: Terminal) -> list[str]:
    """Return a row for each folder, and the names of the numbers."""
    rows = [
        (
            folder.address,
            f"{folder.counts.items:,}",
            f"{folder.counts.scored:,}",
            f"{folder.counts.reused:,}",
            f"{folder.counts.kept:,}",
            f"{folder.counts.failed:,}",
            usd(folder.counts.cost_nusd) if folder.counts.cost_nusd else "",
        )
        for folder in report.folders
    ]
    names = ", ".join(f"{report.scorer}.{name}" for name in report.outputs)
    return [*draw_table(_COLUMNS, rows, terminal), "", f"{report.scorer} {report.version} gives {names}"]


def scoring_notes(report: "ScoreReport") -> Iterator[str]:
    """Yield facts that people should know: what was left out, what failed and why, and why it stopped."""
    for folder in report.folders:
        for need, number in folder.counts.lacking.items():
            yield f"{folder.address}: {count(number, 'image')} left out, without {_SOURCES[need]}"
        first = folder.counts.first_failure
        if first is not None:
            codes = ", ".join(f"{number:,} {code}" for code, number in folder.counts.failures.most_common())
            yield f"{folder.address}: {count(folder.counts.failed, 'item')} failed ({codes}), first: {first.message}"
    yield from report.notes
    if report.stopped is not None:
        yield f"stopped: {report.stopped}; the same command goes on from here"


def draw_scorers(listed: "Sequence[ListedScorer]", terminal: Terminal) -> list[str]:
    """Return a row for each scorer."""
    columns = (Column("scorer"), Column("from"), Column("", gives_way=True))
    rows = [(each.name, each.origin, "" if each.fault is None else f"can't be used: {each.fault}") for each in listed]
    return draw_table(columns, rows, terminal)
