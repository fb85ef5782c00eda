"""Reports plans, stages and prompts that make nothing, with the reason."""

from qwave_batch.plan.checks.prompt_texts import names_of_row
from qwave_batch.plan.expand.expansion import Expansion
from qwave_batch.plan.expand.later_where import WHERE
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.table.tables import Table


def note_empty(figures: Figures, expansion: Expansion) -> None:
    """Report a plan without jobs, a stage without any, and tables of which ``where`` accepts no row.

    Args:
        figures: The figures of the whole plan, in which no mistake was found.
        expansion: The spec, or one of its stages.
    """
    problems = expansion.problems
    if not figures.jobs:
        _note_no_job(figures, expansion, problems)
    elif expansion.stage:
        _note_no_row(expansion, problems)
    _note_no_parent(expansion, problems)
    _note_none_passes(expansion, problems)


def _note_no_job(figures: Figures, expansion: Expansion, problems: ProblemCollector) -> None:
    if figures.skipped:
        reasons = "; ".join(f"{skip.reason} ({count:,})" for skip, count in figures.skips.most_common(3))
        problems.add((), f"nothing to make: all {figures.skipped:,} jobs are skipped: {reasons}")
    elif not any(True for _ in expansion.matrix):
        problems.add(("matrix",), "nothing to make: the matrix has no combination", suggestion="exclude drops them all")
    else:
        for prompt in expansion.prompts:
            table = prompt.table
            if table is None:
                continue
            rows = expansion.reader.tables_read.get(table.shown_as, 0)
            found, suggestion = _none_of(table, rows)
            problems.add((*prompt.origin, "from"), f"nothing to make: {found}", suggestion=suggestion)


def _note_no_row(expansion: Expansion, problems: ProblemCollector) -> None:
    """Warn of a stage that makes nothing because all of its tables are empty."""
    read = expansion.reader.tables_read
    if not all(prompt.table and not read.get(prompt.table.shown_as) for prompt in expansion.prompts):
        return
    for prompt in expansion.prompts:
        if prompt.table:
            found, suggestion = _none_of(prompt.table, 0)
            message = f"{found}, so this stage makes nothing"
            problems.add((*prompt.origin, "from"), message, suggestion=suggestion, warning=True)


def _note_no_parent(expansion: Expansion, problems: ProblemCollector) -> None:
    """Warn of a stage whose ``where`` takes none of the jobs of the stage before it."""
    parents = expansion.reader.parents
    if parents is None or not parents.seen or parents.passed:
        return
    many = f"none of the {parents.seen:,} jobs" if parents.seen > 1 else "not the only job"
    problems.add(
        WHERE,
        f"where takes {many} of the stage that this one goes on from, so it makes nothing",
        suggestion="look at where, and at the axes of that stage: capitals and blanks count",
        warning=True,
    )


def _note_none_passes(expansion: Expansion, problems: ProblemCollector) -> None:
    """Report tables of which ``where`` accepts no row, beside prompts that make jobs.

    A ``where`` that uses nothing of the rows turns its prompt off, which is intended.
    """
    if problems.has_errors():
        return
    for prompt in expansion.prompts:
        none_of = expansion.reader.none_passes.get(prompt.origin)
        if none_of and prompt.where and not prompt.where.names.isdisjoint(names_of_row(prompt)):
            table, rows = none_of
            many = f"none of the {rows:,} rows" if rows > 1 else "not the only row"
            problems.add(
                (*prompt.origin, "where"),
                f"where lets {many} of {table.shown_as} through, so this prompt makes nothing",
                suggestion="look at where, and at what stands in the column: capitals and blanks count",
                warning=True,
            )


def _none_of(table: Table, rows: int) -> tuple[str, str]:
    """Return why a table makes no prompts, and what to do."""
    if rows:
        left_out = f"all {rows:,} rows" if rows > 1 else "the only row"
        return f"where leaves out {left_out} of {table.shown_as}", "look at where, and at what stands in the column"
    if table.has_header:
        return f"{table.shown_as} has a header and no rows", "write the rows below its header, or name another table"
    return f"{table.shown_as} has no rows", "write some, or name another table"
