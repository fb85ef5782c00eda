"""Compares two runs of the same requests, model by model: what has changed between them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.api.folder_catalog import catalog_of_folder
from qwave_batch.api.repeat_plan import is_seeded
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import UsageError
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobStatus
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.output.folder_reader import EVERY_LINE, FolderReader, LineFilter, open_folder
from qwave_batch.output.image_search import FoundJob, all_jobs
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.output.times import iso_from_unix
from qwave_batch.reproducing.control_search import ControlSearch
from qwave_batch.reproducing.effort_change import EffortChange, EffortTally
from qwave_batch.reproducing.model_comparison import ChangedJob, ModelComparison
from qwave_batch.reproducing.other_requests import OtherRequests, RequestPlaces, other_requests
from qwave_batch.reproducing.repeated_jobs import JobFacts, UncomparedJob, Unfit, facts_of_line, fault_of_pair
from qwave_batch.reproducing.run_comparison import CONTROL_JOBS, RunComparison
from qwave_batch.reproducing.spread_sample import SpreadSample


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSide:
    """One of two runs."""

    folder: str
    backend: str | None
    catalog: str | None
    """The date that its summary names."""
    first_at: float | None
    """When the first of the jobs that both runs have ended; Unix seconds."""
    last_at: float | None
    alone: int
    """Complete jobs whose request the other run does not have."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        return {
            "folder": self.folder,
            "backend": self.backend,
            "catalog": self.catalog,
            "first_at": None if self.first_at is None else iso_from_unix(self.first_at),
            "last_at": None if self.last_at is None else iso_from_unix(self.last_at),
            "alone": self.alone,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReport:
    """Two runs beside each other."""

    before: RunSide
    after: RunSide
    common: int
    """Requests that both runs have."""
    models: tuple[ModelComparison, ...]
    effort: dict[str, EffortChange]
    """By model."""
    changed: tuple[ChangedJob, ...]
    """The most changed jobs, the most changed one first."""
    uncompared: tuple[UncomparedJob, ...]
    other_requests: OtherRequests
    """Jobs that stand in the same place of both, and are not the same request."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        verdicts = ", ".join(f"{model.model}: {model.verdict.value}" for model in self.models)
        return f"DriftReport({self.compared:,} jobs of {self.before.folder} and {self.after.folder}: {verdicts})"

    @property
    def compared(self) -> int:
        """How many jobs were compared image by image."""
        return sum(model.compared for model in self.models)

    @property
    def exit_status(self) -> int:
        """0 when jobs were compared, whatever was found; 1 when there was nothing to compare."""
        return 0 if self.compared else 1

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``drift --json`` prints."""
        return {
            "before": self.before.as_json(),
            "after": self.after.as_json(),
            "common": self.common,
            "other_requests": self.other_requests.as_json(),
            "compared": self.compared,
            "models": {
                model.model: {**model.as_json(), "effort": _effort_json(self.effort.get(model.model))}
                for model in self.models
            },
            "changed": [job.as_json() for job in self.changed],
            "uncompared": [job.as_json() for job in self.uncompared],
        }


def _effort_json(effort: EffortChange | None) -> Json:
    return None if effort is None else effort.as_json()


def compare_runs(
    before: str | Path,
    after: str | Path,
    *,
    where: LineFilter = EVERY_LINE,
    sample: int | None = None,
    catalogs: CatalogSource = SHIPPED,
    on_work: OnWork = ignore_work,
) -> DriftReport:
    """Return how the images of two runs differ that asked for the same: jobs with the same id. Nothing is written.

    Args:
        before: A run folder, a copy of one, or the address of a store: the earlier run.
        after: The later run.
        where: The lines to compare, of both runs.
        sample: How many jobs are compared, spread over the models; None compares all.
        catalogs: The catalogs to look in for those that the folders were made with.
        on_work: Told how many jobs were compared.

    Raises:
        UsageError: one of them is not a run folder, both are the same one, or one alone was made with the simulator.
        StorageError: a folder can't be read.
    """
    with open_folder(before) as earlier, open_folder(after) as later:
        _check_pair(earlier, later)
        drift = _Drift(RunComparison(earlier, later, on_work), where, catalogs)
        return drift.report(sample)


def _check_pair(earlier: FolderReader, later: FolderReader) -> None:
    one, other = earlier.header(), later.header()
    if earlier.layout.address == later.layout.address or (
        earlier.layout.store is None
        and later.layout.store is None
        and earlier.layout.root.resolve() == later.layout.root.resolve()
    ):
        raise UsageError(f"{earlier.layout.address} is named twice; name an earlier run and a later one")
    if {one.backend, other.backend} > {SIMULATOR} and None not in {one.backend, other.backend}:
        simulated, real = (earlier, later) if one.backend == SIMULATOR else (later, earlier)
        raise UsageError(
            f"{simulated.layout.address} was made with the simulator and {real.layout.address} was not, so their "
            "images have nothing to do with each other"
        )


