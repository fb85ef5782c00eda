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
    """Each by a request whose values are good by themselves."""
    model = MODELS[key]
    parts: Any = model.schema.get("allOf", [])
    for part in parts:
        told = judge({"allOf": [part]})
        for message in rules_in(part):
            all_told = requests(model, only=names_in(part)).map(told)
            find(all_told, partial(contains_item, message), settings=tries, random=Random(0))


def judge(schema: dict[str, Any]) -> Callable[[dict[str, Any]], set[str]]:
    """Return a function that tells the messages of the rules that a request breaks."""
    validator = request_validator(schema)

    def told(request: dict[str, Any]) -> set[str]:
        checks = [FailedCheck.from_error(error, schema) for error in validator.iter_errors(request)]
        return {check.rule.message for check in checks if check.rule is not None}

    return told


def contains_item(item: str, items: set[str]) -> bool:
    return item in items
