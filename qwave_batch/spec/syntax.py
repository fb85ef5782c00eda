"""From the text of a template to a tree that is safe to run."""

from typing import TypeVar

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from qwave_batch.spec.filters import EACH, JOIN_TEXTS

NodeT = TypeVar("NodeT", bound=nodes.Node)

RESULT = "typed_result__"
"""The name that a single expression is assigned to."""

MAX_SOURCE = 1_000_000  # characters of one template
_CARRIAGE_RETURN = "\ufdd0"  # a code point that never is a character; it stands in while jinja evens out line ends

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


def parse(environment: Environment, source: str) -> nodes.Template:
    """Return the template's tree, with loops and joined texts led through the bounded filters.

    Raises:
        TemplateSyntaxError: It does not parse, or uses what the spec language leaves out.
    """
    if len(source) > MAX_SOURCE:
        raise TemplateSyntaxError(f"it is longer than {MAX_SOURCE:,} characters", 1)
    if _CARRIAGE_RETURN in source:
        raise TemplateSyntaxError("it holds U+FDD0, which is no character", 1)
    tree = environment.parse(source.replace("\r", _CARRIAGE_RETURN))
    for node in tree.find_all(tuple(_REFUSED)):
        word = _REFUSED[type(node)]
        raise TemplateSyntaxError(f"{{% {word} %}} is not part of the spec language", node.lineno)
    _Rewriter().visit(tree)
    return tree


def typed_expression(environment: Environment, tree: nodes.Template) -> nodes.Template | None:
    """Return a tree that assigns the template's one expression to RESULT, or None where it is more than that."""
    match tree.body:
        case [nodes.Output(nodes=[expression])] if not isinstance(expression, nodes.TemplateData):
            body = [nodes.Assign(nodes.Name(RESULT, "store"), expression, lineno=1)]
            whole = nodes.Template(body, lineno=1)
            whole.set_environment(environment)
            return whole
        case _:
            return None


class _Rewriter(NodeTransformer):
    """Leads what can grow through filters that count, and gives carriage returns back."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        if node.recursive:
            raise TemplateSyntaxError("a recursive loop is not part of the spec language", node.lineno)
        node = self._below(node)
        node.iter = nodes.Filter(node.iter, EACH, [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802  # the visitor's own naming
        node = self._below(node)
        parts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(parts, JOIN_TEXTS, [], [], None, None, lineno=node.lineno)

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
