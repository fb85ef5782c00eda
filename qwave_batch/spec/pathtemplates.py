"""Templates of paths: what is written between the tags may hold slashes, what the tags bring may not."""

from typing import Any

from jinja2 import TemplateSyntaxError
from jinja2.runtime import Undefined

from qwave_batch.model.paths import plain
from qwave_batch.spec.compiling import compile_text
from qwave_batch.spec.faults import syntax_fault
from qwave_batch.spec.marks import Path
from qwave_batch.spec.sandbox import SpecEnvironment
from qwave_batch.spec.templates import Value, is_template, value_of
from qwave_batch.spec.words import text_of


class PathEnvironment(SpecEnvironment):
    """The environment of templates, where each value that comes out is made one plain part of a path."""

    def __init__(self) -> None:
        super().__init__()
        self.finalize = _plain


def _plain(value: Any) -> Any:
    return value if isinstance(value, Undefined) else plain(text_of(value))


_ENVIRONMENT = PathEnvironment()


def compile_path(source: str, where: Path) -> Value:
    """Return a compiled path; it renders to text in which only slashes of the template itself remain.

    Raises:
        TemplateFault: It does not parse.
    """
    if not is_template(source):
        return Value(raw=source, where=where)
    try:
        return value_of(compile_text(_ENVIRONMENT, source, keeps_type=False), where)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
