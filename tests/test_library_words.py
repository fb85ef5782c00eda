"""Nothing hangs on the words of a library: they differ from release to release."""

import ast
from collections.abc import Iterator

import pytest

from tests.package_code import TREES

WORDS = {"msg", "problem", "context", "strerror", "message", "reason", "args"}
"""Attributes in which exceptions keep their message."""
QUESTIONS = {"startswith", "endswith", "find", "index", "count", "casefold", "match", "search", "fullmatch"}


def said_by_errors(tree: ast.Module) -> Iterator[int]:
    """The lines on which a text is looked for in what an exception says."""
    for handler in (node for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name):
        for node in ast.walk(handler):
            if isinstance(node, ast.Compare) and any(isinstance(op, ast.In | ast.NotIn | ast.Eq) for op in node.ops):
                looked_at = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in QUESTIONS:
                looked_at = [node.func.value, *node.args]
            else:
                continue
            if any(is_said(one, str(handler.name)) for one in looked_at):
                yield node.lineno


def is_said(node: ast.expr, error: str) -> bool:
    """Whether an expression is what an exception says: its text, or an attribute that holds it."""
    match node:
        case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
            return name == error
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            return name == error and attribute in WORDS
        case ast.Call(func=ast.Attribute(value=inner, attr="lower" | "strip")):
            return is_said(inner, error)
        case _:
            return False


def test_no_words_of_an_exception_are_looked_at() -> None:
    """Errors are told apart by their types, codes and places."""
    found = [f"{file}:{line}" for file, tree in TREES.items() for line in said_by_errors(tree)]
    assert TREES
    assert not found


@pytest.mark.parametrize(
    "question",
    [
        '"no" in str(error)',
        'error.msg.startswith("No")',
        '"no" not in str(error).lower()',
        "re.match('no', error.args)",
    ],
)
def test_such_a_question_is_found(question: str) -> None:
    code = f"try:\n    pass\nexcept ValueError as error:\n    print({question})\n"
    assert list(said_by_errors(ast.parse(code))) == [4]
