"""Compiles a template expression into a test of lines, such as ``model == 'imagen-4.0' and 'night' in tags``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine, line_as_json
from qwave_batch.spec.template.templates import TemplateFault, compile_value

LINE_NAMES = tuple(field.name for field in fields(ManifestLine))
"""The names that an expression over a manifest line may use: the line's keys."""


def lines_matching(expression: str, *, named: str = "the filter") -> Callable[[ManifestLine], bool]:
    """Return the test that ``expression`` describes, such as ``status == 'completed' and 'night' in tags``.

    Args:
        expression: A template expression, with or without braces.
        named: Its name in messages.

    Raises:
        UsageError: as ``compile_condition`` does.
    """
    is_met = compile_condition(expression, LINE_NAMES, named=named, of="manifest line")
    return lambda line: is_met(scope_of_line(line), line.job_id)


def scope_of_line(line: ManifestLine) -> dict[str, Json]:
    """Return the values of ``LINE_NAMES``; a line without a stage has an empty one, and no parents."""
    return {**dict.fromkeys(LINE_NAMES), "stage": "", "parents": [], **line_as_json(line)}


def compile_condition(
    expression: str, names: Sequence[str], *, named: str, of: str
) -> Callable[[Mapping[str, Json], str], bool]:
    """Return a test over the values of ``names``; its second argument is the id of the job they belong to.

    Args:
        expression: A template expression, with or without braces.
        names: The names it may use.
        named: Its name in messages.
        of: The owner of those names, for messages.

    Raises:
        UsageError: it does not parse, or uses another name. The test raises it too, for an expression that fails on
            a job or gives something other than true or false.
    """
    text = expression.strip()
    try:
        value = compile_value(text if text.startswith("{{") else "{{ " + text + " }}", (named,))
    except TemplateFault as fault:
        raise UsageError(f'{named} "{expression}" does not parse: {_without_braces(fault)}') from fault
    for name in sorted(value.names - set(names)):
        raise UnknownName(f"name in {named}", name, names, hint=f"a {of} has {', '.join(names)}")

    def is_met(scope: Mapping[str, Json], job_id: str) -> bool:
        try:
            answer = value.render(scope)
        except TemplateFault as fault:
            raise UsageError(f'{named} "{expression}" on job {job_id}: {fault}') from fault
        if not isinstance(answer, bool):
            raise UsageError(
                f'{named} "{expression}" gives {answer!r} on job {job_id}, not true or false; compare it with something'
            )
        return answer

    return is_met


def _without_braces(fault: TemplateFault) -> str:
    """Return a template's message about an expression, without the braces added around it."""
    message = str(fault).removeprefix("the template does not parse: ")
    return message.replace("unexpected }}", "it ends too early").replace("expected }}, found", "it does not go on with")
