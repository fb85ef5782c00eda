"""Chooses the jobs of a run folder that are to be made again, and makes a plan of them, from the folder alone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.api.folder_catalog import catalog_of_folder
from qwave_batch.api.restored_request import identifying_request
from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import QwaveError, StorageError, UsageError
from qwave_batch.folder.inputs import stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.image_inspection import BadImage, inspect_file
from qwave_batch.model.input_references import is_reference, texts_in
from qwave_batch.model.job import Job, PlanItem, request_body
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.next_step import RunWarning
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.record import JobStatus
from qwave_batch.model.store_url import StoreUrl
from qwave_batch.model.terms import Terms
from qwave_batch.output.folder_reader import EVERY_LINE, FolderReader, LineFilter, open_folder
from qwave_batch.output.image_search import FoundJob, all_jobs
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.plan.expand.jobs import is_random
from qwave_batch.plan.file.earlier_jobs import LineFault
from qwave_batch.plan.file.plan_lines import LineReader, PlannedLine
from qwave_batch.plan.input_images import InputImage
from qwave_batch.plan.plan_samples import SHOWN, JobSample, PlanSampler, samples_of
from qwave_batch.plan.plan_summary import Figures, PlanEntrySummary, figures_of, summary_of
from qwave_batch.reproducing.repeated_jobs import UncomparedJob
from qwave_batch.reproducing.spread_sample import SpreadSample
from qwave_batch.spec.loading import load_spec

_NAME_ENDING = "-repro"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatPlan:
    """A plan of jobs that a run folder has made, to be made again."""

    folder: str
    """The run folder that has made them, as it was named."""
    backend: str | None
    """The API's host that it was made with, or ``simulator``."""
    name: str
    catalog_used: Catalog
    spec_sha256: str
    terms: Terms
    jobs: tuple[Job, ...]
    inputs: Mapping[str, InputImage]
    figures: Figures
    sampler: PlanSampler = field(repr=False, compare=False)
    seedless: Mapping[str, int]
    """By model: complete jobs without a seed, of which none is chosen."""
    with_parents: Mapping[str, int]
    """By model: complete jobs that are made from others, of which none is chosen either."""
    eligible: int
    """Complete jobs with a seed."""
    not_repeated: tuple[UncomparedJob, ...]
    """Chosen jobs that can't be asked for again."""
    warnings: tuple[RunWarning, ...]

    @property
    def catalog(self) -> str:
        """The date of the catalog."""
        return self.catalog_used.date

    @property
    def output_folder(self) -> Path | None:
        """None: the folder is named by the caller."""
        return None

    @property
    def output_store(self) -> StoreUrl | None:
        """None: images are kept in the folder."""
        return None

    @property
    def spec_file(self) -> Path | None:
        """None: the plan has no spec of its own."""
        return None

    @property
    def stages(self) -> tuple[PlannedStage, ...]:
        """Empty: nothing is left to decide."""
        return ()

    def items(self) -> Iterator[PlanItem]:
        """Yield the jobs in the order of the folder's plan."""
        return iter(self.jobs)

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield summaries of the jobs."""
        return map(summary_of, self.jobs)

    def samples(self, count: int = SHOWN) -> tuple[JobSample, ...]:
        """Return up to so many jobs as samples."""
        return samples_of(self.sampler, count, self.figures.jobs_by_stage, self.items)


def plan_repeats(
    folder: str | Path,
    *,
    sample: int,
    seed: int = 0,
    where: LineFilter = EVERY_LINE,
    catalogs: CatalogSource = SHIPPED,
) -> RepeatPlan:
    """Return the plan of jobs of a run folder to make again: complete ones with a seed, spread over its models.

    Nothing is written or sent. The same folder, sample and seed give the same jobs, and a larger sample holds them.

    Args:
        folder: A run folder, live or ended, a copy of one, or the address of a store.
        sample: How many jobs.
        seed: Chooses others.
        where: The lines to choose among.
        catalogs: The catalogs to look in for the one that the folder was made with.

    Raises:
        UsageError: there is no such folder, or none of its jobs can be made again.
        StorageError: the folder can't be read.
    """
    with open_folder(folder) as reader:
        header = reader.header()
        catalog, warnings = catalog_of_folder(reader.layout, header.backend or "", catalogs)
        choice = _Choice(SpreadSample(sample, seed))
        chosen = choice.of(reader, catalog, where)
        if not choice.eligible:
            raise UsageError(choice.nothing(reader.layout))
        made = _Remade(catalog, reader.layout)
        jobs = tuple(job for found in chosen if (job := made.job(found)) is not None)
    if not jobs:
        first = made.refused[0]
        raise UsageError(
            f"none of the {len(chosen):,} jobs that were chosen of {folder} can be asked for again; "
            f"job {first.job_id} of {first.model}: {first.reason}"
        )
    sampler = PlanSampler()
    figures = figures_of(iter(jobs), catalog.unpriced, sampler=sampler)
    sha256 = (header.summary or {}).get("spec_sha256")
    return RepeatPlan(
        folder=str(folder),
        backend=header.backend,
        name=f"{header.name or 'run'}{_NAME_ENDING}",
        catalog_used=catalog,
        spec_sha256=sha256 if isinstance(sha256, str) else "",
        terms=_terms(reader.layout),
        jobs=jobs,
        inputs=made.inputs,
        figures=figures,
        sampler=sampler,
        seedless=dict(choice.seedless),
        with_parents=dict(choice.with_parents),
        eligible=choice.eligible,
        not_repeated=tuple(made.refused),
        warnings=warnings,
    )


def is_seeded(found: FoundJob, catalog: Catalog) -> bool:
    """Whether a job gave its model a seed, so that it is not to be random."""
    if found.job is not None:
        return not found.job.random
    model = catalog.models.get(found.line.model)
    if model is None:  # its catalog is not at hand: the request alone tells
        return found.line.request.get("seed", -1) != -1
    return not is_random(found.line.request, model)


@dataclass(slots=True)
class _Choice:
    """Chooses jobs, and counts those of which none is chosen by model."""

    sample: SpreadSample[FoundJob]
    seedless: Counter[str] = field(default_factory=Counter)
    with_parents: Counter[str] = field(default_factory=Counter)
    eligible: int = 0

    def of(self, reader: FolderReader, catalog: Catalog, where: LineFilter) -> list[FoundJob]:
        """Return the chosen jobs in plan order."""
        for found in all_jobs(reader):
            line = found.line
            if line.status is not JobStatus.COMPLETED or not line.images or not where.takes(line):
                continue
            if line.parents:
                self.with_parents[line.model] += 1
            elif is_seeded(found, catalog):
                self.eligible += 1
                self.sample.add(line.job_id, line.model, found)
            else:
                self.seedless[line.model] += 1
        return sorted(self.sample.spread(), key=lambda found: found.line.index)

    def nothing(self, layout: RunLayout) -> str:
        """Return why there is nothing to choose from."""
        reasons = [
            f"{self.seedless.total():,} have no seed, so that another image is to be expected" if self.seedless else "",
            f"{self.with_parents.total():,} are made from other jobs, which are not made again with them"
            if self.with_parents
            else "",
        ]
        if not any(reasons):
            return f"{layout.address} has nothing to repeat: no job that was asked for is complete"
        return f"{layout.address} has nothing to repeat: of its complete jobs {'; '.join(filter(None, reasons))}"


@dataclass(slots=True)
class _Remade:
    """Makes jobs of a folder anew, by the rules of its catalog."""

    catalog: Catalog
    layout: RunLayout
    inputs: dict[str, InputImage] = field(default_factory=dict)
    refused: list[UncomparedJob] = field(default_factory=list)

    def job(self, found: FoundJob) -> Job | None:
        """Return a job to be sent again; None for one that can't be, with the reason in ``refused``."""
        line = found.line
        try:
            return self._job(found)
        except (LineFault, BadImage, StorageError, OSError) as error:
            self.refused.append(
                UncomparedJob(job_id=line.job_id, model=line.model, prompt_id=line.prompt_id, reason=str(error))
            )
            return None

    def _job(self, found: FoundJob) -> Job:
        line = found.line
        request = identifying_request(found, self.layout)
        if request is None:
            raise LineFault("its request can't be put together from what the folder holds")
        model = self.catalog.models.get(line.model)
        if model is None:
            raise LineFault(f"catalog {self.catalog.date} has no such model")
        for reference in {text for text in texts_in(request) if is_reference(text)}:
            if reference not in self.inputs:
                self.inputs[reference] = _kept_image(self.layout, reference)
        callback = _signed_images(found, self.catalog)
        estimate = model.estimate(request_body(request, callback))
        planned = _planned(line, request, callback, usd_from_nusd(estimate.most_nusd))
        return LineReader(self.catalog, self.inputs).job(planned)