@dataclass(slots=True)
class _Drift:
    comparison: RunComparison
    where: LineFilter
    catalogs: CatalogSource
    common: int = 0
    effort: dict[str, EffortTally] = field(default_factory=dict)
    moments_before: list[float] = field(default_factory=list)
    """The first and the last end of a job that both runs have."""
    moments_after: list[float] = field(default_factory=list)
    alone_before: frozenset[str] = frozenset()
    """Complete jobs that only the earlier run has."""
    alone_after: set[str] = field(default_factory=set)

    def report(self, sample: int | None) -> DriftReport:
        past = {job.job_id: job for job in self._jobs(self.comparison.before)}
        pairs = list(self._pairs(past))
        self.alone_before = frozenset(job.job_id for job in past.values() if job.is_complete)
        if sample is not None:
            few: SpreadSample[tuple[JobFacts, JobFacts]] = SpreadSample(sample)
            for pair in pairs:
                few.add(pair[1].job_id, pair[1].model, pair)
            pairs = list(few.spread())
        self.comparison.compare(pairs)
        self.comparison.compare_control(self._control(pairs).pairs())
        return DriftReport(
            before=self._side(self.comparison.before, self.moments_before, len(self.alone_before)),
            after=self._side(self.comparison.after, self.moments_after, len(self.alone_after)),
            common=self.common,
            models=self.comparison.tally.models(),
            effort={model: effort.change() for model, effort in self.effort.items()},
            changed=self.comparison.tally.changed(),
            uncompared=tuple(self.comparison.uncompared),
            other_requests=other_requests(
                _places(self.comparison.before, self.alone_before), _places(self.comparison.after, self.alone_after)
            ),
        )

    def _pairs(self, past: dict[str, JobFacts]) -> Iterator[tuple[JobFacts, JobFacts]]:
        """Yield the jobs to be compared; those that both runs have leave ``past``."""
        for after in self._jobs(self.comparison.after):
            before = past.pop(after.job_id, None)
            if before is None:
                if after.is_complete:
                    self.alone_after.add(after.job_id)
                continue
            self.common += 1
            fault = fault_of_pair(before, after)
            if fault in {None, Unfit.SEEDLESS, Unfit.OTHER_PARENT}:
                self._note_effort(before, after)
            if fault is None:
                yield before, after
            else:
                self.comparison.tally.add_unfit(after.model, fault)

    def _note_effort(self, before: JobFacts, after: JobFacts) -> None:
        self.effort.setdefault(after.model, EffortTally()).add(before, after)
        for moments, job in ((self.moments_before, before), (self.moments_after, after)):
            if job.completed_at is not None:
                moments[:] = [min([job.completed_at, *moments]), max([job.completed_at, *moments])]

    def _jobs(self, reader: FolderReader) -> Iterator[JobFacts]:
        catalog, _ = catalog_of_folder(reader.layout, reader.header().backend or "", self.catalogs)
        parents = ParentLines(reader)
        for found in all_jobs(reader):
            if self._takes(found):
                images = (parents.image(link) for link in found.line.parents)
                made_from = tuple("" if image is None else image.sha256 for image in images)
                yield facts_of_line(found.line, is_seeded=is_seeded(found, catalog), made_from=made_from)

    def _takes(self, found: FoundJob) -> bool:
        return found.line.status is not JobStatus.SKIPPED and self.where.takes(found.line)

    def _control(self, pairs: list[tuple[JobFacts, JobFacts]]) -> ControlSearch:
        """Return pairs of images of the earlier run that differ in their seed alone."""
        few: SpreadSample[str] = SpreadSample(CONTROL_JOBS)
        for before, _ in pairs:
            few.add(before.job_id, before.model, before.job_id)
        wanted = {
            job_id for model in dict.fromkeys(before.model for before, _ in pairs) for job_id in few.all_of(model)
        }
        control = ControlSearch()
        for line in self.comparison.before.lines():
            if line.job_id in wanted:
                control.want(line)
        for line in self.comparison.before.lines():
            control.offer(line)
        return control

    def _side(self, reader: FolderReader, moments: list[float], alone: int) -> RunSide:
        header = reader.header()
        catalog = (header.summary or {}).get("catalog")
        return RunSide(
            folder=reader.layout.address,
            backend=header.backend,
            catalog=catalog if isinstance(catalog, str) else None,
            first_at=moments[0] if moments else None,
            last_at=moments[1] if moments else None,
            alone=alone,
        )


def _places(reader: FolderReader, alone: Collection[str]) -> RequestPlaces:
    places = RequestPlaces()
    for line in reader.lines() if alone else ():
        if line.job_id in alone:
            places.add(line)
    return places
