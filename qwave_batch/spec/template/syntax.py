"""Parses a template into a tree that is safe to run."""

from collections.abc import Iterable
from typing import TypeVar, cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.visitor import NodeTransformer

from qwave_batch.spec.template.filters import CHARGED, COMPARED, EACH, JOIN_TEXTS, KEY, SLICED

NodeT = TypeVar("NodeT", bound=nodes.Node)

RESULT = "typed_result__"
"""The name that the value of a single expression is assigned to."""

MAX_SOURCE = 1_000_000  # characters of one template
MAX_WORDS = 20_000  # tokens in the tags of one template
_SHORT = 1000  # characters
_FEW = 16  # items
_CARRIAGE_RETURN = "\ufdd0"  # a noncharacter, as placeholder while Jinja normalises line ends

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.ScopedEvalContextModifier: "autoescape",
}


class WordLimit(Extension):
    """Stops a template with too many tokens before it is parsed."""

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Yield the tokens of the template; raise if there are too many."""
        for number, token in enumerate(stream):
            if number >= MAX_WORDS:
                raise TemplateSyntaxError(f"it has more than {MAX_WORDS:,} tokens", token.lineno)
            yield token


def parse(environment: Environment, source: str) -> nodes.Template:
    """Return the template's tree, in which loops and joins go through the bounded filters.

    Raises:
        TemplateSyntaxError: It does not parse, or uses a statement that the spec language does not have.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateSyntaxError(f"it is longer than {MAX_SOURCE:,} characters", 1)
    if _CARRIAGE_RETURN in source:
        raise TemplateSyntaxError("it contains U+FDD0, which is not a character", 1)
    tree = environment.parse(source.replace("\r", _CARRIAGE_RETURN))
    for node in tree.find_all(tuple(_REFUSED)):
        word = _REFUSED[type(node)]
        raise TemplateSyntaxError(f"{{% {word} %}} is not part of the spec language", node.lineno)
    _Rewriter().visit(tree)
    return tree


def typed_expression(environment: Environment, tree: nodes.Template) -> nodes.Template | None:
    """Return a tree that assigns the template's single expression to RESULT, or None if it is more than that."""
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            body = [nodes.Assign(nodes.Name(RESULT, "store"), expression, lineno=1)]
            whole = nodes.Template(body, lineno=1)
            whole.set_environment(environment)
            return whole
        case _:
            return None


class _Rewriter(NodeTransformer):
    """Routes everything that can grow through filters that charge the budget, and restores carriage returns."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        if node.recursive:
            raise TemplateSyntaxError("a recursive loop is not part of the spec language", node.lineno)
        node = self._below(node)
        node.iter = _filtered(node.iter, EACH)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), JOIN_TEXTS)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        if _is_cheap(node):
            return node
        operands = [part for operand in node.ops for part in (nodes.Const(operand.op), operand.expr)]
        return _filtered(node.expr, COMPARED, *operands)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        if isinstance(node.arg, nodes.Slice):
            bounds = (node.arg.start, node.arg.stop, node.arg.step)
            return _filtered(node.node, SLICED, *[bound or nodes.Const(None) for bound in bounds])
        node.arg = _key(node.arg)
        return node

    def visit_Pair(self, node: nodes.Pair) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        node.key = _key(node.key)
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        node.filter = _behind(node.filter)
        return node

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        node.filter = _behind(node.filter)
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node.data = node.data.replace(_CARRIAGE_RETURN, "\r")
        return node

    def visit_Const(self, node: nodes.Const) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        if isinstance(node.value, str):
            node.value = node.value.replace(_CARRIAGE_RETURN, "\r")
        return node

    def _below(self, node: NodeT) -> NodeT:
        self.generic_visit(node)
        return node


def _is_cheap(node: nodes.Compare) -> bool:
    """Whether a comparison is cheap for all values: with a short constant, as nearly all are."""
    match node.ops:
        case [nodes.Operand(op="in" | "notin", expr=nodes.List(items=items) | nodes.Tuple(items=items))]:
            return len(items) <= _FEW and all(map(_is_short, items))
        case [nodes.Operand(op="in" | "notin", expr=other)]:
            return _is_short(other)
        case [nodes.Operand(expr=other)]:
            return _is_short(node.expr) or _is_short(other)
        case _:
            return False


def _is_short(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and (not isinstance(node.value, str) or len(node.value) <= _SHORT)


def _filtered(node: nodes.Node, name: str, *arguments: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(cast("nodes.Expr", node), name, list(arguments), [], None, None, lineno=node.lineno)


def _key(node: nodes.Expr) -> nodes.Expr:
    return node if isinstance(node, nodes.Const) else _filtered(node, KEY)


def _behind(chain: nodes.Filter | None) -> nodes.Filter:
    """Return the filters of a block's text with one before them that charges for the text."""
    counts = nodes.Filter(
        None, CHARGED, [], [], None, None, lineno=chain.lineno if chain else 1
    )  # None is the text of the block
    if chain is None:
        return counts
    first = chain
    while isinstance(first.node, nodes.Filter):
        first = first.node
    first.node = counts
    return chain
