"""Makes the jobs of entries: the plan's full account of each, when somebody asks for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from qwave_batch.catalog.model import Model
from qwave_batch.model.job import Job, Twin
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.combinations import Matrix
from qwave_batch.plan.entries import CellScope, Entry
from qwave_batch.plan.paths import OutputPath


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMaker:
    """What it takes to make the jobs of a spec."""

    matrix: Matrix
    output: OutputPath

    def job(self, entry: Entry) -> Job:
        """Return the job of an entry.

        Raises:
            TemplateFault: The output path fails on it.
        """
        request = entry.request()
        return self._job(entry, request, self.path(entry, request) if entry.shape.error is None else "")

    def unplaced(self, entry: Entry) -> Job:
        """Return the job of an entry without the path of its images, which can't fail."""
        return self._job(entry, entry.request(), "")

    def _job(self, entry: Entry, request: dict[str, Json], path: str) -> Job:
        cell, shape = entry.cell, entry.shape
        case = cell.case
        return Job(
            job_id=entry.job_id,
            index=cell.index,
            prompt_id=case.prompt_id,
            prompt=str(request.get("prompt", "")),
            model=shape.model.name,
            action=shape.action,
            request=request,
            callback=shape.callback,
            dropped=shape.dropped,
            axes=self.matrix.labels(cell.slots),
            tags=case.tags,
            meta=case.meta,
            repeat=cell.repeat,
            path=path,
            max_images=shape.max_images,
            random=not shape.takes_seed or request.get("seed", -1) == -1,
            estimated_nusd=shape.estimated_nusd,
            skip=shape.error,
        )

    def twin(self, entry: Entry) -> Twin:
        """Return what remains of an entry whose job is there already."""
        case = entry.cell.case
        return Twin(
            job_id=entry.job_id,
            index=entry.cell.index,
            prompt_id=case.prompt_id,
            axes=self.matrix.labels(entry.cell.slots),
            tags=case.tags,
            meta=case.meta,
        )

    def path(self, entry: Entry, request: Mapping[str, Json]) -> str:
        """Return where the images of an entry go.

        Raises:
            TemplateFault: The output path fails on it.
        """
        return self.output.render(CellScope(entry.cell, self.matrix), request, entry.job_id)


def is_random(request: Mapping[str, Json], model: Model) -> bool:
    """Whether the same request would give another picture: no seed is sent, or the model takes none."""
    return not model.takes_seed or request.get("seed", -1) == -1
