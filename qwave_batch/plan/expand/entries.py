"""One entry of the full product: by the shape of a cell like it, or put together whole."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qwave_batch.catalog.model import Model
from qwave_batch.model.job import Duplicate, Job
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.cache.free_fields import FreeField, JsonFragmentCache
from qwave_batch.plan.cache.request_templates import RequestTemplate, Shapes, shape_of
from qwave_batch.plan.expand.assembly import Assembler
from qwave_batch.plan.expand.cases import PromptCase
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.image_paths import OutputPath
from qwave_batch.plan.expand.requests import RequestBuilder
from qwave_batch.spec.recovery import UNKNOWN


@dataclass(slots=True)
class Cell:
    """The place of an entry: which row, which combination, which repeat."""

    case: PromptCase
    slots: tuple[int, ...]
    repeat: int
    index: int
    """The place in the full product, from 0."""


@dataclass(slots=True)
class Entry:
    """An entry with its identity; it becomes a job when somebody wants one."""

    number: int
    """The job's id as an integer."""
    cell: Cell
    shape: RequestTemplate
    values: tuple[Json, ...]
    """What fills the shape's holes."""

    @property
    def job_id(self) -> str:
        """The job's id."""
        return f"{self.number:016x}"

    def request(self) -> dict[str, Json]:
        """Return the request that is sent."""
        return self.shape.request(self.values)


class CellScope:
    """The names that templates see in one cell; looked up when one of them is rendered."""

    __slots__ = ("_cell", "_matrix", "_variables")

    def __init__(self, cell: Cell, matrix: ResolvedMatrix) -> None:
        self._cell, self._matrix = cell, matrix
        self._variables: Mapping[str, Json] | None = None

    def some(self, names: Iterable[str]) -> dict[str, Json]:
        """Return those of the names that there are, with their values."""
        case = self._cell.case
        found: dict[str, Json] = {}
        for name in names:
            if name in case.names:
                found[name] = case.names[name]
            elif name == "prompt":
                found[name] = case.named()
            elif name == "repeat":
                found[name] = self._cell.repeat
            else:
                variables = self._of_axes()
                if name in variables:
                    found[name] = variables[name]
        return found

    def all(self) -> dict[str, Json]:
        """Return all names with their values."""
        case = self._cell.case
        return {**case.names, **self._of_axes(), "prompt": case.named(), "repeat": self._cell.repeat}

    def _of_axes(self) -> Mapping[str, Json]:
        if self._variables is None:
            self._variables = self._matrix.variables(self._cell.slots)
        return self._variables


@dataclass(slots=True, kw_only=True)
class PromptExpander:
    """What the entries of one prompt go through."""

    builder: RequestBuilder
    holes: list[FreeField]
    shapes: Shapes
    fragments: JsonFragmentCache
    assembler: Assembler

    def entry(self, cell: Cell) -> Entry | None:
        """Return the entry of a cell, or None when it makes no job, which is noted.

        Raises:
            TemplateFault: A template fails on this cell.
            ValueError: A value has no canonical form.
        """
        scope = CellScope(cell, self.builder.matrix)
        shape = self.shapes.get(cell.slots, cell.repeat) if cell.slots[-1] >= 0 else None
        if shape:
            values = tuple([hole.fetch(cell.slots, cell.repeat, scope) for hole in self.holes])
            if _fit(shape, values):
                try:
                    return self._entry(cell, shape, values)
                except ValueError:
                    if not any(value is UNKNOWN for value in values):
                        raise
        return self._whole(cell, scope)

    def next_case(self) -> None:
        """Go on to the next row."""
        self.builder.next_case()
        self.shapes.next_case()

    def _whole(self, cell: Cell, scope: CellScope) -> Entry | None:
        """Put the entry together whole; its shape serves the cells like it, unless a hole of it is at fault."""
        matrix = self.builder.matrix
        made = self.assembler.assemble(self.builder, matrix.combination(cell.slots), scope, cell.repeat)
        if made is None:
            return None
        shape = shape_of(made, self.holes, cell.repeat, self.assembler.catalog.callback_fields)
        values = tuple(shape.body.get(hole.name) for hole in self.holes)
        if cell.slots[-1] >= 0 and _fit(shape, values):
            self.shapes.keep(cell.slots, cell.repeat, shape)
        return self._entry(cell, shape, values)

    def _entry(self, cell: Cell, shape: RequestTemplate, values: tuple[Json, ...]) -> Entry:
        of = self.fragments.of
        written = shape.written([of(value) for value in values])
        return Entry(int.from_bytes(hashlib.sha256(written).digest()[:8], "big"), cell, shape, values)


def _fit(shape: RequestTemplate, values: tuple[Json, ...]) -> bool:
    return all(accepts is None or accepts(value) for accepts, value in zip(shape.checks, values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMaker:
    """What it takes to make the jobs of a spec."""

    matrix: ResolvedMatrix
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

    def twin(self, entry: Entry) -> Duplicate:
        """Return what remains of an entry whose job is there already."""
        case = entry.cell.case
        return Duplicate(
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
    """Whether the same request would give another image: no seed is sent, or the model takes none."""
    return not model.takes_seed or request.get("seed", -1) == -1
