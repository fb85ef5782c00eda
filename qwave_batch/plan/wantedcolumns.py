"""Which columns of a table the templates of its prompt read: what is in the others need not be looked at."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from qwave_batch.plan.combinations import Matrix
from qwave_batch.plan.prompts import CompiledPrompt
from qwave_batch.spec.rows import Wanted
from qwave_batch.spec.templates import Value

_ROW = "row"


def with_columns(
    prompts: Sequence[CompiledPrompt], base: Mapping[str, Value | None], matrix: Matrix, path: Value | None
) -> list[CompiledPrompt]:
    """Return the prompts, those with a table with what of its rows is wanted."""
    if all(prompt.table is None for prompt in prompts):
        return list(prompts)
    shared = _columns((*base.values(), *_of_matrix(matrix), path))
    return [prompt if prompt.table is None else replace(prompt, wanted=_wanted(prompt, shared)) for prompt in prompts]


def _wanted(prompt: CompiledPrompt, shared: frozenset[str] | None) -> Wanted:
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
    return Wanted(columns=columns, are_rows_named=not prompt.has_id)


def _of_matrix(matrix: Matrix) -> Iterator[Value | None]:
    """Yield the templates of the matrix that see rows."""
    for axis in matrix.axes:
        for position in range(axis.count if axis.is_listed else 0):
            yield from axis.value(position).late.values()
    for entry in matrix.includes:
        yield from entry.fields.values()


def _columns(values: Iterable[Value | None]) -> frozenset[str] | None:
    """Return the columns that templates read; None for all of them: some template takes the row as a whole."""
    columns: set[str] = set()
    for value in values:
        if value is None or _ROW not in value.names:
            continue
        if _ROW in value.bare:
            return None
        columns.update(str(way[1]) for way in value.attributes if way[0] == _ROW)
    return frozenset(columns)
