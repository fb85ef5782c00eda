"""Which chain of jobs stands in which row of the page Chains: the page's own rules, for a sheet of it. Pure.

A chain leads from a job that is made from no other one to a job that no other one is made from. Each has a row; a job
with several children stands in the row of each. Columns are stages. Rows follow the jobs of the index: a first job,
then all chains that begin there, by the order of children. Of several parents the first counts. A chain is seen if one
of its jobs has a place that the filters let through, and an order by a score sorts by all jobs of a row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.pivot import Heading, Pivot, visible_places
from qwave_batch.report.pivot_data import PivotData, PivotJob
from qwave_batch.report.pivot_scores import score_order
from qwave_batch.report.report_index import NO_VALUE


@dataclass(frozen=True, slots=True)
class JobChain:
    """The jobs of a row from left to right, by their number in the index."""

    jobs: tuple[int, ...]
    images: tuple[int | None, ...]
    """Of each the place of the image that the next one is made from; None for all of its images."""


def chains_of(jobs: Sequence[PivotJob]) -> Iterator[JobChain]:
    """Yield the chains of all jobs that have a stage."""
    children: dict[int, list[int]] = {}
    for number, job in enumerate(jobs):
        if job.parents and job.stage != NO_VALUE:
            children.setdefault(job.parents[0][0], []).append(number)
    seen: set[int] = set()
    firsts = [number for number, job in enumerate(jobs) if job.stage != NO_VALUE and not job.parents]
    for first in (*firsts, *range(len(jobs))):  # a damaged folder may have links that lead round in a circle
        if first not in seen and jobs[first].stage != NO_VALUE:
            yield from _chains_from(first, jobs, children, seen)


def _chains_from(
    first: int, jobs: Sequence[PivotJob], children: dict[int, list[int]], seen: set[int]
) -> Iterator[JobChain]:
    waiting: list[tuple[int, ...]] = [(first,)]
    seen.add(first)
    while waiting:
        path = waiting.pop()
        further = [child for child in children.get(path[-1], ()) if child not in seen]
        seen.update(further)
        waiting.extend((*path, child) for child in reversed(further))
        if not further:
            yield JobChain(path, (*(jobs[child].parents[0][1] for child in path[1:]), None))


def chain_pivot(data: PivotData, view: ReportView) -> tuple[Pivot, dict[Heading, JobChain]]:
    """Return the grid of chains, whose rows are named by their last job and its columns by stage; and the chains."""
    is_visible = visible_places(data, view)
    cells: dict[tuple[Heading, Heading], tuple[int, ...]] = {}
    chains: dict[Heading, JobChain] = {}
    for chain in chains_of(data.jobs):
        jobs = [data.jobs[number] for number in chain.jobs]
        if any(is_visible(job, place) for job in jobs for place in job.places):
            row = Heading(0, chain.jobs[-1])
            chains[row] = chain
            for number, job in zip(chain.jobs, jobs, strict=True):
                where = row, Heading(0, job.stage)
                cells[where] = (*cells.get(where, ()), number)
    rows = list(chains)
    order = score_order(data.scores, view)
    if order is not None:
        keys = order.keys_of_rows(cells, [job.scores for job in data.jobs])
        rows.sort(key=keys.__getitem__)
    columns = sorted({column for _, column in cells}, key=lambda column: column.inner)
    return Pivot(rows=tuple(rows), columns=tuple(columns), cells=cells), chains
