"""Templates of paths: what is written between the tags may hold slashes, what the tags bring may not."""

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.runtime import Undefined

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.paths import plain
from qwave_batch.spec.marks import Path
from qwave_batch.spec.sandbox import SpecEnvironment
from qwave_batch.spec.syntax import parse
from qwave_batch.spec.templates import Compiled, TemplateFault, Value, is_template, render_compiled, syntax_message
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
        tree = parse(_ENVIRONMENT, source)
        names = frozenset(meta.find_undeclared_variables(tree)).difference(_ENVIRONMENT.globals)
        lines = {name.name: name.lineno for name in tree.find_all(nodes.Name)}
        compiled = Compiled(_ENVIRONMENT.from_string(tree), names, frozenset(), lines, is_typed=False)
    except TemplateSyntaxError as error:
        raise TemplateFault(syntax_message(error), where, source=source, line=error.lineno) from None

    def render(scope: Mapping[str, Json]) -> Json:
        return render_compiled(compiled, source, where, scope)

    return Value(raw=source, where=where, names=names, is_constant=False, renderer=render)
