"""Compiles the text of a template, or splits one that only names values into parts that need no code."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from jinja2 import Environment, Template, TemplateSyntaxError, meta, nodes

from qwave_batch.spec.template.fast_render import (
    Part,
    parts_from_source,
    parts_from_tree,
    plain_names,
)
from qwave_batch.spec.template.sandbox import SpecEnvironment
from qwave_batch.spec.template.syntax import MAX_SOURCE, MAX_WORDS, parse, typed_expression
from qwave_batch.spec.template.tracing import Tracer
from qwave_batch.spec.values.value_path import ValuePath

_WORDS_OF_PARSING = 10  # that a template counts as if it must be parsed


Into: TypeAlias = Literal["value", "text", "prompt"]
"""The result of a template that is a single expression: its value, text, or (for prompts) text or null."""


class LazyCode:
    """The code of a template, made when it is first run: most templates never need it (see ``fast_parts``)."""

    __slots__ = ("_environment", "_made", "_traced", "_tree")

    def __init__(self, environment: Environment, tree: Callable[[], nodes.Template]) -> None:
        self._environment = environment
        self._tree = tree
        self._made: Template | None = None
        self._traced: Tracer | None = None

    def traced(self, source: str, names: Iterable[str], *, is_typed: bool) -> Tracer:
        """Return a second version of the code, which records the expressions for the template's values."""
        if self._traced is None:
            self._traced = Tracer(self._environment, source, names, is_typed=is_typed)
        return self._traced

    def get(self) -> Template:
        """Return the code.

        Raises:
            TemplateSyntaxError: The template exceeds a limit, or uses something that does not exist.
        """
        if self._made is None:
            self._made = self._environment.from_string(self._tree())
        return self._made


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A compiled template, which can be rendered any number of times."""

    source: str
    code: LazyCode
    names: frozenset[str]
    asked: frozenset[str]
    """The names that may be undefined, since it uses ``default`` or ``is defined`` on them."""
    attributes: frozenset[ValuePath]
    bare: frozenset[str]
    """The names that it uses as a whole, not only by a named field."""
    lines: Mapping[str, int]
    """The line on which each name is first used."""
    is_typed: bool
    words: int
    """Number of tokens in its tags, which is the cost of compiling it."""
    fast_parts: tuple[Part, ...] | None = None
    """Its parts, if it only names values; see ``fast_render``."""
    finalize: Callable[[Any], Any] | None = None
    """A function for each value before it becomes part of the text; None if values are text as they are."""
    into: Into = "value"
    says_none: bool = False
    """Whether it contains ``none``, so that its result may be null on purpose."""


def compile_text(
    environment: SpecEnvironment, source: str, *, keeps_type: bool = True, into: Into = "value"
) -> CompiledTemplate:
    """Return the compiled template.

    Args:
        environment: Its filters, tests and functions.
        source: Its text.
        keeps_type: Whether a template that is a single expression gives a value instead of text.
        into: The kind of its result.

    Raises:
        TemplateSyntaxError: It does not parse, or exceeds a limit.
    """
    unparsed = _compiled_without_parsing(environment, source, keeps_type=keeps_type, into=into)
    if unparsed is not None:
        return unparsed
    try:
        tree = parse(environment, source)
        named = plain_names(tree).difference(environment.globals)
        fast_parts = parts_from_tree(tree, named)
        free = named if fast_parts else _undeclared(tree).difference(environment.globals)
        chains = list(_chains(tree))
        attributes = frozenset(chain for _, chain in chains if chain[0] in free)
        asked = free.intersection(_asked(tree))
        every = list(tree.find_all(nodes.Node))
        bare = free.intersection(_bare(every, {id(name) for name, _ in chains} | _questioned(tree)))
        lines = {node.name: node.lineno for node in reversed(every) if isinstance(node, nodes.Name)}
        typed = typed_expression(environment, tree) if keeps_type else None
        code = LazyCode(environment, lambda: typed or tree)
        if not fast_parts:
            code.get()
    except (RecursionError, MemoryError, SyntaxError, OverflowError, ValueError):
        raise TemplateSyntaxError("it is nested too deeply, or contains a number that is too long", 1) from None
    finalize = None if keeps_type else environment.as_part
    words = len(every) + _WORDS_OF_PARSING
    says_none = any(isinstance(node, nodes.Const) and node.value is None for node in every)
    return CompiledTemplate(
        source,
        code,
        free,
        asked,
        attributes,
        bare,
        lines,
        typed is not None,
        words,
        fast_parts,
        finalize,
        into,
        says_none,
    )


def _compiled_without_parsing(
    environment: SpecEnvironment, source: str, *, keeps_type: bool, into: Into
) -> CompiledTemplate | None:
    """Return the compiled template if it clearly only names values, else None."""
    parts = parts_from_source(source) if len(source) <= MAX_SOURCE else None
    ways = [part for part in parts or () if not isinstance(part, str)]
    if parts is None or len(ways) > MAX_WORDS // 3 or any(way[0] in environment.globals for way in ways):
        return None
    is_typed = keeps_type and len(parts) == 1 and len(ways) == 1

    def tree() -> nodes.Template:
        parsed = parse(environment, source)
        return (typed_expression(environment, parsed) if keeps_type else None) or parsed

    return CompiledTemplate(
        source,
        LazyCode(environment, tree),
        names=frozenset(way[0] for way in ways),
        asked=frozenset(),
        attributes=frozenset(way for way in ways if len(way) > 1),
        bare=frozenset(way[0] for way in ways if len(way) == 1),
        lines=_lines(source, ways),
        is_typed=is_typed,
        words=1 + len(ways),
        fast_parts=parts,
        finalize=None if keeps_type else environment.as_part,
        into=into,
    )


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    """Return the names that a template takes from its scope, without evaluating any part of it."""
    finder = meta.TrackingCodeGenerator(cast("Environment", tree.environment))
    finder.optimizer = None
    finder.visit(tree)
    return frozenset(finder.undeclared_identifiers)


def _lines(source: str, ways: Iterable[tuple[str, ...]]) -> dict[str, int]:
    if "\n" not in source and "\r" not in source:
        return {way[0]: 1 for way in ways}
    lines: dict[str, int] = {}
    done, line = 0, 1
    for way in ways:
        opens = source.index("{{", done)
        line += source.count("\n", done, opens)
        lines.setdefault(way[0], line)
        done = opens + 2
    return lines


def _asked(tree: nodes.Node) -> Iterable[str]:
    """Yield the names that the template allows to be undefined."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        match node:
            case nodes.Filter(name="default" | "d", node=nodes.Name(name=name)):
                yield name
            case nodes.Test(name="defined" | "undefined", node=nodes.Name(name=name)):
                yield name


