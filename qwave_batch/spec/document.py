"""A spec as frozen data: what was asked for, read and checked, before any template is rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path as FilePath
from typing import TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.model.terms import Terms
from qwave_batch.spec.inputs.file_access import FileAccess
from qwave_batch.spec.table.tables import Table
from qwave_batch.spec.values.value_path import Path
from qwave_batch.spec.yaml.source_map import SourceMap, SourceNote

__all__ = [
    "DEFAULT_OUTPUT_PATH",
    "Axis",
    "AxisValues",
    "IntegerRange",
    "Matrix",
    "Path",
    "PromptEntry",
    "RandomSeeds",
    "Sample",
    "SourceMap",
    "Spec",
    "Unsupported",
]

DEFAULT_OUTPUT_PATH = "{{ model }}/{{ prompt.id }}-{{ job_id }}"


class Unsupported(StrEnum):
    """What happens to a combination that a model does not offer."""

    ERROR = "error"
    SKIP = "skip"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Keep ``count`` of them, the same on every machine."""

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


AxisValues: TypeAlias = tuple[Json, ...] | IntegerRange | RandomSeeds | str
"""A list as written, a rule that gives one, or (a str) a template that gives one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of the matrix."""

    name: str
    """As written: ``seed``, or ``request.seed``, ``vars.seed`` where it says which is meant."""
    values: AxisValues


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The axes in the order written, what to leave out and what to add."""

    axes: tuple[Axis, ...] = ()
    exclude: tuple[Mapping[str, Json], ...] = ()
    include: tuple[Mapping[str, Json], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEntry:
    """One entry of ``prompts``: a prompt, or a table each row of which is a prompt."""

    position: int
    is_short: bool = False
    """Whether the entry is the text alone, so that its text stands at ``prompts[position]`` itself."""
    text: str | None
    id: str | None = None
    vars: Mapping[str, Json] = field(default_factory=dict)
    tags: tuple[Json, ...] = ()
    meta: Mapping[str, Json] = field(default_factory=dict)
    request: Mapping[str, Json] = field(default_factory=dict)
    source: str | None = None
    """``from``: the name of the table as written."""
    table: Table | None = None
    """The table, found and with its columns read; None for a prompt that has none."""
    where: str | None = None
    sample: Sample | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole spec, in which every template parses and every file that it names is there."""

    file: str
    """The spec's file as the user named it."""
    root: FilePath
    """The folder that relative files are found from: the spec's own."""
    source: bytes
    """The spec's file, byte for byte."""
    sha256: str
    """The hash of ``source``, and of base files and overrides where there are any; see docs/spec.md."""
    source_map: SourceMap
    name: str
    description: str
    catalog: str
    vars: Mapping[str, Json]
    """Unrendered, in the order written."""
    request: Mapping[str, Json]
    prompts: tuple[PromptEntry, ...]
    matrix: Matrix
    repeat: int
    unsupported: Unsupported
    sample: Sample | None
    terms: Terms
    output_path: str
    output_folder: FilePath | None = None
    """The run folder, whole; None where the spec does not say."""
    inputs: FileAccess
    """Which files the spec may read."""
    files_read: Mapping[str, FilePath] = field(default_factory=dict)
    """Base files and tables that it pulled in, resolved, by their names from the spec's folder."""
    overrides: tuple[str, ...]
    """``--set`` arguments as given."""
    notes: tuple[tuple[Path, SourceNote], ...] = ()
    """The values that may not stand there as their author means them, each with its way."""
    warnings: tuple[Problem, ...] = ()
    """What was found on reading and forbids nothing; the plan shows it with its own."""

    def __repr__(self) -> str:
        """Return one line: what it is about, not all that it holds."""
        return f"Spec({self.name}: {len(self.prompts):,} prompts, {len(self.matrix.axes):,} axes, of {self.file})"
