"""Builds whole jobs, and duplicates of jobs, from the entries of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from qwave_batch.catalog.model import Model
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.parent_links import ParentLink, parents_of
from qwave_batch.plan.expand.cells import CellScope, MatrixCell
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.image_paths import OutputPath


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMaker:
    """Builds the jobs of one spec."""

    matrix: ResolvedMatrix
    output: OutputPath
    stage: str = ""
    reference_fields: frozenset[str] = frozenset()
    """The fields in which a text may refer to a parent."""

    def job(self, entry: ExpandedEntry) -> Job:
        """Return the job of an entry.

        Raises:
            TemplateFault: The output path fails on it.
        """
        request = entry.request()
        return self._job(entry, request, self.path(entry, request) if entry.verdict.error is None else "")

    def job_without_path(self, entry: ExpandedEntry) -> Job:
        """Return the job of an entry without the path of its images, which cannot fail."""
        return self._job(entry, entry.request(), "")

    def duplicate(self, entry: ExpandedEntry) -> Duplicate:
        """Return the duplicate for an entry whose job an earlier entry made."""
        case = entry.cell.case
        return Duplicate(
            job_id=entry.job_id,
            index=entry.cell.index,
            prompt_id=case.prompt_id,
            axes=self.axes(entry.cell),
            tags=case.tags,
            meta=case.meta,
        )

    def axes(self, cell: MatrixCell) -> dict[str, Json]:
        """Return the labels of a cell: of its own axes, then of those of its ancestors, such as ``draft.seed``."""
        labels, parent = self.matrix.labels(cell.slots), cell.case.parent
        return labels if parent is None else {**labels, **parent.inherited_axes()}

    def parents(self, entry: ExpandedEntry) -> tuple[ParentLink, ...]:
        """Return the links of an entry's request to jobs of earlier stages, its own parent's first."""
        parent = entry.cell.case.parent
        return () if parent is None else parents_of(entry.request(), self.reference_fields, parent.job.job_id)

    def path(self, entry: ExpandedEntry, request: Mapping[str, Json]) -> str:
        """Return the path of an entry's images.

        Raises:
            TemplateFault: The output path fails on it.
        """
        return self.output.render(CellScope(entry.cell, self.matrix), request, entry.job_id)

    def _job(self, entry: ExpandedEntry, request: dict[str, Json], path: str) -> Job:
        cell, verdict, estimate = entry.cell, entry.verdict, entry.estimate()
        case = cell.case
        return Job(
            job_id=entry.job_id,
            index=cell.index,
            prompt_id=case.prompt_id,
            prompt=str(request.get("prompt", "")),
            model=verdict.model.name,
            action=verdict.action,
            request=request,
            callback=verdict.callback,
            dropped=verdict.dropped,
            axes=self.axes(cell),
            tags=case.tags,
            meta=case.meta,
            repeat=entry.repeat,
            path=path,
            max_images=verdict.max_images,
            random=is_random(request, verdict.model) or (case.parent is not None and case.parent.job.random),
            estimated_nusd=estimate.most_nusd,
            typical_nusd=None if estimate.is_exact else estimate.typical_nusd,
            least_nusd=None if estimate.is_exact else estimate.least_nusd,
            skip=verdict.error,
            overlay=verdict.model.overlay,
            stage=self.stage,
            parents=self.parents(entry),
        )


class TakeEntry(Protocol):
    """Takes the entries of a plan while it is counted."""

    def __call__(self, maker: JobMaker, entry: ExpandedEntry, *, is_new: bool) -> None:
        """Take an entry, and whether it is the first of its job; ``maker`` builds the job."""
        ...


def is_random(request: Mapping[str, Json], model: Model) -> bool:
    """Whether the same request would give another image: no seed is sent, or the model takes none."""
    return not model.takes_seed or request.get("seed", -1) == -1
