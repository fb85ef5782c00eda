"""The prompts of a spec with their templates compiled, and the mistakes in them noted."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.scope import GUESSES, NAMES_SHOWN, Known, compiled
from qwave_batch.plan.variables import check_names, compile_variables
from qwave_batch.spec.compiling import Into
from qwave_batch.spec.document import Path, PromptEntry, Sample, Spec
from qwave_batch.spec.lookalike import meant_name
from qwave_batch.spec.rows import Wanted
from qwave_batch.spec.sources import EVERYTHING, Table
from qwave_batch.spec.templates import Value
from qwave_batch.spec.words import names_listed

ROW_NAMES = ("row", "row_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPrompt:
    """A prompt entry of the spec with its templates compiled."""

    origin: Path
    text_origin: Path
    text: Value | None
    """None for a text with a mistake, and so for every template below."""
    raw_text: str
    has_id: bool
    prompt_id: Value | None
    variables: Mapping[str, Value | None]
    tags: tuple[Value | None, ...]
    meta: Mapping[str, Value | None]
    request: Mapping[str, Value | None]
    table: Table | None = None
    wanted: Wanted = EVERYTHING
    """What of the table's rows templates read."""
    where: Value | None = None
    sample: Sample | None = None
    limit: int | None = None

    def calculated(self, by_others: frozenset[str]) -> frozenset[str]:
        """Return the names that its templates, and those that all prompts share, do more with than write them down."""
        own = (self.text, self.prompt_id, self.where, *self.tags, *self.meta.values(), *self.request.values())
        held = by_others.union(*(value.calculated for value in (*own, *self.variables.values()) if value))
        for name, value in reversed(tuple(self.variables.items())):
            if name in held and value:
                held |= value.names  # what it is made of is calculated with under its name
        return held

    def naming(self, name: str) -> Iterator[Path]:
        """Yield the places of its text and request fields that use a name."""
        places = [(self.text, self.text_origin)]
        places += [(value, (*self.origin, "request", field)) for field, value in self.request.items()]
        yield from (where for value, where in places if value and name in value.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCompiler:
    """What compiling the prompts of a spec needs."""

    spec: Spec
    variables: Collection[str]
    """The names of ``vars``."""
    taken: Mapping[str, str]
    """The names that the matrix has, which no prompt may hide, and as what it has them."""
    cell_names: frozenset[str]
    """The names that texts and requests see beside the prompt's own: vars, axes, includes' variables, and so on."""
    faults: Faults

    def compile(self) -> list[CompiledPrompt]:
        """Return the prompts, with what is wrong with them noted."""
        return [self._compile(entry) for entry in self.spec.prompts]

    def _compile(self, entry: PromptEntry) -> CompiledPrompt:
        origin: Path = ("prompts", entry.position)
        text_origin = origin if entry.is_short else (*origin, "text")
        check_names(entry.vars, (*origin, "vars"), self.taken, self.faults)
        before = Known(self.variables, ROW_NAMES if entry.source is not None else ())
        variables = compile_variables(entry.vars, (*origin, "vars"), before, self.faults)
        own = Known(before, entry.vars)
        all_names = Known(own, self.cell_names)

        def simple(raw: Json, key: str, *more: str | int, into: Into = "value") -> Value | None:
            return compiled(raw, (*origin, key, *more), own, self.faults, of=" here", into=into)

        def full(raw: Json, where: Path, *, into: Into = "value") -> Value | None:
            return compiled(raw, where, all_names, self.faults, into=into)

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
        )
        return self._without_foreign_columns(prompt)

    def _without_foreign_columns(self, prompt: CompiledPrompt) -> CompiledPrompt:
        """Note columns that the table lacks; what names one is a mistake and is not rendered."""
        table = prompt.table
        if table is None or table.columns is None:
            return prompt
        columns = table.columns

        def checked(value: Value | None, where: Path) -> Value | None:
            used = {str(path[1]) for path in value.attributes if path[0] == "row" and len(path) > 1} if value else set()
            for column in sorted(used.difference(columns)):
                self.faults.add(
                    where,
                    f'{table.shown_as} has no column "{column}"; it has {names_listed(columns, NAMES_SHOWN)}',
                    value=column,
                    allowed=tuple(columns[:NAMES_SHOWN]),
                    suggestion=meant_name(column, columns) if len(self.faults) < GUESSES else None,
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
