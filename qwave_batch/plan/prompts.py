"""The prompts of a spec, one case a prompt or table row, in file order."""

import hashlib
import heapq
import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.identity import canonical, draw
from qwave_batch.plan.scope import UNKNOWN, compiled, rendered
from qwave_batch.plan.variables import check_names, compile_variables, render_variables
from qwave_batch.spec.document import Path, PromptEntry, Sample, Spec
from qwave_batch.spec.naming import slug
from qwave_batch.spec.sources import Row, Table
from qwave_batch.spec.templates import Value

NAME_CHARACTERS = 40
NAME_DIGITS = 6
ROW_NAMES = ("row", "row_number")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCase:
    """One prompt or one row of a table, with everything about it that no axis changes."""

    entry: "CompiledPrompt"
    prompt_id: str
    tags: tuple[str, ...]
    meta: Mapping[str, Json]
    scope: Mapping[str, Json]
    """What templates see of it: vars, its own vars, row, row_number, prompt."""
    is_kept: bool = True
    """False for a row that its sample leaves out: it counts in the order and makes no job."""


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
    where: Value | None = None
    sample: Sample | None = None
    limit: int | None = None


@dataclass(slots=True, kw_only=True)
class PromptReader:
    """Compiles the prompts of a spec and yields their cases."""

    spec: Spec
    variables: Mapping[str, Json]
    """The rendered ``vars``."""
    axes: Collection[str]
    """The names of the axes, which no prompt may hide."""
    cell_names: frozenset[str]
    """The names that texts and requests see beside the prompt's own: vars, axes, includes' variables, and so on."""
    faults: Faults
    _ids: dict[str, Path] = field(default_factory=dict)

    def start(self) -> None:
        """Begin a pass over all prompts: no id is taken yet."""
        self._ids.clear()

    def compile(self) -> list[CompiledPrompt]:
        """Return the prompts, with what is wrong with them noted."""
        return [self._compile(entry) for entry in self.spec.prompts]

    def cases(self, prompt: CompiledPrompt) -> Iterator[PromptCase]:
        """Yield the prompt, or a case for each row of its table that ``where`` lets through, up to ``limit``."""
        if prompt.table is None:
            case = self._case(prompt, dict(self.variables), None)
            if case:
                yield case
            return
        kept = self._sampled(prompt, prompt.table)
        for row, scope in itertools.islice(self._rows(prompt, prompt.table), prompt.limit):
            case = self._case(prompt, scope, row, is_kept=kept is None or row.number in kept)
            if case:
                yield case

    def _compile(self, entry: PromptEntry) -> CompiledPrompt:
        origin: Path = ("prompts", entry.position)
        text_origin = origin if entry.is_short else (*origin, "text")
        check_names(entry.vars, (*origin, "vars"), self.axes, self.faults)
        before = {*self.variables, *(ROW_NAMES if entry.source is not None else ())}
        variables = compile_variables(entry.vars, (*origin, "vars"), before, self.faults)
        own = before | set(entry.vars)

        def simple(raw: Json, key: str, *more: str | int) -> Value | None:
            return compiled(raw, (*origin, key, *more), own, self.faults, of=" here")

        def full(raw: Json, where: Path) -> Value | None:
            return compiled(raw, where, own | self.cell_names, self.faults)

        prompt = CompiledPrompt(
            origin=origin,
            text_origin=text_origin,
            text=full(entry.text, text_origin),
            raw_text=entry.text or "",
            has_id=entry.id is not None,
            prompt_id=simple(entry.id, "id") if entry.id is not None else None,
            variables=variables,
            tags=tuple(simple(tag, "tags", number) for number, tag in enumerate(entry.tags)),
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
                guess = nearest(column, columns)
                self.faults.add(
                    where,
                    f'{table.shown_as} has no column "{column}"; it has {", ".join(columns)}',
                    value=column,
                    allowed=tuple(columns),
                    suggestion=f'did you mean "{guess}"?' if guess else None,
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

    def _rows(self, prompt: CompiledPrompt, table: Table) -> Iterator[tuple[Row, dict[str, Json]]]:
        """Yield the rows that ``where`` lets through, with their scope."""
        for row in table.rows():
            scope: dict[str, Json] = {**self.variables, "row": dict(row.cells), "row_number": row.number}
            scope |= render_variables(prompt.variables, scope, self.faults)
            if prompt.where is None or self._passes(prompt, prompt.where, scope):
                yield row, scope

    def _passes(self, prompt: CompiledPrompt, where: Value, scope: Mapping[str, Json]) -> bool:
        verdict = rendered(where, scope, self.faults)
        if verdict is not UNKNOWN and not isinstance(verdict, bool):
            self.faults.add(
                (*prompt.origin, "where"),
                "where must come out as true or false",
                value=verdict,
                suggestion="write one comparison, such as \"{{ row.Challenge == 'Basic' }}\"",
            )
        return verdict is True

    def _sampled(self, prompt: CompiledPrompt, table: Table) -> set[int] | None:
        """Return the numbers of the rows that the sample keeps, or None when there is none."""
        sample = prompt.sample
        if sample is None:
            return None
        with self.faults.muted():
            numbers = [row.number for row, _ in self._rows(prompt, table)]
        return set(heapq.nsmallest(sample.count, numbers, key=lambda number: draw(sample.seed, number)))

    def _case(
        self, prompt: CompiledPrompt, scope: dict[str, Json], row: Row | None, *, is_kept: bool = True
    ) -> PromptCase | None:
        if row is None:
            scope |= render_variables(prompt.variables, scope, self.faults)
        prompt_id = self._prompt_id(prompt, scope, row)
        if prompt_id is None:
            return None
        tags = tuple(_text(rendered(tag, scope, self.faults)) for tag in prompt.tags)
        meta = {key: rendered(value, scope, self.faults) for key, value in prompt.meta.items()}
        scope["prompt"] = {"id": prompt_id, "tags": list(tags), "meta": meta}
        return PromptCase(entry=prompt, prompt_id=prompt_id, tags=tags, meta=meta, scope=scope, is_kept=is_kept)

    def _prompt_id(self, prompt: CompiledPrompt, scope: Mapping[str, Json], row: Row | None) -> str | None:
        rendered_id = rendered(prompt.prompt_id, scope, self.faults) if prompt.has_id else UNKNOWN
        if rendered_id is UNKNOWN:
            return default_id(prompt.raw_text, row)
        where = (*prompt.origin, "id")
        prompt_id = _text(rendered_id)
        if not prompt_id.strip():
            self.faults.add(where, "an id must not come out empty")
            return None
        if prompt_id in self._ids:
            first = self.spec.marks.place(self._ids[prompt_id])
            self.faults.add(where, f'the id "{prompt_id}" is taken already, on line {first.line}', value=prompt_id)
            return None
        self._ids[prompt_id] = where
        return prompt_id


def default_id(text: str, row: Row | None) -> str:
    """Return the name of a prompt that has no id: its text's beginning as a slug, and a hash of text or row."""
    hashed = text.encode() if row is None else canonical(dict(row.cells))
    digits = hashlib.sha256(hashed).hexdigest()[:NAME_DIGITS]
    return f"{slug(text[:NAME_CHARACTERS])}-{digits}".lstrip("-")


def _text(value: Json) -> str:
    return value if isinstance(value, str) else str(value)
