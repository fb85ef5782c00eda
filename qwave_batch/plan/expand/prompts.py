"""Compiles the templates of the prompts of a spec, and reports the mistakes in them."""

from collections import ChainMap
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.expand.axes import BUILT_IN
from qwave_batch.plan.expand.parent_jobs import PARENT
from qwave_batch.plan.expand.scope import (
    GUESSES,
    NAMES_SHOWN,
    AvailableNames,
    ValueAllowance,
    compiled,
    render_or_report,
)
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import PromptEntry, Sample, Spec, ValuePath
from qwave_batch.spec.recovery import UNKNOWN
from qwave_batch.spec.table.rows import NeededColumns
from qwave_batch.spec.table.tables import ALL_COLUMNS, Table
from qwave_batch.spec.template.compiler import Into
from qwave_batch.spec.template.templates import TemplateValue
from qwave_batch.spec.values.similar_names import meant_name
from qwave_batch.spec.values.text_cells import TextCell, TextRow
from qwave_batch.spec.values.value_messages import names_listed

_LONG = 1000  # characters, longer than any value that is compared


def check_names(names: Collection[str], where: ValuePath, taken: Mapping[str, str], problems: ProblemCollector) -> None:
    """Report names that would hide one of the language's own, or one of the matrix; ``taken`` maps names to kinds."""
    for name in names:
        if name in BUILT_IN:
            problems.add_key((*where, name), f'"{name}" is a name of the language itself', suggestion="choose another")
        elif name in taken:
            problems.add_key((*where, name), f'"{name}" is {taken[name]} too', suggestion="choose another")


def compile_variables(
    raw: Mapping[str, Json], where: ValuePath, known: Collection[str], problems: ProblemCollector
) -> dict[str, TemplateValue | None]:
    """Return the compiled variables, None for those with a mistake; each may use ``known`` and those before it."""
    values: dict[str, TemplateValue | None] = {}
    at_hand = AvailableNames(known, values)
    for name, template in raw.items():
        values[name] = compiled(template, (*where, name), at_hand, problems, of=" here")
    return values


def render_variables(  # the parts of a scope
    values: Mapping[str, TemplateValue | None],
    scope: Mapping[str, Json],
    problems: ProblemCollector,
    allowance: ValueAllowance,
    calculated: Container[str] = frozenset(),
) -> dict[str, Json]:
    """Return the rendered variables, in order, until their total size exceeds the limit.

    Args:
        values: The variables.
        scope: The names that the first of them sees.
        problems: Collects the mistakes.
        allowance: The limit of their size.
        calculated: Names that templates calculate with: such a variable remains a cell.
    """
    own: dict[str, Json] = {}
    seen = ChainMap(own, cast("dict[str, Json]", scope))
    row = scope.get("row")
    for name, value in values.items():
        held = (
            UNKNOWN if allowance.is_full else allowance.hold(value, render_or_report(value, seen, problems), problems)
        )
        if name in calculated and type(row) is TextRow and value is not None and held is not UNKNOWN:
            cells = _cells_of(value, row, own)
            own[name] = _with_cells(held, cells) if cells else held
        else:
            own[name] = held
    return own


def _cells_of(value: TemplateValue, row: TextRow, own: Mapping[str, Json]) -> list[TextCell]:
    """Return the cells that a variable may be made of."""
    ways = [str(way[1]) for way in value.attributes if way[0] == "row" and len(way) == 2]  # noqa: PLR2004
    found = [row.cell(column) for column in ways if column in row]
    return found + [held for name in value.names if type(held := own.get(name)) is TextCell]


def _with_cells(held: Json, cells: Sequence[TextCell]) -> Json:
    """Return a variable with cells in place of the texts that equal them, so that they remain known as cells."""
    match held:
        case str():
            return next((cell.like(held) for cell in cells if _read_alike(held, str(cell))), held)
        case Mapping():
            return {key: _with_cells(item, cells) for key, item in held.items()}
        case list():
            return [_with_cells(item, cells) for item in held]
        case _:
            return held


def _read_alike(text: str, cell: str) -> bool:
    return text == cell or (len(text) < _LONG and text.strip().casefold() == cell.strip().casefold())


