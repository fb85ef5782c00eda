"""Plans a spec: everything is checked once, all problems are reported together, jobs are streamed."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch import catalog_reading
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, UnknownName
from qwave_batch.model.job import PlanItem
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.problem import Problem
from qwave_batch.model.store_url import StoreUrl
from qwave_batch.model.terms import Terms
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.counting import count_plan
from qwave_batch.plan.empty_parts import note_empty
from qwave_batch.plan.expand.entries import StartExpansion
from qwave_batch.plan.expand.jobs import TakeEntry
from qwave_batch.plan.input_images import InputImage
from qwave_batch.plan.plan_samples import SHOWN, JobSample, PlanSampler, samples_of
from qwave_batch.plan.plan_summary import Figures, PlanEntrySummary, Watch
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stage_problems import PlanProblems
from qwave_batch.plan.stages import PreparedPlan, planned_stages, prepare_plan
from qwave_batch.spec.document import Spec
from qwave_batch.spec.values.value_messages import cut_for_message


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked plan; each iteration over ``items()`` expands it again, always to the same items."""

    spec: Spec
    catalog_used: Catalog
    figures: Figures
    warnings: tuple[Problem, ...]
    sampler: PlanSampler = field(repr=False, compare=False)
    """Selected sample jobs while they were counted."""
    prepared: PreparedPlan = field(repr=False, compare=False)
    """The spec and its stages, compiled, with the images that requests name by their files as they were then."""
    start: StartExpansion = field(default=expand_with_cache, repr=False, compare=False)
    """The implementation of the expansion."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"Plan({self.name}: {self.figures.as_line()}, catalog {self.catalog}, of {self.spec.file})"

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.spec.name

    @property
    def catalog(self) -> str:
        """The date of the catalog it was checked against."""
        return self.catalog_used.date

    @property
    def spec_sha256(self) -> str:
        """The hash of the spec as written."""
        return self.spec.sha256

    @property
    def terms(self) -> Terms:
        """The terms of a run."""
        return self.spec.terms

    @property
    def inputs(self) -> Mapping[str, InputImage]:
        """The images of its jobs that are files, by their references."""
        return self.prepared.images.used

    @property
    def output_folder(self) -> Path | None:
        """The run folder that the spec names; None without one."""
        return self.spec.output_folder

    @property
    def output_store(self) -> StoreUrl | None:
        """The object store that the spec names; None without one."""
        return self.spec.output_store

    @property
    def spec_file(self) -> Path:
        """The absolute path of the spec's file, as it was named."""
        return Path(os.path.abspath(self.spec.file))  # noqa: PTH100 - links are not followed

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and duplicates in plan order."""
        return self._again().items()

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield summaries of the entries, in plan order."""
        return self._again().outlines()

    @property
    def stages(self) -> tuple[PlannedStage, ...]:
        """The stages in the plan's order; empty for a spec without stages."""
        return planned_stages(self.spec, self.prepared) if self.spec.stages else ()

    def samples(self, count: int = SHOWN) -> tuple[JobSample, ...]:
        """Return up to ``count`` sample jobs: evenly spaced, and including the one with the longest prompt."""
        return samples_of(self.sampler, count, self.figures.jobs_by_stage, self.items)

    def _again(self) -> PreparedPlan:
        collectors = PlanProblems(self.spec)
        images = self.prepared.images
        return prepare_plan(self.spec, self.catalog_used, collectors.of, start=self.start, images=images)


def make_plan(
    spec: Spec,
    *,
    watch: Watch | None = None,
    start: StartExpansion = expand_with_cache,
    take: TakeEntry | None = None,
    catalogs: CatalogSource = SHIPPED,
) -> Plan:
    """Return the plan of a spec.

    Args:
        spec: The spec.
        watch: Given the figures before they are counted, to follow their growth.
        start: The implementation of the expansion; ``expand_plainly`` gives the same entries without caches.
        take: Given all entries while they are counted.
        catalogs: The catalogs to look in.

    Raises:
        SpecError: With every problem of the spec, catalog violations included, or if no job is left.
    """
    collectors = PlanProblems(spec)
    catalog = catalog_of_spec(spec, collectors.whole, catalogs)
    collectors.whole.take_warnings(spec.warnings)
    prepared = prepare_plan(spec, catalog, collectors.of, start=start)

    figures, sampler = Figures(), PlanSampler()
    if watch is not None:
        watch(figures)
    count_plan(prepared, figures, sampler, take, planned_stages(spec, prepared) if spec.stages else ())
    if not collectors.has_errors():
        for expansion in prepared.expansions:
            note_empty(figures, expansion)
    found = collectors.found()
    if collectors.has_errors():
        raise SpecError(found)
    return Plan(
        spec=spec,
        catalog_used=catalog,
        figures=figures,
        warnings=found,
        sampler=sampler,
        prepared=prepared,
        start=start,
    )


def rest_problems(rest: Spec, *, catalogs: CatalogSource = SHIPPED) -> tuple[Problem, ...]:
    """Return the problems in the rest of a spec with mistakes.

    That it makes no jobs follows from the mistakes. Only those warnings count that follow from the file alone.
    """
    collectors = PlanProblems(rest)
    try:
        catalog = catalog_of_spec(rest, collectors.whole, catalogs)
        collectors.whole.take_warnings(rest.warnings)
        count_plan(prepare_plan(rest, catalog, collectors.of), Figures())
        found: Iterable[Problem] = collectors.found()
    except SpecError as error:
        found = error.problems
    as_written = [warning for warning in collectors.of_reading() if warning not in rest.warnings]
    return (*(problem for problem in found if problem.severity == "error"), *as_written)


def catalog_of_spec(spec: Spec, problems: ProblemCollector, catalogs: CatalogSource) -> Catalog:
    """Return the catalog of a spec, with the overlay that it names laid over it.

    Raises:
        SpecError: There is no catalog of that date, or the overlay has problems.
    """
    catalog = _dated_catalog(spec, problems, catalogs)
    if spec.overlay is None:
        return catalog
    try:
        return catalog_reading.overlay_reading.overlaid_by(catalog, spec.overlay.layer, spec.overlay.name)
    except SpecError as error:
        raise SpecError((*problems.found(), *error.problems)) from None


def _dated_catalog(spec: Spec, problems: ProblemCollector, catalogs: CatalogSource) -> Catalog:
    try:
        return catalogs.dated(spec.catalog)
    except UnknownName as unknown:
        guess, newest = unknown.suggestion, catalogs.newest()
        problems.add(
            ("catalog",),
            f'unknown catalog "{cut_for_message(spec.catalog)}"',
            value=spec.catalog,
            allowed=unknown.known,
            suggestion=(
                f'write "{newest}", the newest'
                if guess in {None, newest}
                else f'did you mean "{guess}"? the newest is "{newest}"'
            ),
            next_step=Advice(NextStep.PIN_CATALOG),
        )
        raise SpecError(problems.found()) from unknown
