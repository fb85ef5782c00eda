"""Renders compiled templates: directly if they only name values, else by running their code."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.compiler import CompiledTemplate
from qwave_batch.spec.template.fast_render import NEEDS_ENGINE, characters_from_row, render_fast, render_fast_typed
from qwave_batch.spec.template.render_budget import (
    FREE_CHARACTERS,
    MAX_MADE,
    STEPS_OF_A_FAILURE,
    RenderAllowance,
    RenderBudget,
    TemplateLimitExceeded,
    concat,
)
from qwave_batch.spec.template.sandbox import NameMissing
from qwave_batch.spec.template.syntax import RESULT
from qwave_batch.spec.template.template_messages import TemplateFault, failure_message, missing_fault
from qwave_batch.spec.template.tracing import own_name
from qwave_batch.spec.values.json_values import as_json, check_text
from qwave_batch.spec.values.text_cells import TextCell, TextRow
from qwave_batch.spec.values.text_conversion import PromptRecord
from qwave_batch.spec.values.value_errors import MisusedValue
from qwave_batch.spec.values.value_messages import expression_of
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.values.value_warnings import SuspiciousValue, whole_with_a_fraction


def render_compiled(
    compiled: CompiledTemplate, where: ValuePath, scope: Mapping[str, Json], allowance: RenderAllowance | None = None
) -> Json:
    """Return the template rendered with ``scope``.

    Args:
        compiled: The template.
        where: Its place in the spec.
        scope: The values of the names that it uses.
        allowance: The shared limits of all templates in the plan.

    Raises:
        TemplateFault: A name is undefined, an operation fails, or the result is not a JSON value.
    """
    return rendered(compiled, where, allowance, scope)


def rendered(
    compiled: CompiledTemplate, where: ValuePath, allowance: RenderAllowance | None, scope: Mapping[str, Json]
) -> Json:
    """Same as ``render_compiled``, with the scope last, since only it changes between calls."""
    filled = _filled(compiled, scope)
    is_filled = filled is not NEEDS_ENGINE
    if is_filled and (type(filled) is not str or len(filled) <= FREE_CHARACTERS):
        return filled  # type: ignore[no-any-return]  # a string or a number
    source = compiled.source
    try:
        if is_filled:
            if allowance is not None:
                allowance.make(len(filled) - characters_from_row(compiled.fast_parts or (), scope))
            return filled  # type: ignore[no-any-return]  # a long text
        template = compiled.code.get()
        context: Any = template.new_context({name: scope[name] for name in compiled.names if name in scope})
        budget = context.budget = RenderBudget(allowance)
        parts = template.root_render_func(context)
        made = _made(compiled, context, parts)
        if allowance is not None:
            allowance.make(MAX_MADE - budget.made)
            for warning in _suspicious_values(compiled, scope, budget):
                allowance.warn(where, warning)
    except MisusedValue as misused:
        raise _misuse_fault(compiled, misused, where, scope) from None
    except NameMissing as error:
        line = compiled.lines.get(str(error.name), 1)
        raise missing_fault(error, compiled.attributes, scope, where, source=source, line=line) from None
    except Exception as error:  # noqa: BLE001  # any exception in there is the template's failure
        if allowance is not None and isinstance(error, TemplateLimitExceeded):
            allowance.spend(STEPS_OF_A_FAILURE)
        raise TemplateFault(failure_message(error), where, source=source) from None
    return made


def _made(compiled: CompiledTemplate, context: Any, parts: Iterable[str]) -> Json:
    """Run the template; return its result as the kind that is wanted."""
    budget: RenderBudget = context.budget
    if not compiled.is_typed:
        text = concat(_counted(parts, budget))
        check_text(text)
        return text
    for _ in parts:
        pass
    value = context.vars[RESULT]
    budget.weigh(value)
    if isinstance(value, PromptRecord):
        raise value.misuse()
    if compiled.into == "value" or (value is None and compiled.into == "prompt" and compiled.says_none):
        return as_json(value)
    text = budget.text(value)
    check_text(text)
    return text


def _misuse_fault(
    compiled: CompiledTemplate, misused: MisusedValue, where: ValuePath, scope: Mapping[str, Json]
) -> TemplateFault:
    for _ in _suspicious_values(compiled, scope):
        pass  # drop the warnings: the failure is reported instead
    name = own_name(misused)
    if name is None:
        tracer = compiled.code.traced(compiled.source, compiled.names, is_typed=compiled.is_typed)
        name, misused = tracer.name_of(misused, scope)
    message, suggestion = misused.message(name), misused.suggestion(name)
    fault = TemplateFault(message, where, source=compiled.source, suggestion=suggestion)
    is_empty = isinstance(misused.value, str) and not misused.value.strip()
    fault.of = f"{type(misused).__name__} {name} {is_empty}"
    return fault


def _suspicious_values(
    compiled: CompiledTemplate, scope: Mapping[str, Json], budget: RenderBudget | None = None
) -> Iterator[SuspiciousValue]:
    """Yield the warnings of the values that the template names, and clear them."""
    for name in compiled.names:
        held = scope.get(name)
        cells = held if type(held) is TextRow else held.row if type(held) is TextCell else None
        if cells is not None and (cells.warnings or cells.checked_for_empty):
            yield from cells.take_warnings()
    row = scope.get("row")
    if budget is not None and budget.fractions and isinstance(row, Mapping):
        for column in {str(way[1]) for way in compiled.attributes if way[0] == "row" and len(way) == 2}:  # noqa: PLR2004
            number = row.get(column)
            if isinstance(number, float) and any(number is written for written in budget.fractions):
                yield whole_with_a_fraction(expression_of("row", column), column, number)


def _filled(compiled: CompiledTemplate, scope: Mapping[str, Json]) -> Any:
    fast_parts = compiled.fast_parts
    if fast_parts is None:
        return NEEDS_ENGINE
    if compiled.is_typed and isinstance(fast_parts[0], tuple):
        return render_fast_typed(fast_parts[0], scope)
    return render_fast(fast_parts, scope, compiled.finalize)


def _counted(parts: Iterable[str], budget: RenderBudget) -> Iterable[str]:
    for part in parts:
        budget.step()
        budget.make(len(part))
        yield part
