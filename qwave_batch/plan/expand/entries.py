"""The entries of a plan: the request of one cell, with the catalog's verdict and its identity.

This is the plain semantics: every cell is built and checked by itself. ``plan/cache`` gives the same entries faster.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.catalog.model import Model
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.job import JobError
from qwave_batch.model.job_identity import job_id, number_of
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.cells import CellScope, MatrixCell
from qwave_batch.plan.expand.judgement import Fits
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_assembly import AssembledRequest, RequestAssembler
from qwave_batch.plan.input_images import InputImage

_READ_FIRST = ("model", "action", "prompt")
"""The fields that come first in a request, for readers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVerdict:
    """The catalog's verdict on a request; many entries may share one."""

    model: Model
    action: str
    """The action that the API will take: the requested one, else the model's default."""
    callback: Mapping[str, Json]
    """The fields that are sent and are not part of the job's identity: callback fields, and addresses as given."""
    dropped: tuple[str, ...]
    error: JobError | None
    """Why the entry is skipped, or None."""
    estimate: CostRange
    """The cost to expect of the request that was judged; nothing for an entry that is skipped."""
    unpriced: tuple[str, ...]
    """Notes on costs that come on top, of an amount that nobody states."""
    max_images: int
    images: Sequence[InputImage] = ()
    """The images that the request names by their files."""


@dataclass(slots=True)
class ExpandedEntry(ABC):
    """An entry with its identity; the whole job is built on demand."""

    number: int
    """The job's id as an integer."""
    cell: MatrixCell
    verdict: RequestVerdict
    kept_as: int | None = field(default=None, init=False)
    """The repeat of the request that it counts as, where an earlier entry has taken its own; None if none has."""

    @property
    def job_id(self) -> str:
        """The job's id."""
        return f"{self.number:016x}"

    @property
    def repeat(self) -> int:
        """The number of its job among those with the same request."""
        return self.cell.repeat if self.kept_as is None else self.kept_as

    def estimate(self) -> CostRange:
        """Return the cost to expect."""
        return self.verdict.estimate

    @property
    def has_own_estimate(self) -> bool:
        """Whether similar entries may cost something else."""
        return True

    @abstractmethod
    def request(self) -> dict[str, Json]:
        """Return the request that identifies the job."""

    @abstractmethod
    def prompt(self) -> Json:
        """Return the prompt of the request; None when it has none."""

    def shared(self) -> object | None:
        """Return what all entries have that differ from it only in cell, number and own fields; None for nothing."""
        return None

    def own_fields(self) -> Mapping[str, Json]:
        """Return the fields of its request in which it differs from them."""
        return {}


@dataclass(slots=True)
class PlainEntry(ExpandedEntry):
    """An entry that holds its whole request."""

    fields: dict[str, Json]

    def request(self) -> dict[str, Json]:
        """Return the request that identifies the job."""
        return self.fields

    def prompt(self) -> Json:
        """Return the prompt of the request; None when it has none."""
        return self.fields.get("prompt")


ExpandCell: TypeAlias = Callable[[MatrixCell], ExpandedEntry | None]
"""Returns the entry of a cell of one prompt, or None if it makes no job, which is reported.

It raises TemplateFault when a template fails on the cell, and ValueError when a value has no canonical JSON.
"""

PromptExpander: TypeAlias = Callable[[CompiledPrompt], ExpandCell]
"""Returns the expansion of each prompt in turn, in one pass over all prompts."""

StartExpansion: TypeAlias = Callable[[RequestAssembler], PromptExpander]
"""Begins a pass: ``expand_plainly`` defines the semantics, ``plan/cache`` has the fast implementation."""


def expand_plainly(assembler: RequestAssembler) -> PromptExpander:
    """Begin a pass in which every cell is built and checked by itself."""

    def of_prompt(prompt: CompiledPrompt) -> ExpandCell:
        builder = assembler.builder(prompt)

        def entry_of(cell: MatrixCell) -> ExpandedEntry | None:
            made = assembler.assemble(builder, CellScope(cell, assembler.matrix))
            if made is None:
                return None
            cell.images_per_request = made.images_per_request
            request, verdict = judged(made, assembler.catalog.callback_fields)
            return PlainEntry(number_of(job_id(request, cell.repeat)), cell, verdict, request)

        return entry_of

    return of_prompt


def judged(made: AssembledRequest, callback_fields: frozenset[str]) -> tuple[dict[str, Json], RequestVerdict]:
    """Return the request that identifies the job, and the catalog's verdict on it."""
    judgement, model = made.judgement, made.model
    is_fit = isinstance(judgement, Fits)
    whole = judgement.request if isinstance(judgement, Fits) else made.request
    names = (name for name in (*_READ_FIRST, *whole) if name in whole and name not in callback_fields)
    request = {name: whole[name] for name in names}
    return request, RequestVerdict(
        model=model,
        action=str(whole.get("action", model.actions[0])),
        callback={name: whole[name] for name in whole.keys() - request.keys()} | dict(made.given) if is_fit else {},
        dropped=judgement.dropped if isinstance(judgement, Fits) else (),
        error=None if isinstance(judgement, Fits) else judgement.as_error(),
        estimate=model.estimate(whole) if is_fit else NOTHING,
        unpriced=model.price.unpriced(whole) if is_fit else (),
        max_images=model.max_images(whole) if is_fit else 1,
        images=made.images,
    )
