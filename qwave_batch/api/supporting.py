"""Which model takes, drops or refuses what, before a spec is complete enough to be planned."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from qwave_batch.catalog.registry import open_catalog
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.plan.file.plan_file import is_plan_file
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.plan.preparation import prepare
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.support_matrix import SupportMatrix, axes_that_set_fields, support_of
from qwave_batch.spec.document import Unsupported
from qwave_batch.spec.loading import load_spec


def support_matrix(
    source: str | Path, *, overrides: Sequence[str] = (), allow_read: Sequence[Path] = ()
) -> SupportMatrix:
    """Return which model takes, drops or refuses which value of which axis, whatever ``unsupported`` says.

    Raises:
        SpecError: the spec can't be read; that models refuse something is no problem here.
        UsageError: it is a plan in a file, which has no axes to judge, or its catalog is not at hand.
    """
    if is_plan_file(Path(source)):
        raise UsageError(f"{source} is a plan; --matrix looks at the axes of a spec")
    spec = replace(load_spec(source, overrides=overrides, allow_read=allow_read), unsupported=Unsupported.DROP)
    catalog = open_catalog(spec.catalog)
    entries = _as_far_as_they_go(prepare(spec, catalog, ProblemCollector(spec.source_map)).expansion.outlines())
    return support_of(entries, catalog, axes_that_set_fields(spec, catalog))


def _as_far_as_they_go(entries: Iterator[PlanEntrySummary]) -> Iterator[PlanEntrySummary]:
    """Yield the entries of a spec that may have mistakes; who plans it is told of them."""
    with suppress(SpecError):
        yield from entries
