"""Finds the expression for a misused value in a template, by running it again with its expressions recorded."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import cast

from jinja2 import Environment, nodes
from jinja2.visitor import NodeTransformer

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.filters import TRACED
from qwave_batch.spec.template.render_budget import RenderBudget
from qwave_batch.spec.template.syntax import RESULT, parse, typed_expression
from qwave_batch.spec.values.text_cells import TextCell
from qwave_batch.spec.values.value_errors import MisusedValue, NullInText

_REMEMBERED = 1000  # values; the last ones are nearest to the failure


class Tracer:
    """A version of one template that records the expressions for its values."""

    __slots__ = ("_names", "_template")

    def __init__(self, environment: Environment, source: str, names: Iterable[str], *, is_typed: bool) -> None:
        tree = _Namer().visit(parse(environment, source))
        tree.set_environment(environment)
        typed = typed_expression(environment, tree) if is_typed else None
        self._template = environment.from_string(typed or tree)
        self._names = names

    def name_of(self, misused: MisusedValue, scope: Mapping[str, Json]) -> tuple[str | None, MisusedValue]:
        """Return the expression for the value that the template failed on, if it has one, and the failure.

        The failure is that of the second run, whose values were recorded.
        """
        context = self._template.new_context({name: scope[name] for name in self._names if name in scope})
        budget = context.budget = RenderBudget()  # type: ignore[attr-defined]  # of SpecEnvironment
        named = budget.named = deque(maxlen=_REMEMBERED)
        try:
            for _ in self._template.root_render_func(context):
                pass
        except MisusedValue as again:
            return _found(again, named), again
        misused.value = context.vars.get(RESULT)  # the result itself is misused
        return _found(misused, named), misused


def _found(misused: MisusedValue, named: Iterable[tuple[str, bool, object]]) -> str | None:
    latest = list(reversed([*named]))
    if misused.whole is not None:
        whole = next((name for name, _, value in latest if value is misused.whole), None)
        if whole is not None:
            return f"an item of {whole}"
    for name, lets_null, value in latest:
        if value is misused.value:
            if lets_null and isinstance(misused, NullInText):
                misused.through_default = True
            return name
    return None


def own_name(misused: MisusedValue) -> str | None:
    """Return the expression of a value that knows it itself, as cells do; else None."""
    return misused.value.expression if isinstance(misused.value, TextCell) else None


class _Namer(NodeTransformer):
    """Routes expressions that have a name through a filter that records them."""

    def visit_Name(self, node: nodes.Name) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        return _traced(node, node) if node.ctx == "load" else node

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        return self._below(node)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        return self._below(node)

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        return self._below(node)

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        return self._below(node)

    def _below(self, node: nodes.Expr) -> nodes.Node:
        named = _traced(node, node)
        self.generic_visit(node)
        return named


def _traced(node: nodes.Expr, called: nodes.Expr) -> nodes.Expr:
    name = _called(called)
    if name is None:
        return node
    lets_null = isinstance(called, nodes.Filter) and called.name in {"default", "d"}
    given = [nodes.Const(name), nodes.Const(lets_null)]
    return nodes.Filter(node, TRACED, cast("list[nodes.Expr]", given), [], None, None, lineno=node.lineno)


def _called(node: nodes.Node | None) -> str | None:
    """Return an expression about as its author wrote it; None for one without a short form."""
    suffix: str
    match node:
        case nodes.Name(name=name):
            return name
        case nodes.Getattr(node=owner, attr=field):
            suffix = f".{field}"
        case nodes.Getitem(node=owner, arg=nodes.Const(value=key)):
            suffix = f"[{key!r}]"
        case nodes.Filter(node=owner, name="default" | "d"):
            suffix = ""
        case nodes.Filter(node=owner, name=name) if " " not in name:
            suffix = f" | {name}"
        case nodes.Call(node=owner):
            suffix = "(...)"
        case _:
            return None
    prefix = _called(owner)
    return prefix + suffix if prefix else None
