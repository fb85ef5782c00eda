"""Which lines of a plan a run is about: a template expression over their names."""

from collections.abc import Callable, Mapping

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.file.plan_file import line_of
from qwave_batch.spec.template.templates import TemplateFault, compile_value

_WHERE = ("--only",)
_NAMES = (
    "job_id", "index", "prompt_id", "prompt", "model", "action", "request", "dropped", "axes", "tags", "meta", "repeat",
    "also", "path",
)  # fmt: skip


def lines_where(expression: str) -> Callable[[PlanLine], bool]:
    """Return the test that ``expression`` describes, such as ``model == 'imagen-4.0' and 'night' in tags``.

    Raises:
        UsageError: it does not parse, or uses a name that a plan line does not have. The test raises it too, for an
            expression that fails on a line or gives something else than true or false.
    """
    text = expression.strip()
    try:
        value = compile_value(text if text.startswith("{{") else "{{ " + text + " }}", _WHERE)
    except TemplateFault as fault:
        raise UsageError(f'--only "{expression}" does not parse: {_words(fault)}') from fault
    for name in sorted(value.names - set(_NAMES)):
        raise UnknownName("name in --only", name, _NAMES, hint=f"a plan line has {', '.join(_NAMES)}")

    def is_taken(line: PlanLine) -> bool:
        try:
            answer = value.render(_scope(line))
        except TemplateFault as fault:
            raise UsageError(f'--only "{expression}" on job {line.job.job_id}: {fault}') from fault
        if not isinstance(answer, bool):
            raise UsageError(
                f'--only "{expression}" gives {answer!r} on job {line.job.job_id}, not true or false; '
                "compare it with something"
            )
        return answer

    return is_taken


def _words(fault: TemplateFault) -> str:
    """Return what is wrong with an expression, without the braces that nobody wrote."""
    words = str(fault).removeprefix("the template does not parse: ")
    return words.replace("unexpected }}", "it ends too early").replace("expected }}, found", "it does not go on with")


def _scope(line: PlanLine) -> Mapping[str, Json]:
    written = line_of(line.job, line.also)
    return {name: written[name] for name in _NAMES}
