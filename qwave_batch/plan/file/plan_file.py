"""A plan as a file: a header line, then a line per job, to be reviewed by people and run unchanged."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.catalog.fingerprint import catalog_fingerprint
from qwave_batch.errors import UsageError
from qwave_batch.model.job import Duplicate, Job, PlanItem
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.store_url import BadStoreUrl, StoreUrl
from qwave_batch.model.terms import Terms
from qwave_batch.plan.file.header_stages import stages_as_json
from qwave_batch.plan.file.plan_draft import PlanDraft
from qwave_batch.plan.file.plan_header import VERSION, PlanHeader, is_place, overlay_as_json, terms_as_json
from qwave_batch.plan.file.plan_lines import line_of
from qwave_batch.plan.file.plan_reading import PlanReader
from qwave_batch.plan.file.plan_seal import opened_line
from qwave_batch.plan.input_images import InputImage, images_as_json
from qwave_batch.plan.plan_samples import SHOWN, JobSample, PlanSampler, samples_of
from qwave_batch.plan.plan_summary import Figures, PlanEntrySummary, Watch, figures_of, summary_of
from qwave_batch.spec.inputs.file_access import InputFile, named_file
from qwave_batch.spec.parsing import parse_output_folder, parse_output_store


class AnyPlan(Protocol):
    """The common interface of a plan made from a spec and a plan read from a file."""

    @property
    def name(self) -> str:
        """The spec's name."""
        ...

    @property
    def catalog(self) -> str:
        """The catalog's date."""
        ...

    @property
    def catalog_used(self) -> Catalog:
        """The catalog that it was checked against, with the overlay that was laid over it."""
        ...

    @property
    def spec_sha256(self) -> str:
        """The hash of the spec."""
        ...

    @property
    def terms(self) -> Terms:
        """The terms of a run."""
        ...

    @property
    def output_folder(self) -> Path | None:
        """The run folder that the spec names; None without one."""
        ...

    @property
    def output_store(self) -> StoreUrl | None:
        """The object store that the spec names; None without one."""
        ...

    @property
    def spec_file(self) -> Path | None:
        """The absolute path of the spec's file; None if a plan file does not state it."""
        ...

    @property
    def inputs(self) -> Mapping[str, InputImage]:
        """The images of its jobs that are files, by their references."""
        ...

    @property
    def figures(self) -> Figures:
        """Its counts."""
        ...

    @property
    def stages(self) -> tuple[PlannedStage, ...]:
        """Its stages, parents before their children; empty for a spec without stages."""
        ...

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and duplicates in plan order."""
        ...

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield summaries of its entries, the jobs in plan order."""
        ...

    def samples(self, count: int = SHOWN) -> tuple[JobSample, ...]:
        """Return up to so many jobs as samples."""
        ...


