"""Finds the values of its scope that a template writes into text, and those that it passes on unchanged."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from qwave_batch.spec.template.formatting import texts_by_fields, texts_by_percent
from qwave_batch.spec.values.value_path import ValuePath

ANY = "*"
"""In a path: any item."""

_ONE_OF = frozenset({"first", "last", "max", "min"})
_SAME = frozenset({"list", "reverse", "sort", "unique", "batch", "slice"})
_AS_TEXT = frozenset(
    {
        "capitalize", "center", "indent", "join", "lower", "replace", "sha256", "slug", "string", "striptags",
        "title", "tojson", "trim", "truncate", "upper", "urlencode", "wordwrap",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueUses:
    """How a template uses the values that it names, by their paths: ``("row", "edition")``."""

    written: frozenset[ValuePath]
    """Those that become part of a text."""
    passed_on: frozenset[ValuePath]
    """Those that may be the result of a template that is a single expression."""


@lru_cache(maxsize=2048)
def value_uses_of(source: str) -> ValueUses:
    """Return how a template uses the values that it names; values in calculations are in neither set."""
    try:
        tree = _ENVIRONMENT.parse(source)
    except (TemplateSyntaxError, RecursionError, MemoryError, ValueError, OverflowError):
        return ValueUses(frozenset(), frozenset())  # compiling the template reports it
    collector = _UseCollector()
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            passed_on = collector.ways(expression)
        case body:
            passed_on = frozenset()
            collector.run(body)
    return ValueUses(frozenset(collector.written), passed_on)


_ENVIRONMENT = Environment()  # noqa: S701  # nothing is rendered with it


@dataclass(slots=True)
class _UseCollector:
    written: set[ValuePath] = field(default_factory=set)
    bound: dict[str, frozenset[ValuePath]] = field(default_factory=dict)
    """The values of the names that the template itself sets."""

    def run(self, body: Iterable[nodes.Node]) -> None:
        for node in body:
            match node:
                case nodes.Output(nodes=parts):
                    for part in parts:
                        self.written |= self.ways(part)
                case nodes.For(target=target, iter=over):
                    self._bind(target, _below(self.ways(over), ANY))
                    self.run((*node.body, *node.else_))
                case nodes.Assign(target=target, node=value):
                    self._bind(target, self.ways(value))
                case nodes.With(targets=targets, values=values):
                    for target, value in zip(targets, values, strict=True):
                        self._bind(target, self.ways(value))
                    self.run(node.body)
                case nodes.If():
                    self.run((*node.body, *node.elif_, *node.else_))
                case _:
                    self.run(node.iter_child_nodes())

    def ways(self, node: nodes.Node) -> frozenset[ValuePath]:
        """Return the paths of the values that an expression may give; note those that it writes into text."""
        match node:
            case nodes.Name() | nodes.Getattr() | nodes.Getitem():
                found = self._named(node)
            case (
                nodes.CondExpr(expr1=left, expr2=right)
                | nodes.And(left=left, right=right)
                | nodes.Or(left=left, right=right)
            ):
                found = self._any_of([left, right] if right else [left])
            case nodes.List(items=items) | nodes.Tuple(items=items):
                found = self._any_of(items)
            case nodes.Concat(nodes=items):
                self.written |= self._any_of(items)
                found = frozenset()
            case nodes.Filter(name="format") | nodes.Call(node=nodes.Getattr(attr="format")) | nodes.Mod():
                found = self._format(node)
            case nodes.Filter(node=nodes.Node() as value, name=name, args=arguments):
                found = self._filtered(name, self.ways(value), self._any_of(arguments))
            case nodes.Call(node=nodes.Getattr(node=owner, attr=name), args=arguments):
                found = self._called(name, self.ways(owner), self._any_of(arguments))
            case _:
                self._any_of(node.iter_child_nodes())
                found = frozenset()
        return found

    def _any_of(self, several: Iterable[nodes.Node]) -> frozenset[ValuePath]:
        return frozenset[ValuePath]().union(*map(self.ways, several))

    def _named(self, node: nodes.Name | nodes.Getattr | nodes.Getitem) -> frozenset[ValuePath]:
        match node:
            case nodes.Name(name=name):
                return self.bound.get(name, frozenset({(name,)}))
            case nodes.Getattr(node=owner, attr=step) | nodes.Getitem(node=owner, arg=nodes.Const(value=str() as step)):
                return _below(self.ways(owner), step)
            case nodes.Getitem(node=owner):
                return _below(self.ways(owner), ANY)

    def _called(self, name: str, owner: frozenset[ValuePath], arguments: frozenset[ValuePath]) -> frozenset[ValuePath]:
        if name == "join":
            self.written |= owner | arguments
        return _below(owner, ANY) if name in {"values", "items", "get"} else frozenset()

    def _format(self, node: nodes.Filter | nodes.Call | nodes.Mod) -> frozenset[ValuePath]:
        match node:
            case nodes.Filter(node=nodes.Node() as text, args=arguments):
                return self._formatted(text, texts_by_percent, dict(enumerate(map(self.ways, arguments))))
            case nodes.Call(node=nodes.Getattr(node=text), args=arguments, kwargs=named):
                slots: dict[int | str, frozenset[ValuePath]] = dict(enumerate(map(self.ways, arguments)))
                for keyword in named:
                    if isinstance(keyword, nodes.Keyword):
                        slots[keyword.key] = self.ways(keyword.value)
                return self._formatted(text, texts_by_fields, slots)
            case nodes.Mod(left=nodes.Const(value=str()) as text, right=right):
                values = right.items if isinstance(right, nodes.Tuple) else [right]
                return self._formatted(text, texts_by_percent, dict(enumerate(map(self.ways, values))))
            case _:
                self._any_of(node.iter_child_nodes())
                return frozenset()

    def _formatted(
        self,
        text: nodes.Node,
        texts_of: Callable[[str], frozenset[int | str]],
        slots: Mapping[int | str, frozenset[ValuePath]],
    ) -> frozenset[ValuePath]:
        """Note the values that a format string writes as text; none if the format string is not a literal."""
        shown = texts_of(text.value) if isinstance(text, nodes.Const) and isinstance(text.value, str) else frozenset()
        self.written |= self.ways(text).union(*(slots[slot] for slot in shown & slots.keys()))
        return frozenset()

    def _filtered(
        self, name: str, value: frozenset[ValuePath], arguments: frozenset[ValuePath]
    ) -> frozenset[ValuePath]:
        if name in {"default", "d"}:
            return value | arguments
        if name in _ONE_OF:
            return _below(value, ANY)
        if name in _SAME:
            return value
        if name in _AS_TEXT:
            self.written |= value | arguments
        return frozenset()

    def _bind(self, target: nodes.Node, ways: frozenset[ValuePath]) -> None:
        match target:
            case nodes.Name(name=name):
                self.bound[name] = ways
            case nodes.Tuple(items=items):
                for item in items:
                    self._bind(item, ways)
            case _:
                pass


def _below(ways: frozenset[ValuePath], step: str) -> frozenset[ValuePath]:
    return frozenset((*way, step) for way in ways)


def leads_to(way: ValuePath, path: ValuePath) -> bool:
    """Whether a path, which may contain ANY, leads to the value at ``path`` or to a value around it."""
    return len(way) <= len(path) and all(step in {ANY, other} for step, other in zip(way, path, strict=False))
