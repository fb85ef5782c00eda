"""Checks that every axis is used, that its name is unambiguous, and that every combination has a value for it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import UnknownName, nearest
from qwave_batch.plan.expand.axes import ResolvedAxis, Vocabulary
from qwave_batch.plan.expand.combinations import MOST_ENTRIES, ResolvedMatrix
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, ValuePath
from qwave_batch.spec.table.rows import NeededColumns
from qwave_batch.spec.template.templates import TemplateValue

_SURELY = 0.75
"""How similar a name must be to a field to count as its misspelling: here any other name is equally valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageCheck:
    """The templates of one spec, and the matrix whose names they use."""

    base: Mapping[str, TemplateValue | None]
    prompts: Sequence[CompiledPrompt]
    matrix: ResolvedMatrix
    path: TemplateValue | None
    vocabulary: Vocabulary
    problems: ProblemCollector

    def run(self) -> None:
        """Report every unused axis, every ambiguous axis name, and every include that lacks an axis."""
        shared = list(self._shared())
        in_texts = {name for value, _ in shared for name in value.names}
        # a matrix with more of them than a plan may have entries is rejected by the count
        looks_at_own = 0 < len(self.prompts) * len(self.matrix.own) <= MOST_ENTRIES
        for prompt in self.prompts:
            own = list(_templates(prompt))
            if looks_at_own:
                needed = {name: where for value, where in (*shared, *own) for name in value.names - value.asked}
                self._check_own_combinations(needed)
            in_texts.update(name for value, _ in own for name in value.names)
        used = in_texts | self.problems.spoiled_names | (self.path.names if self.path else set())
        for axis in self.matrix.axes:
            self._check_axis(axis, used, in_texts)
        for entry in self.matrix.includes:
            for name in sorted(entry.variables.keys() - used):
                self._note_idle((*entry.origin, name), name)

    def _shared(self) -> Iterator[tuple[TemplateValue, ValuePath]]:
        """Yield the templates that see axes and belong to no prompt, except the output path."""
        for name, value in self.base.items():
            if value:
                yield value, ("request", name)
        for axis in self.matrix.axes:
            for position in range(axis.count if axis.is_listed else 0):
                chosen = axis.value(position)
                yield from ((value, chosen.place_of(name)) for name, value in chosen.late.items() if value)
        for entry in self.matrix.includes:
            yield from ((value, (*entry.origin, name)) for name, value in entry.fields.items() if value)

    def _check_own_combinations(self, needed: Mapping[str, ValuePath]) -> None:
        for number in self.matrix.own:
            entry = self.matrix.includes[number]
            for axis, value in zip(self.matrix.axes, entry.own_values, strict=True):
                name = axis.name.text
                if value is None and name in needed and name not in entry.variables:
                    user = self.problems.source_map.path_text(needed[name])
                    message = f'this include fits no combination, so it is one of its own, and lacks "{name}", '
                    self.problems.add(entry.origin, f"{message}which {user} needs", suggestion=f"add {name} to it")
                    self.matrix.leave_out(number)

    def _check_axis(self, axis: ResolvedAxis, used: Collection[str], in_texts: Collection[str]) -> None:
        name = axis.name
        if not name.is_field and not axis.sets and name.text not in used:
            self._note_idle(axis.origin, name.text)
        is_unclear = name.is_field and not name.is_explicit and name.text in self.vocabulary.partial
        if is_unclear and name.text in in_texts:
            self.problems.add_key(
                axis.origin,
                f'"{name.text}" is a field of some models only, and a template uses the name too',
                suggestion=f"write request.{name.text} to set the field, vars.{name.text} for a variable of your own",
            )

    def _note_idle(self, where: ValuePath, name: str) -> None:
        change = self.vocabulary.former.get(name)
        if change is not None:
            self.problems.add_key(where, f'no model has a field "{name}" any more', suggestion=change.instead)
            return
        guess = nearest(name, sorted(self.vocabulary.fields), cutoff=_SURELY)
        self.problems.add_key(
            where,
            f'no template uses "{name}", and no model has a field of that name',
            suggestion=f'did you mean "{guess}"?'
            if guess
            else f"write {{{{ {name} }}}} where it belongs, or take it out",
        )


def _templates(prompt: CompiledPrompt) -> Iterator[tuple[TemplateValue, ValuePath]]:
    """Yield the templates of a prompt that see axes."""
    if prompt.text:
        yield prompt.text, prompt.text_origin
    for name, value in prompt.request.items():
        if value:
            yield value, (*prompt.origin, "request", name)


_ROW = "row"


def with_columns(
    prompts: Sequence[CompiledPrompt],
    base: Mapping[str, TemplateValue | None],
    matrix: ResolvedMatrix,
    path: TemplateValue | None,
) -> list[CompiledPrompt]:
    """Return the prompts, with the needed columns for those that have a table."""
    if all(prompt.table is None for prompt in prompts):
        return list(prompts)
    shared = _columns((*base.values(), *_of_matrix(matrix), path))
    return [prompt if prompt.table is None else replace(prompt, wanted=_wanted(prompt, shared)) for prompt in prompts]


def _wanted(prompt: CompiledPrompt, shared: frozenset[str] | None) -> NeededColumns:
    own = _columns(
        (
            prompt.text,
            prompt.prompt_id,
            prompt.where,
            *prompt.tags,
            *prompt.variables.values(),
            *prompt.meta.values(),
            *prompt.request.values(),
        )
    )
    columns = None if own is None or shared is None else own | shared
    return NeededColumns(columns=columns, are_rows_hashed=not prompt.has_id)


def _of_matrix(matrix: ResolvedMatrix) -> Iterator[TemplateValue | None]:
    """Yield the templates of the matrix that see rows."""
    for axis in matrix.axes:
        for position in range(axis.count if axis.is_listed else 0):
            yield from axis.value(position).late.values()
    for entry in matrix.includes:
        yield from entry.fields.values()


def _columns(values: Iterable[TemplateValue | None]) -> frozenset[str] | None:
    """Return the columns that templates read; None for all of them, if some template uses the row as a whole."""
    columns: set[str] = set()
    for value in values:
        if value is None or _ROW not in value.names:
            continue
        if _ROW in value.bare:
            return None
        columns.update(str(way[1]) for way in value.attributes if way[0] == _ROW)
    return frozenset(columns)


def check_limits(spec: Spec, catalog: Catalog, problems: ProblemCollector) -> None:
    """Report limits of models that are not in the catalog, which would have no effect."""
    for name in spec.terms.limits.models:
        try:
            catalog.model(name)
        except UnknownName as unknown:
            gone = catalog.gone.get(name)
            problems.add_key(
                ("limits", "models", name),
                f'the model "{name}" is {gone}' if gone else f'unknown model "{name}"',
                suggestion=f'did you mean "{unknown.suggestion}"?' if unknown.suggestion else None,
            )