def plan_lines(plan: AnyPlan, *, beside: Path | None = None, draft: PlanDraft | None = None) -> Iterator[str]:
    """Yield the lines of a plan file, each with its line end.

    The header comes first and contains the number and the hash of the lines, so they wait for it on disk.

    Args:
        plan: The plan.
        beside: The folder of the plan file. The lines wait on its disk, and the run folder and the spec's file are
            written
            relative to it. Without it the lines wait among the system's temporary files, the run folder is written as
            an
            absolute path, and the spec's file is left out.
        draft: The lines that were taken while the plan was counted, if there are any.
    """
    header: dict[str, Json] = {
        "plan": VERSION,
        "name": plan.name,
        "catalog": plan.catalog,
        "catalog_sha256": catalog_fingerprint(plan.catalog_used),
        **overlay_as_json(plan.catalog_used),
        "spec_sha256": plan.spec_sha256,
        "jobs": plan.figures.jobs + plan.figures.skipped,
    }
    opened = opened_line(
        header
        | terms_as_json(plan.terms)
        | _output(plan, beside)
        | _spec(plan, beside)
        | _inputs(plan, beside)
        | ({"stages": stages_as_json(plan.stages)} if plan.stages else {})
    )
    if draft is not None and draft.is_whole:
        yield from draft.closed(opened)
        return
    also = _duplicates_by_job(plan) if plan.figures.folded else {}
    with PlanDraft(beside) as drawn_up:
        for item in plan.items():
            if isinstance(item, Job):
                drawn_up.add(opened_line(line_of(item, also.get(item.job_id, ()))))
        yield from drawn_up.closed(opened)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan from a file; its jobs are read and checked against the catalog on each pass."""

    file: Path
    """As it was named."""
    source: InputFile
    """The opened file."""
    header: PlanHeader
    """The parsed first line."""
    figures: Figures
    sampler: PlanSampler = field(repr=False, compare=False)
    """Selected sample jobs while they were read."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"SavedPlan({self.name}: {self.figures.as_line()}, catalog {self.catalog}, of {self.file})"

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.header.name

    @property
    def catalog(self) -> str:
        """The catalog's date."""
        return self.header.catalog.date

    @property
    def catalog_used(self) -> Catalog:
        """The catalog that it was checked against."""
        return self.header.catalog

    @property
    def spec_sha256(self) -> str:
        """The hash of the spec."""
        return self.header.spec_sha256

    @property
    def terms(self) -> Terms:
        """The terms of a run of it."""
        return self.header.terms

    @property
    def output_folder(self) -> Path | None:
        """The run folder in the header, relative to the plan file; None without one."""
        return parse_output_folder(self.header.output, self.source.path.parent)

    @property
    def output_store(self) -> StoreUrl | None:
        """The object store in the header; None without one."""
        try:
            return parse_output_store(self.header.output)
        except BadStoreUrl as error:
            raise UsageError(f"{self.file}: output.store is not the address of a store: {error}") from None

    @property
    def spec_file(self) -> Path | None:
        """The location of the spec according to the header, relative to the plan file: only a hint."""
        spec = self.header.spec
        return None if spec is None else Path(os.path.abspath(self.source.path.parent / spec))  # noqa: PTH100 - as written

    @property
    def inputs(self) -> Mapping[str, InputImage]:
        """The images of its jobs that are files, by their references."""
        return self.header.inputs

    @property
    def stages(self) -> tuple[PlannedStage, ...]:
        """The stages that its header names."""
        return self.header.stages

    def items(self) -> Iterator[PlanItem]:
        """Yield jobs and duplicates in plan order.

        Raises:
            UsageError: The file is not as it was written, or has changed since it was read.
        """
        return PlanReader(self.source, str(self.file)).items(self.header)

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield summaries of its jobs."""
        return (summary_of(item) for item in self.items() if isinstance(item, Job))

    def samples(self, count: int = SHOWN) -> tuple[JobSample, ...]:
        """Return up to ``count`` sample jobs: evenly spaced, and including the one with the longest prompt."""
        return samples_of(self.sampler, count, self.figures.jobs_by_stage, self.items)


def read_plan(
    file: Path,
    *,
    watch: Watch | None = None,
    allow_read: Sequence[Path] = (),
    catalogs: CatalogSource = SHIPPED,
) -> SavedPlan:
    """Return the plan in a file that ``plan --out`` wrote, after reading all of it once.

    Args:
        file: The file.
        watch: Given the figures before they are counted, to follow their growth.
        allow_read: Folders outside the work tree of the file that links may lead to.
        catalogs: The catalogs to look in.

    Raises:
        UsageError: It is not a plan, was edited, or its catalog differs from the one used then.
    """
    source, _ = named_file(file, allow_read)
    reader = PlanReader(source, str(file))
    header = reader.header(catalogs)
    sampler = PlanSampler()
    figures = figures_of(
        reader.items(header, once=True), header.catalog.unpriced, watch=watch, sampler=sampler, stages=header.stages
    )
    return SavedPlan(file=file, source=source, header=header, figures=figures, sampler=sampler)


def is_plan_file(file: Path) -> bool:
    """Whether a file to run is a plan rather than a spec: it ends in .jsonl."""
    return file.suffix == ".jsonl"


def _output(plan: AnyPlan, beside: Path | None) -> dict[str, Json]:
    """Return the ``output`` of a plan's header; empty if the spec has none."""
    folder, store = plan.output_folder, plan.output_store
    output: dict[str, Json] = {}
    if folder is not None:
        output["folder"] = str(folder) if beside is None else os.path.relpath(folder, beside.resolve())
    if store is not None:
        output["store"] = str(store)
    return {"output": output} if output else {}


def _spec(plan: AnyPlan, beside: Path | None) -> dict[str, Json]:
    """Return the header's value for the location of the spec."""
    file = plan.spec_file
    place = None if file is None or beside is None else os.path.relpath(file, beside.resolve())
    return {"spec": place} if is_place(place) else {}


def _inputs(plan: AnyPlan, beside: Path | None) -> dict[str, Json]:
    """Return the header's value for the images of jobs; empty without any."""
    return {"inputs": images_as_json(plan.inputs, beside)} if plan.inputs else {}


def _duplicates_by_job(plan: AnyPlan) -> dict[str, list[Duplicate]]:
    found: defaultdict[str, list[Duplicate]] = defaultdict(list)
    for item in plan.items():
        if isinstance(item, Duplicate):
            found[item.job_id].append(item)
    return found
