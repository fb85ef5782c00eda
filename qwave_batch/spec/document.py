"""A spec as frozen data, read and checked, before any template is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import ParentPick
from qwave_batch.model.problem import Problem
from qwave_batch.model.store_url import StoreUrl
from qwave_batch.model.terms import Terms
from qwave_batch.spec.inputs.file_access import FileAccess
from qwave_batch.spec.overlay_text import OverlayText
from qwave_batch.spec.table.tables import Table
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap, SourceNote

__all__ = [
    "DEFAULT_OUTPUT_PATH",
    "Axis",
    "AxisValues",
    "Duplicates",
    "ImageFiles",
    "IntegerRange",
    "Matrix",
    "PromptEntry",
    "RandomSeeds",
    "Sample",
    "SourceMap",
    "Spec",
    "SpecStage",
    "Unsupported",
    "ValuePath",
]

DEFAULT_OUTPUT_PATH = "{{ model }}/{{ prompt.id }}-{{ job_id }}"


class Duplicates(StrEnum):
    """The treatment of entries that come out as equal requests."""

    FOLD = "fold"
    """They are one job, made once."""
    KEEP = "keep"
    """Each is a job of its own."""


class Unsupported(StrEnum):
    """The treatment of a combination that a model does not support."""

    ERROR = "error"
    SKIP = "skip"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Keeps ``count`` rows or jobs, the same ones on every machine."""

    count: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerRange:
    """An axis of integers: ``count`` of them from ``start`` on, ``step`` apart."""

    start: int
    count: int
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomSeeds:
    """An axis of ``count`` seeds drawn from ``seed``."""

    count: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFiles:
    """An axis of image files: all that a pattern fits, by the order of their names."""

    pattern: str
    """From the spec's folder, as in ``ref/*.png``; may be a template."""


AxisValues: TypeAlias = tuple[Json, ...] | IntegerRange | RandomSeeds | ImageFiles | str
"""A list as written, a rule that makes one, or (a str) a template that gives one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of the matrix."""

    name: str
    """As written: ``seed``, or ``request.seed`` and ``vars.seed``, which are explicit."""
    values: AxisValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The axes in the order written, the combinations to leave out and those to add."""

    axes: tuple[Axis, ...] = ()
    exclude: tuple[Mapping[str, Json], ...] = ()
    include: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEntry:
    """One entry of ``prompts``: a prompt, or a table in which each row is a prompt."""

    position: int
    is_short: bool = False
    """Whether the entry is just a string, so that its text is at ``prompts[position]`` itself."""
    text: str | None
    """None for a prompt without text, whose action takes none."""
    id: str | None = None
    vars: Mapping[str, Json] = field(default_factory=dict)
    tags: tuple[Json, ...] = ()
    meta: Mapping[str, Json] = field(default_factory=dict)
    request: Mapping[str, Json] = field(default_factory=dict)
    source: str | None = None
    """``from``: the name of the table as written."""
    table: Table | None = None
    """The table, opened and with its columns read; None without ``from``."""
    where: str | None = None
    sample: Sample | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole spec, in which every template parses and every file that it names exists."""

    file: str
    """The spec's file as the user named it."""
    root: Path
    """The folder that relative file names start from: the spec's own."""
    source: bytes
    """The spec's file, byte for byte."""
    sha256: str
    """The hash of ``source``, and of base files and overrides where there are any; see docs/spec.md."""
    source_map: SourceMap
    name: str
    description: str
    catalog: str
    """The date of its catalog."""
    overlay: OverlayText | None = None
    """The overlay to be laid over the catalog."""
    vars: Mapping[str, Json]
    """Unrendered, in the order written."""
    request: Mapping[str, Json]
    prompts: tuple[PromptEntry, ...]
    matrix: Matrix
    repeat: int
    images: int | None = None
    """The images that each prompt is to have of each combination; None makes each request ``repeat`` times."""
    duplicates: Duplicates = Duplicates.FOLD
    unsupported: Unsupported
    sample: Sample | None
    terms: Terms
    output_path: str
    stable_addresses: bool = False
    """Whether addresses of input images count for a job's identity without their signatures."""
    output_folder: Path | None = None
    """The absolute path of the run folder; None if the spec does not set it."""
    output_store: StoreUrl | None = None
    """The object store that has the results; None if the spec does not set it."""
    inputs: FileAccess
    """Which files the spec may read."""
    files_read: Mapping[str, Path] = field(default_factory=dict)
    """The resolved paths of base files and tables, by their names relative to the spec's folder."""
    overrides: tuple[str, ...]
    """``--set`` arguments as given."""
    notes: tuple[tuple[ValuePath, SourceNote], ...] = ()
    """Values whose spelling may not be what their author means, with their paths."""
    warnings: tuple[Problem, ...] = ()
    """Warnings found while reading; the plan shows them with its own."""
    stages: "tuple[SpecStage, ...]" = ()
    """The stages, each with a spec of its own, parents before their children; empty for a spec without stages.

    With stages, ``prompts`` and ``matrix`` are empty here: the stages have them.
    """

    @property
    def places(self) -> int:
        """The places in the plan's order that each combination of a prompt takes: one for each image, or repeat."""
        return self.repeat if self.images is None else self.images

    def __repr__(self) -> str:
        """Return one line that identifies the spec."""
        return f"Spec({self.name}: {len(self.prompts):,} prompts, {len(self.matrix.axes):,} axes, of {self.file})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecStage:
    """A stage of a spec: its block laid over what stands outside of ``stages``, as a spec of its own."""

    name: str
    position: int
    """Its place in ``stages`` as written, from 0."""
    spec: Spec
    """Its source map has the places in the file; paths begin with ``stages[position]`` where people read them."""
    from_stage: str | None = None
    """The stage whose jobs are the parents of its own; None for a stage that starts from prompts."""
    where: str | None = None
    """The template that decides which of the parents have children; None takes all."""
    pick: ParentPick | None = None
    """The choice among the parents once they have scores; None takes all."""