ROW_NAMES = ("row", "row_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPrompt:
    """A prompt entry of the spec with its templates compiled."""

    origin: ValuePath
    text_origin: ValuePath
    text: TemplateValue | None
    """None for a text with a mistake, and so for every template below; a prompt without text renders to null."""
    raw_text: str
    """Empty for a prompt without text."""
    has_id: bool
    prompt_id: TemplateValue | None
    variables: Mapping[str, TemplateValue | None]
    tags: tuple[TemplateValue | None, ...]
    meta: Mapping[str, TemplateValue | None]
    request: Mapping[str, TemplateValue | None]
    table: Table | None = None
    wanted: NeededColumns = ALL_COLUMNS
    """The parts of the table's rows that templates read."""
    where: TemplateValue | None = None
    sample: Sample | None = None
    limit: int | None = None
    of_parents: bool = False
    """Whether it is for jobs of an earlier stage, so that each case has a parent."""

    def calculated(self, by_others: frozenset[str]) -> frozenset[str]:
        """Return the names with which its templates, and the shared ones, do more than insert them."""
        own = (self.text, self.prompt_id, self.where, *self.tags, *self.meta.values(), *self.request.values())
        held = by_others.union(*(value.calculated for value in (*own, *self.variables.values()) if value))
        for name, value in reversed(tuple(self.variables.items())):
            if name in held and value:
                held |= value.names  # the names it is made of are used in calculations through it
        return held

    def naming(self, name: str) -> Iterator[ValuePath]:
        """Yield the paths of its text and request fields that use a name."""
        places = [(self.text, self.text_origin)]
        places += [(value, (*self.origin, "request", field)) for field, value in self.request.items()]
        yield from (where for value, where in places if value and name in value.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCompiler:
    """Compiles the prompts of a spec."""

    spec: Spec
    variables: Collection[str]
    """The names of ``vars``."""
    taken: Mapping[str, str]
    """The names of the matrix, which no prompt may hide, with their kinds."""
    cell_names: frozenset[str]
    """The names that texts and requests see besides the prompt's own: vars, axes, includes' variables, and so on."""
    problems: ProblemCollector
    of_parents: bool = False
    """Whether each prompt is for jobs of an earlier stage."""

    def compile(self) -> list[CompiledPrompt]:
        """Return the prompts; mistakes in them are reported."""
        return [self._compile(entry) for entry in self.spec.prompts]

    def _compile(self, entry: PromptEntry) -> CompiledPrompt:
        origin: ValuePath = ("prompts", entry.position)
        text_origin = origin if entry.is_short or entry.text is None else (*origin, "text")
        check_names(entry.vars, (*origin, "vars"), self.taken, self.problems)
        parents = (PARENT,) if self.of_parents else ()
        before = AvailableNames(self.variables, (*ROW_NAMES, *parents) if entry.source is not None else parents)
        variables = compile_variables(entry.vars, (*origin, "vars"), before, self.problems)
        own = AvailableNames(before, entry.vars)
        all_names = AvailableNames(own, self.cell_names)

        def simple(raw: Json, key: str, *more: str | int, into: Into = "value") -> TemplateValue | None:
            return compiled(raw, (*origin, key, *more), own, self.problems, of=" here", into=into)

        def full(raw: Json, where: ValuePath, *, into: Into = "value") -> TemplateValue | None:
            return compiled(raw, where, all_names, self.problems, into=into)

        prompt = CompiledPrompt(
            origin=origin,
            text_origin=text_origin,
            text=full(entry.text, text_origin, into="prompt"),
            raw_text=entry.text or "",
            has_id=entry.id is not None,
            prompt_id=simple(entry.id, "id", into="text") if entry.id is not None else None,
            variables=variables,
            tags=tuple(simple(tag, "tags", number, into="text") for number, tag in enumerate(entry.tags)),
            meta={key: simple(raw, "meta", key) for key, raw in entry.meta.items()},
            request={key: full(raw, (*origin, "request", key)) for key, raw in entry.request.items()},
            table=entry.table,
            where=simple(entry.where, "where") if entry.where is not None else None,
            sample=entry.sample,
            limit=entry.limit,
            of_parents=self.of_parents,
        )
        return self._without_foreign_columns(prompt)

    def _without_foreign_columns(self, prompt: CompiledPrompt) -> CompiledPrompt:
        """Report columns that the table lacks; a template that uses one is a mistake and is not rendered."""
        table = prompt.table
        if table is None or table.columns is None:
            return prompt
        columns = table.columns

        def checked(value: TemplateValue | None, where: ValuePath) -> TemplateValue | None:
            used = {str(path[1]) for path in value.attributes if path[0] == "row" and len(path) > 1} if value else set()
            for column in sorted(used.difference(columns)):
                self.problems.add(
                    where,
                    f'{table.shown_as} has no column "{column}"; it has {names_listed(columns, NAMES_SHOWN)}',
                    value=column,
                    allowed=tuple(columns[:NAMES_SHOWN]),
                    suggestion=meant_name(column, columns) if len(self.problems) < GUESSES else None,
                )
            return value if used.issubset(columns) else None

        origin = prompt.origin
        return replace(
            prompt,
            text=checked(prompt.text, prompt.text_origin),
            prompt_id=checked(prompt.prompt_id, (*origin, "id")),
            variables={name: checked(value, (*origin, "vars", name)) for name, value in prompt.variables.items()},
            tags=tuple(checked(tag, (*origin, "tags", number)) for number, tag in enumerate(prompt.tags)),
            meta={key: checked(value, (*origin, "meta", key)) for key, value in prompt.meta.items()},
            request={key: checked(value, (*origin, "request", key)) for key, value in prompt.request.items()},
            where=checked(prompt.where, (*origin, "where")),
        )
