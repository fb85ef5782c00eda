"""A plan as Markdown: the thing to paste under a pull request."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.plan_change import change_facts, change_table, change_title, stage_change_table
from qwave_batch.cli.drawing.plan_matrix import legend, marks, refused_elsewhere, value_labels
from qwave_batch.cli.drawing.plan_stages import stage_table
from qwave_batch.cli.drawing.plan_view import PlanSheet, folded_words, model_table, skip_lines
from qwave_batch.cli.drawing.samples import prompt_words, sample_words
from qwave_batch.cli.drawing.table import Column
from qwave_batch.cli.drawing.text import bounded, safe

if TYPE_CHECKING:
    from qwave_batch.comparisons import PlanComparison
    from qwave_batch.plans import SupportMatrix

_OPENING = re.compile(r"^(\d+)([.)])(?!\S)|^()([+=-])(?=[\s=-]|$)")
_ESCAPED = r"\1\3\\\2\4"
_LINKED = re.compile(r"@|#(?=\d)|\b(?:https?|ftp|mailto|xmpp):|\bwww(?=\.)|\bGH(?=-\d)", re.IGNORECASE)
_NO_SPACE = "&#8203;"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~&!@$])")


def markdown_plan(sheet: PlanSheet) -> list[str]:
    """Return a plan's figures."""
    plan = sheet.plan
    lines = [f"### Plan of {_literal(plan.name)}", "", *markdown_table(*model_table(sheet)), ""]
    stages = stage_table(plan, is_priced=sheet.has_catalog_prices)
    lines += [*markdown_table(*stages), ""] if plan.stages else []
    if folded := folded_words(plan):
        lines += [f"{folded}.", ""]
    if plan.figures.skipped:
        reasons = [markdown_item(line) for line in skip_lines(plan)]
        lines += [*_folded_away(f"{count(plan.figures.skipped, 'job')} left out", reasons), ""]
    if sheet.samples:
        shown = [
            f"- {', '.join(map(_literal, sample_words(each)))}: {_literal(prompt_words(each))}"
            for each in sheet.samples
        ]
        lines += [*_folded_away(count(len(shown), "sample"), shown), ""]
    return lines


def markdown_change(found: "PlanComparison") -> list[str]:
    """Return what tells the plan from the other side."""
    if not found.against:
        return markdown_facts(change_facts(found))
    comparison = found.comparison
    title = change_title(found)
    lines = [f"#### {title[0].upper()}{_literal(title[1:])}", ""]
    if not comparison.is_same or found.kind == "folder":
        lines += [*markdown_table(*change_table(found)), ""]
        stages = stage_change_table(found)
        lines += [*markdown_table(*stages), ""] if found.comparison.by_stage else []
    lines += markdown_facts(change_facts(found))
    for what, labels, jobs in (
        ("added", comparison.added, comparison.total.added.jobs),
        ("removed", comparison.removed, comparison.total.removed.jobs),
    ):
        if labels:
            more = [f"- and {jobs - len(labels):,} more"] if jobs > len(labels) else []
            lines += ["", *_folded_away(f"{jobs:,} {what}", [*map(markdown_item, labels), *more])]
    return lines


def markdown_facts(facts: Iterable[tuple[str, str]]) -> list[str]:
    """Return labelled sentences as a list."""
    return [f"- **{label}**: {_literal(text)}" for label, text in facts]


def markdown_matrix(matrix: "SupportMatrix") -> list[str]:
    """Return a table of models by values for each axis."""
    signs = marks(has_unicode=True)
    lines: list[str] = []
    for number, axis in enumerate(matrix.axes):
        values = [(text, label) for at, text, label in value_labels(matrix) if at == number]
        columns = [Column(axis.name), *(Column(label) for _, label in values)]
        rows = [[name, *(signs[axis.support(name, text)] for text, _ in values)] for name in matrix.models]
        lines += [*markdown_table(columns, rows, []), ""]
    return [
        *lines,
        _literal(", ".join(legend(has_unicode=True))),
        *map(markdown_item, refused_elsewhere(matrix)),
    ]


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is: no markup, no mention of a person, one line."""
    return _SPECIAL.sub(r"\\\1", safe(text))


def _literal(text: str) -> str:
    """Return text as ``escaped`` does, that links to nothing.

    GitHub looks for mentions, references and addresses after Markdown is done, where a backslash is gone: a space of
    no width keeps them apart.
    """
    return _LINKED.sub(rf"\g<0>{_NO_SPACE}", escaped(bounded(text)))


def markdown_item(text: str) -> str:
    """Return text as an item of a list, in which it does not begin another list."""
    return f"- {_OPENING.sub(_ESCAPED, _literal(text).strip())}"


def markdown_table(columns: Sequence[Column], rows: Iterable[Sequence[str]], foot: Sequence[str] = ()) -> list[str]:
    """Return a table; ``foot`` is a last row, in bold."""
    lines = [
        _row([_literal(column.title) for column in columns]),
        _row(["---:" if column.right else "---" for column in columns]),
    ]
    lines += [_row([_literal(cell.strip()) for cell in row]) for row in rows]
    if foot:
        lines.append(_row([f"**{_literal(cell.strip())}**" if cell.strip() else "" for cell in foot]))
    return lines


def _row(row: Iterable[str]) -> str:
    return f"| {' | '.join(row)} |"


def _folded_away(summary: str, lines: Iterable[str]) -> list[str]:
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>"]
