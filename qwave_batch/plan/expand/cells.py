"""A cell of the full product, which becomes one entry of the plan, and the names that its templates see."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import IMAGES_PER_REQUEST
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.prompt_cases import PromptCase


@dataclass(slots=True)
class MatrixCell:
    """A prompt or row, a combination of the matrix, and a repeat."""

    case: PromptCase
    slots: tuple[int, ...]
    """The combination, as yielded by ``ResolvedMatrix``."""
    repeat: int
    index: int
    """The position in the full product, from 0."""
    images_per_request: int | None = None
    """With ``images``, how many of them one request makes, once that is known; the same for each repeat of a cell."""


class CellScope:
    """The names that templates see in one cell; each is looked up when a template that uses it is rendered."""

    __slots__ = ("_matrix", "_variables", "cell")

    def __init__(self, cell: MatrixCell, matrix: ResolvedMatrix) -> None:
        self.cell, self._matrix = cell, matrix
        self._variables: Mapping[str, Json] | None = None

    def some(self, names: Iterable[str]) -> dict[str, Json]:
        """Return the defined ones among the names, with their values."""
        case = self.cell.case
        found: dict[str, Json] = {}
        for name in names:
            if name in case.names:
                found[name] = case.names[name]
            elif name == "prompt":
                found[name] = case.named()
            elif name == "repeat":
                found[name] = self.cell.repeat
            elif name == IMAGES_PER_REQUEST and self.cell.images_per_request is not None:
                found[name] = self.cell.images_per_request
            else:
                variables = self._of_axes()
                if name in variables:
                    found[name] = variables[name]
        return found

    def all(self) -> dict[str, Json]:
        """Return all names with their values."""
        case, images = self.cell.case, self.cell.images_per_request
        names = {**case.names, **self._of_axes(), "prompt": case.named(), "repeat": self.cell.repeat}
        return names if images is None else {**names, IMAGES_PER_REQUEST: images}

    def asking(self, images: int) -> "CellScope":
        """Return the scope in which each request makes so many images."""
        return CellScope(replace(self.cell, images_per_request=images), self._matrix)

    def _of_axes(self) -> Mapping[str, Json]:
        if self._variables is None:
            self._variables = self._matrix.variables(self.cell.slots)
        return self._variables
