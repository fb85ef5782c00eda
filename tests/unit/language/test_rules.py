"""rules.yaml lists every rule of the spec language with its tests, and all of them are there."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
RULES: dict[str, list[dict[str, Any]]] = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))


@cache
def functions_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("part", RULES)
def test_every_rule_names_tests_that_are_there(part: str) -> None:
    for rule in RULES[part]:
        assert rule["tests"], rule["rule"]
        for test in rule["tests"]:
            file, _, name = test.partition("::")
            assert name in functions_in(file), test


def test_every_test_of_the_language_stands_for_a_rule() -> None:
    named = {test for rules in RULES.values() for rule in rules for test in rule["tests"]}
    own = {
        f"unit/language/{file.name}::{name}"
        for file in HERE.glob("test_*.py")
        if file != Path(__file__)
        for name in functions_in(f"unit/language/{file.name}")
        if name.startswith("test_")
    }
    assert own - named == set()
