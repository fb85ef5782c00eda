"""Templates of paths: what is written between the tags may hold slashes, what the tags bring may not."""

from typing import Any

from jinja2 import TemplateSyntaxError, pass_context
from jinja2.runtime import Undefined

from qwave_batch.model.paths import plain
from qwave_batch.spec.bounds import Allowance
from qwave_batch.spec.compiling import compile_text
from qwave_batch.spec.faults import syntax_fault
from qwave_batch.spec.marks import Path
from qwave_batch.spec.sandbox import SpecEnvironment
from qwave_batch.spec.templates import Value, is_template, value_of


@pass_context
def _plain_part(context: Any, value: Any) -> Any:
    if isinstance(value, Undefined):
        return value
    text = context.budget.text(value)
    context.budget.work(len(text))
    return plain(text)


class PathEnvironment(SpecEnvironment):
    """The environment of templates, where each value that comes out is made one plain part of a path."""

    as_part = staticmethod(plain)

    def __init__(self) -> None:
        super().__init__(finalize=_plain_part)


_ENVIRONMENT = PathEnvironment()


def compile_path(source: str, where: Path, allowance: Allowance | None = None) -> Value:
    """Return a compiled path; it renders to text in which only slashes of the template itself remain.

    Args:
        source: Its text.
        where: Its place in the spec.
        allowance: What the templates of its plan may still do together.

    Raises:
        TemplateFault: It does not parse.
    """
    if not is_template(source):
        return Value(raw=source, where=where)
    try:
        return value_of(compile_text(_ENVIRONMENT, source, keeps_type=False), where, allowance)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
