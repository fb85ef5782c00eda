"""Compiles values of a spec, whose strings may be templates: the entry point of this package."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

from jinja2 import TemplateSyntaxError, pass_context
from jinja2.runtime import Undefined

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.portable_paths import portable_text
from qwave_batch.spec.template.compiler import CompiledTemplate, Into, compile_text
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.render_budget import RenderAllowance
from qwave_batch.spec.template.renderer import rendered
from qwave_batch.spec.template.sandbox import SpecEnvironment
from qwave_batch.spec.template.template_messages import TemplateFault, syntax_fault
from qwave_batch.spec.values.value_path import ValuePath

__all__ = ["TemplateFault", "TemplateValue", "compile_path", "compile_value", "value_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateValue:
    """A value of the spec, with the templates in it compiled."""

    raw: Json
    """As written."""
    where: ValuePath
    names: frozenset[str] = frozenset()
    """Names that it takes from its scope."""
    asked: frozenset[str] = frozenset()
    """The names that may be undefined, since it tests for them."""
    attributes: frozenset[ValuePath] = frozenset()
    """Fields of the names that it uses, such as ``("row", "Prompt")``."""
    calculated: frozenset[str] = frozenset()
    """The names that it does more with than inserting them."""
    bare: frozenset[str] = frozenset()
    """The names that it uses as a whole, not only by a named field."""
    words: int = 0
    """Number of tokens in its templates, which is the cost of compiling them."""
    is_constant: bool = True
    """Whether it contains no template, so that it renders to itself."""
    renderer: Callable[[Mapping[str, Json]], Json] | None = field(default=None, repr=False)

    def render(self, scope: Mapping[str, Json]) -> Json:
        """Return the value with its templates rendered with ``scope``.

        Raises:
            TemplateFault: A name is undefined, an operation fails, or the result is not a JSON value.
        """
        return self.raw if self.renderer is None else self.renderer(scope)


def compile_value(
    value: Json, where: ValuePath, allowance: RenderAllowance | None = None, *, into: Into = "value"
) -> TemplateValue:
    """Return the value with every template string in it compiled.

    Args:
        value: Any JSON value.
        where: Its place in the spec.
        allowance: The shared limits of all templates in the plan.
        into: The kind of result of a template that is a single expression.

    Raises:
        TemplateFault: A template does not parse.
    """
    match value:
        case str() if is_template(value):
            return _compile_text(value, where, allowance, into)
        case Mapping():
            fields = {key: compile_value(item, (*where, key), allowance) for key, item in value.items()}
            parts: Iterable[TemplateValue] = fields.values()
            return _whole(value, where, parts, lambda scope: {key: part.render(scope) for key, part in fields.items()})
        case list() | tuple():
            items = [compile_value(item, (*where, number), allowance) for number, item in enumerate(value)]
            return _whole(value, where, items, lambda scope: [part.render(scope) for part in items])
        case _:
            return TemplateValue(raw=value, where=where)


def _whole(
    value: Json, where: ValuePath, parts: Iterable[TemplateValue], renderer: Callable[[Mapping[str, Json]], Json]
) -> TemplateValue:
    held = [part for part in parts if not part.is_constant]
    if not held:
        return TemplateValue(raw=value, where=where)
    return TemplateValue(
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


def _compile_text(source: str, where: ValuePath, allowance: RenderAllowance | None, into: Into) -> TemplateValue:
    try:
        compiled = _compiled(source, into)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
    return value_of(compiled, where, allowance)


def value_of(compiled: CompiledTemplate, where: ValuePath, allowance: RenderAllowance | None = None) -> TemplateValue:
    """Return the compiled template as the value at ``where``."""
    return TemplateValue(
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
    return portable_text(text)


class PathEnvironment(SpecEnvironment):
    """The environment of path templates, in which each value becomes a single plain part of a path."""

    as_part = staticmethod(portable_text)

    def __init__(self) -> None:
        super().__init__(finalize=_plain_part)


_PATH_ENVIRONMENT = PathEnvironment()


def compile_path(source: str, where: ValuePath, allowance: RenderAllowance | None = None) -> TemplateValue:
    """Return a compiled path; in its text only the template's own slashes separate folders.

    Args:
        source: Its text.
        where: Its place in the spec.
        allowance: The shared limits of all templates in the plan.

    Raises:
        TemplateFault: It does not parse.
    """
    if not is_template(source):
        return TemplateValue(raw=source, where=where)
    try:
        return value_of(compile_text(_PATH_ENVIRONMENT, source, keeps_type=False), where, allowance)
    except TemplateSyntaxError as error:
        raise syntax_fault(error, where, source) from None
