"""Fills compiled templates in: at sight where they only name values, else by running their code."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.bounds import (
    FREE_CHARACTERS,
    MAX_MADE,
    STEPS_OF_A_FAILURE,
    RenderAllowance,
    RenderBudget,
    TooMuch,
    concat,
)
from qwave_batch.spec.template.compiler import Compiled
from qwave_batch.spec.template.fast_render import OUT_OF_THE_ORDINARY, fill, fill_typed, from_rows
from qwave_batch.spec.template.sandbox import NameMissing
from qwave_batch.spec.template.syntax import RESULT
from qwave_batch.spec.template.template_messages import TemplateFault, failure_message, missing_fault
from qwave_batch.spec.template.tracing import name_at_hand
from qwave_batch.spec.values.cells import Cell, TextCells
from qwave_batch.spec.values.json_values import as_json, check_text
from qwave_batch.spec.values.text_conversion import OwnRecord
from qwave_batch.spec.values.unintended import Doubt, whole_with_a_fraction
from qwave_batch.spec.values.unintended_messages import Unmeant, way_of
from qwave_batch.spec.yaml.source_map import Path


def render_compiled(
    compiled: Compiled, where: Path, scope: Mapping[str, Json], allowance: RenderAllowance | None = None
) -> Json:
    """Return the template filled in from ``scope``.

    Args:
        compiled: The template.
        where: Its place in the spec.
        scope: The values of the names that it uses.
        allowance: What the templates of its plan may still do together.

    Raises:
        TemplateFault: A name is missing, an operation fails, or what comes out is no JSON value.
    """
    return rendered(compiled, where, allowance, scope)


def rendered(compiled: Compiled, where: Path, allowance: RenderAllowance | None, scope: Mapping[str, Json]) -> Json:
    """Return what ``render_compiled`` does; the scope comes last, as what changes from one call to the next."""
    filled = _filled(compiled, scope)
    is_filled = filled is not OUT_OF_THE_ORDINARY
    if is_filled and (type(filled) is not str or len(filled) <= FREE_CHARACTERS):
        return filled  # type: ignore[no-any-return]  # a text or a number
    source = compiled.source
    try:
        if is_filled:
            if allowance is not None:
                allowance.make(len(filled) - from_rows(compiled.fills or (), scope))
            return filled  # type: ignore[no-any-return]  # a long text
        template = compiled.code.get()
        context: Any = template.new_context({name: scope[name] for name in compiled.names if name in scope})
        budget = context.budget = RenderBudget(allowance)
        parts = template.root_render_func(context)
        made = _made(compiled, context, parts)
        if allowance is not None:
            allowance.make(MAX_MADE - budget.made)
            for doubt in _doubts(compiled, scope, budget):
                allowance.doubt(where, doubt)
    except Unmeant as unmeant:
        raise _unmeant_fault(compiled, unmeant, where, scope) from None
    except NameMissing as error:
        line = compiled.lines.get(str(error.name), 1)
        raise missing_fault(error, compiled.attributes, scope, where, source=source, line=line) from None
    except Exception as error:  # noqa: BLE001  # whatever fails in there is the template's failure
        if allowance is not None and isinstance(error, TooMuch):
            allowance.spend(STEPS_OF_A_FAILURE)
        raise TemplateFault(failure_message(error), where, source=source) from None
    return made


def _made(compiled: Compiled, context: Any, parts: Iterable[str]) -> Json:
    """Run the template; return what came out of it, as what it is for."""
    budget: RenderBudget = context.budget
    if not compiled.is_typed:
        text = concat(_counted(parts, budget))
        check_text(text)
        return text
    for _ in parts:
        pass
    value = context.vars[RESULT]
    budget.weigh(value)
    if isinstance(value, OwnRecord):
        raise value.written()
    if compiled.into == "value" or (value is None and compiled.into == "prompt" and compiled.says_none):
        return as_json(value)
    text = budget.text(value)
    check_text(text)
    return text


def _unmeant_fault(compiled: Compiled, unmeant: Unmeant, where: Path, scope: Mapping[str, Json]) -> TemplateFault:
    for _ in _doubts(compiled, scope):
        pass  # what has failed is not told twice
    name = name_at_hand(unmeant)
    if name is None:
        tracer = compiled.code.traced(compiled.source, compiled.names, is_typed=compiled.is_typed)
        name, unmeant = tracer.name_of(unmeant, scope)
    message, way_out = unmeant.message(name), unmeant.way_out(name)
    fault = TemplateFault(message, where, source=compiled.source, suggestion=way_out)
    is_empty = isinstance(unmeant.value, str) and not unmeant.value.strip()
    fault.of = f"{type(unmeant).__name__} {name} {is_empty}"
    return fault


def _doubts(compiled: Compiled, scope: Mapping[str, Json], budget: RenderBudget | None = None) -> Iterator[Doubt]:
    """Yield what nobody may have meant, from the values that the template names; it is taken off them."""
    for name in compiled.names:
        held = scope.get(name)
        cells = held if type(held) is TextCells else held.row if type(held) is Cell else None
        if cells is not None and (cells.doubts or cells.asked):
            yield from cells.take_doubts()
    row = scope.get("row")
    if budget is not None and budget.fractions and isinstance(row, Mapping):
        for column in {str(way[1]) for way in compiled.attributes if way[0] == "row" and len(way) == 2}:  # noqa: PLR2004
            number = row.get(column)
            if isinstance(number, float) and any(number is written for written in budget.fractions):
                yield whole_with_a_fraction(way_of("row", column), column, number)


def _filled(compiled: Compiled, scope: Mapping[str, Json]) -> Any:
    fills = compiled.fills
    if fills is None:
        return OUT_OF_THE_ORDINARY
    if compiled.is_typed and isinstance(fills[0], tuple):
        return fill_typed(fills[0], scope)
    return fill(fills, scope, compiled.finalize)


def _counted(parts: Iterable[str], budget: RenderBudget) -> Iterable[str]:
    for part in parts:
        budget.step()
        budget.make(len(part))
        yield part
