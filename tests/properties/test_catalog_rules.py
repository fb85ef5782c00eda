"""Every rule of every model can be broken: a rule that nothing breaks would check nothing, silently."""

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, find, settings

from qwave_batch.catalog.keywords import RULE
from qwave_batch.catalog.request_validator import request_validator
from qwave_batch.catalog.violation import FailedCheck
from tests.drawn_requests import MODELS, requests

tries = settings(max_examples=1000, database=None, phases=[Phase.generate])


def rules_in(schema: Any) -> Iterator[str]:
    """Yield the message of every rule inside a schema."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for part in parts:
        yield from rules_in(part)
    if isinstance(schema, dict) and RULE in schema:
        yield schema[RULE]["message"]


def names_in(value: Any) -> set[str]:
    match value:
        case str():
            return {value.split(".")[0]}
        case dict():
            return set(value).union(*map(names_in, value.values()))
        case list():
            return set().union(*map(names_in, value))
    return set()


@pytest.mark.parametrize("key", MODELS)
def test_every_rule_can_be_broken(key: str) -> None:
    """Each by a request whose values are good by themselves; rules over the same fields are tried with the same."""
    model = MODELS[key]
    alike: dict[frozenset[str], list[Any]] = {}
    parts: Any = model.schema.get("allOf", [])
    for part in parts:
        alike.setdefault(frozenset(names_in(part)), []).append(part)
    for names, over_the_same in alike.items():
        unbroken = {*rules_in(over_the_same)}
        all_told = requests(model, only=names).map(judge({"allOf": over_the_same}))
        find(all_told, partial(leave_none_of, unbroken), settings=tries, random=Random(0))


def judge(schema: dict[str, Any]) -> Callable[[dict[str, Any]], set[str]]:
    """Return a function that tells the messages of the rules that a request breaks."""
    validator = request_validator(schema)

    def told(request: dict[str, Any]) -> set[str]:
        checks = [FailedCheck.from_error(error, schema) for error in validator.iter_errors(request)]
        return {check.rule.message for check in checks if check.rule is not None}

    return told


def leave_none_of(unbroken: set[str], broken: set[str]) -> bool:
    """Take out what is broken, and return whether nothing is left."""
    unbroken -= broken
    return not unbroken
