"""A number together with how it is known, so that nobody takes an assumption for a measurement."""

from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.jsontypes import Json


class Basis(StrEnum):
    """How a figure is known."""

    MEASURED = "measured"
    """In the run folder, or on this machine."""
    STATED = "stated"
    """By the spec, or by an option."""
    ASSUMED = "assumed"
    """By this program; docs/scale.md lists what it assumes."""


class FigureSource(StrEnum):
    """The source of a figure."""

    FOLDER = "folder"
    SPEC = "spec"
    OPTION = "option"
    REQUEST = "request"
    """The sizes and formats that the plan's requests ask for."""
    MACHINE = "machine"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFigure:
    """A number, how it is known, and by how many samples."""

    value: float
    basis: Basis
    source: FigureSource
    samples: int = 0
    """Of a measured one, how many values it is the mean or the most of."""

    def as_json(self, unit: str) -> dict[str, Json]:
        """Return the figure under the name of its unit, with its basis."""
        value = round(self.value, 6)
        number: Json = int(value) if value == int(value) else value
        known: dict[str, Json] = {unit: number, "basis": self.basis.value, "source": self.source.value}
        return known | {"samples": self.samples} if self.basis is Basis.MEASURED else known


def measured(value: float, samples: int, source: FigureSource = FigureSource.FOLDER) -> KnownFigure:
    """Return a figure that was measured."""
    return KnownFigure(value=value, basis=Basis.MEASURED, source=source, samples=samples)


def stated(value: float, source: FigureSource) -> KnownFigure:
    """Return a figure that someone states."""
    return KnownFigure(value=value, basis=Basis.STATED, source=source)


def assumed(value: float, source: FigureSource = FigureSource.DEFAULT) -> KnownFigure:
    """Return a figure that this program assumes."""
    return KnownFigure(value=value, basis=Basis.ASSUMED, source=source)
