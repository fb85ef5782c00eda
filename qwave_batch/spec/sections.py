"""The parts of a spec that have prompts and templates: the whole, or what stands outside of stages and each block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwave_batch.model.problem import Problem, first_problems
from qwave_batch.spec.inputs.file_access import FileAccess
from qwave_batch.spec.spec_checks import count_problems, id_problems, open_tables, range_problems, template_problems
from qwave_batch.spec.stage_blocks import StageText, Staging
from qwave_batch.spec.table.tables import Table
from qwave_batch.spec.yaml.source_map import SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecSection:
    """A part of a spec with its tables opened."""

    value: Mapping[str, Any]
    tables: Mapping[int, Table]
    """By the positions of their prompts."""
    problems: tuple[Problem, ...]

    def table_names(self) -> Iterator[tuple[str, Table]]:
        """Yield the tables with their names as the prompts have them."""
        for number, table in self.tables.items():
            yield str(self.value["prompts"][number]["from"]), table


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecSections:
    """All parts of a spec."""

    outside: SpecSection
    """The whole of a spec without stages."""
    blocks: Mapping[int, SpecSection]
    """The blocks of stages, by their positions."""

    @property
    def problems(self) -> list[Problem]:
        """The mistakes in any of them."""
        return [problem for section in self.all() for problem in section.problems]

    def all(self) -> Iterator[SpecSection]:
        """Yield the parts."""
        yield self.outside
        yield from self.blocks.values()

    def tables_of(self, stage: StageText) -> Mapping[int, Table]:
        """Return the tables of a stage's prompts, by their positions."""
        return (self.outside if stage.has_prompts_of_outside else self.blocks[stage.position]).tables


def read_sections(
    value: Mapping[str, Any], source_map: SourceMap, staging: Staging | None, inputs: FileAccess, shown_as: str
) -> SpecSections:
    """Return the parts of a spec, with their tables opened and checked for what concerns one part alone.

    ``shown_as`` is the name of the spec's own file in messages.
    """

    def section(
        part: Mapping[str, Any], places: SourceMap, *counted: tuple[Mapping[str, Any], SourceMap]
    ) -> SpecSection:
        tables, closed = open_tables(part, places, inputs, shown_as)
        checks = (template_problems, id_problems, range_problems)
        found = [problem for check in checks for problem in first_problems(check(part, places))]
        for whole in counted:
            found += count_problems(*whole)
        return SpecSection(value=part, tables=tables, problems=(*found, *first_problems(closed)))

    if staging is None:
        return SpecSections(outside=section(value, source_map, (value, source_map)), blocks={})
    blocks = {
        stage.position: section(stage.block, stage.block_map, (stage.checkable, stage.source_map))
        for stage in staging.stages
    }
    return SpecSections(outside=section(value, source_map), blocks=blocks)