def _questioned(tree: nodes.Node) -> set[int]:
    """Return the ids of the name nodes of which a template asks only whether they are defined."""
    tests = (test for test in tree.find_all(nodes.Test) if test.name in {"defined", "undefined"})
    return {id(test.node) for test in tests}


def _bare(every: Iterable[nodes.Node], heads: Collection[int]) -> Iterable[str]:
    """Yield the names in a template that are used as a whole; ``heads`` are the ids of the others."""
    return (node.name for node in every if isinstance(node, nodes.Name) and id(node) not in heads)


def _chains(tree: nodes.Node) -> Iterable[tuple[nodes.Name, ValuePath]]:
    """Yield the name node and path of each dotted use: ``row.a.b`` and ``row["a"].b`` are ("row", "a", "b")."""
    inner: set[int] = set()
    methods = {id(call.node) for call in tree.find_all(nodes.Call)}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):  # outer before inner
        if id(node) in inner:
            continue
        chain: list[str] = []
        below: Any = node
        while True:
            if id(below) in methods:
                below = below.node  # the name of a method is not a field
                continue
            if isinstance(below, nodes.Getattr):
                chain.append(below.attr)
            elif isinstance(below, nodes.Getitem):
                # after an index that is not a literal name, fields belong to an unknown value
                if isinstance(below.arg, nodes.Const) and isinstance(below.arg.value, str):
                    chain.append(below.arg.value)
                else:
                    chain.clear()
            else:
                break
            inner.add(id(below))
            below = below.node
        if isinstance(below, nodes.Name) and chain:
            yield below, (below.name, *reversed(chain))
