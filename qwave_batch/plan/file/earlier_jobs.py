"""The jobs on the lines before: what the requests of later stages may refer to, by the rules of the expansion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.parent_links import ParentLink, parents_of
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.plan.expand.parent_jobs import ParentJob
from qwave_batch.plan.expand.parent_references import ParentReferences, StandIns

_SHOWN = 64


class LineFault(ValueError):
    """The reason why this program has not written a line; it continues ``file:line: ``."""


@dataclass(slots=True)
class EarlierJobs:
    """The jobs that were read so far, as far as later ones may be made from them."""

    catalog: Catalog
    stages: Sequence[PlannedStage] = ()
    """Those that the header names."""
    _sources: frozenset[str] = field(init=False)
    """The stages that others go on from."""
    _jobs: dict[str, Job] = field(default_factory=dict)
    """Those of such stages, without all that is long."""
    _reached: int = 0
    """The position of the stage of the last line."""

    def __post_init__(self) -> None:
        self._sources = frozenset(stage.from_stage for stage in self.stages if stage.from_stage is not None)

    def check_stage(self, name: str, parents: Sequence[ParentLink]) -> None:
        """Check the stage of the next line.

        Raises:
            LineFault: The header does not name it there, or its jobs have no parents, or need one.
        """
        if not self.stages:
            if name or parents:
                raise LineFault(f"{'stage' if name else 'parents'}: the header of the plan names no stages")
            return
        position = next((number for number, stage in enumerate(self.stages) if stage.name == name), None)
        if position is None:
            raise LineFault(f"stage: the header of the plan names no stage {name[:_SHOWN]!r}")
        if position < self._reached:
            raise LineFault(f"stage: a job of {name} stands behind those of {self.stages[self._reached].name}")
        self._reached = position
        before = self.stages[position].from_stage
        if before is None and parents:
            raise LineFault(f"parents: the jobs of stage {name} have none")
        if before is not None and not parents:
            raise LineFault(f"parents: a job of stage {name} needs one of stage {before}")

    def parent_of(self, request: JsonObject, parents: Sequence[ParentLink], *, is_skipped: bool) -> ParentJob | None:
        """Return a job's own parent, and behind it all that the request can refer to; None without parents.

        Raises:
            LineFault: The links are not those of the request, or lead to no job of a line before.
        """
        if not parents:
            return None
        if parents_of(request, self.catalog.reference_fields, parents[0].job_id) != tuple(parents):
            raise LineFault("parents: they are not the jobs that the request refers to")
        for link in parents:
            self._check_link(link, is_skipped=is_skipped)
        linked = dict.fromkeys(link.job_id for link in parents)
        ancestors = dict.fromkeys(job_id for first in linked for job_id in self._ancestry(first))
        found: ParentJob | None = None
        for job_id in reversed(ancestors):
            found = ParentJob(job=self._jobs[job_id], parent=found)
        return found

    def stood_in(
        self, request: JsonObject, model: Model, parent: ParentJob | None
    ) -> tuple[JsonObject, StandIns | None]:
        """Return a request as its model is asked about it."""
        return ParentReferences(self.catalog).stood_in(dict(request), model, parent)

    def add(self, job: Job) -> None:
        """Take the job of a line, for those behind it."""
        if job.stage not in self._sources:
            return
        chain = self.catalog.model(job.model).chain
        kept = () if chain is None else (chain.task_field, chain.version_field)
        self._jobs[job.job_id] = replace(
            job,
            prompt="",
            request={name: value for name, value in job.request.items() if name in kept},
            callback={},
            axes={},
            tags=(),
            meta={},
            path="",
            parents=job.parents[:1],
        )

    def _check_link(self, link: ParentLink, *, is_skipped: bool) -> None:
        job = self._jobs.get(link.job_id)
        if job is None:
            raise LineFault(f"parents: no line before is the job {link.job_id[:_SHOWN]}")
        if is_skipped:
            return
        if job.skip is not None:
            raise LineFault(f"parents: the job {link.job_id} is left out, so this one cannot be made")
        if link.image is not None and not 1 <= link.image <= job.max_images:
            raise LineFault(
                f"parents: the job {link.job_id} makes at most {job.max_images} images, and this is image {link.image}"
            )

    def _ancestry(self, job_id: str) -> Iterator[str]:
        """Yield the id of a job and of its own parents, nearest first."""
        known: Mapping[str, Job] = self._jobs
        while job_id in known:
            yield job_id
            own = known[job_id].parents
            job_id = own[0].job_id if own else ""
