"""Templates: strings in a spec that are filled in with values, typed where they are one single expression."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from jinja2 import TemplateSyntaxError, pass_context
from jinja2.runtime import Undefined

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.portable_paths import plain
from qwave_batch.spec.template.compiler import CompiledTemplate, Into, compile_text
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.render_budget import RenderAllowance
from qwave_batch.spec.template.renderer import rendered
from qwave_batch.spec.template.sandbox import SpecEnvironment
from qwave_batch.spec.template.template_messages import TemplateFault, syntax_fault
from qwave_batch.spec.values.value_path import Path

__all__ = ["TemplateFault", "Value", "compile_path", "compile_value", "value_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value of the spec whose leaves may be templates, compiled."""

    raw: Json
    """As written."""
    where: Path
    names: frozenset[str] = frozenset()
    """Names that it needs from its scope."""
    asked: frozenset[str] = frozenset()
    """Those of them that may be missing, since it asks whether they are there."""
    attributes: frozenset[Path] = frozenset()
    """Fields that it takes of those names, such as ``("row", "Prompt")``."""
    calculated: frozenset[str] = frozenset()
    """Those of the names that it does more with than to write them down."""
    bare: frozenset[str] = frozenset()
    """Those of the names that it uses as a whole, and not by a field that it names."""
    words: int = 0
    """How many words and signs there are in its templates, which is what compiling them cost."""
    is_constant: bool = True
    """Whether there is no template in it, so that it renders to itself."""
    renderer: Callable[[Mapping[str, Json]], Json] | None = field(default=None, repr=False)

    def render(self, scope: Mapping[str, Json]) -> Json:
        """Return the value with its templates filled in from ``scope``.

        Raises:
            TemplateFault: A name is missing, an operation fails, or what comes out is no JSON value.
        """
        return self.raw if self.renderer is None else self.renderer(scope)


def compile_value(value: Json, where: Path, allowance: RenderAllowance | None = None, *, into: Into = "value") -> Value:
    """Return the value with every template string in it compiled.

    Args:
        value: Any JSON value.
        where: Its place in the spec.
        allowance: What the templates of its plan may still do together.
        into: What a template that is one single expression becomes.

    Raises:
        TemplateFault: A template does not parse.
    """
    match value:
        case str() if is_template(value):
            return _compile_text(value, where, allowance, into)
        case Mapping():
            fields = {key: compile_value(item, (*where, key), allowance) for key, item in value.items()}
            parts: Iterable[Value] = fields.values()
            return _whole(value, where, parts, lambda scope: {key: part.render(scope) for key, part in fields.items()})
        case list() | tuple():
            items = [compile_value(item, (*where, number), allowance) for number, item in enumerate(value)]
            return _whole(value, where, items, lambda scope: [part.render(scope) for part in items])
        case _:
            return Value(raw=value, where=where)


def _whole(value: Json, where: Path, parts: Iterable[Value], renderer: Callable[[Mapping[str, Json]], Json]) -> Value:
    held = [part for part in parts if not part.is_constant]
    if not held:
        return Value(raw=value, where=where)
    return Value(
        raw=value,
        where=where,
        names=frozenset().union(*(part.names for part in held)),
        asked=frozenset().union(*(part.asked for part in held)),
        attributes=frozenset().union(*(part.attributes for part in held)),
        calculated=frozenset().union(*(part.calculated for part in held)),
        bare=frozenset().union(*(part.bare for part in held)),
        words=sum(part.words for part in held),
        is_constant=False,
        renderer=renderer,
    )


def _compile_text(source: str, where: Path, allowance: RenderAllowance | None, into: Into) -> Value:
    try:
        compiled = _compiled(source, into)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
    return value_of(compiled, where, allowance)


def value_of(compiled: CompiledTemplate, where: Path, allowance: RenderAllowance | None = None) -> Value:
    """Return the compiled template as the value at ``where``."""
    return Value(
        raw=compiled.source,
        where=where,
        names=compiled.names,
        asked=compiled.asked,
        attributes=compiled.attributes,
        calculated=compiled.names if compiled.fast_parts is None else frozenset(),
        bare=compiled.bare,
        words=compiled.words,
        is_constant=False,
        renderer=partial(rendered, compiled, where, allowance),
    )


_ENVIRONMENT = SpecEnvironment()


@lru_cache(maxsize=2048)
def _compiled(source: str, into: Into) -> CompiledTemplate:
    return compile_text(_ENVIRONMENT, source, into=into)


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


_PATH_ENVIRONMENT = PathEnvironment()


def compile_path(source: str, where: Path, allowance: RenderAllowance | None = None) -> Value:
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
        return value_of(compile_text(_PATH_ENVIRONMENT, source, keeps_type=False), where, allowance)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