def _signed_images(found: FoundJob, catalog: Catalog) -> dict[str, Json]:
    """Return the addresses of a job's images with their signatures; nobody else is called back."""
    callback = {} if found.job is None else found.job.callback
    return {name: value for name, value in callback.items() if name in catalog.image_fields}


def _planned(line: ManifestLine, request: JsonObject, callback: JsonObject, estimated_usd: float) -> PlannedLine:
    return PlannedLine(
        job_id=line.job_id,
        index=line.index,
        prompt_id=line.prompt_id,
        prompt=line.prompt,
        model=line.model,
        action=line.action,
        request=request,
        dropped=line.dropped,
        axes=line.axes,
        tags=line.tags,
        meta=line.meta,
        repeat=line.repeat,
        also=(),
        path=line.path,
        estimated_usd=estimated_usd,
        callback=callback,
        overlay=line.overlay,
    )


def _kept_image(layout: RunLayout, reference: str) -> InputImage:
    """Return an input image that the folder keeps."""
    kept = None if layout.store is not None else stored_input(layout, reference)
    if kept is None:
        raise LineFault(f"its input {reference} is not in inputs/ on this machine")
    with layout.artifacts.open(kept) as file:
        info = inspect_file(file)
    return InputImage(
        reference=reference,
        format=info.format,
        size_bytes=info.size_bytes,
        width=info.width,
        height=info.height,
        path=layout.root / kept,
    )


def _terms(layout: RunLayout) -> Terms:
    """Return the limits that the folder's spec sets; neither its budget nor the way in which it learns of ends."""
    with suppress(QwaveError):
        terms = load_spec(layout.spec).terms
        return Terms(limits=terms.limits, retry_attempts=terms.retry_attempts, timeout_s=terms.timeout_s)
    return Terms()
