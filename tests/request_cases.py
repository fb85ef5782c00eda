"""Requests and what is wrong with them, as the tests of a catalog's models write them down."""

import reprlib
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import pytest

from qwave_batch.catalog.violation import Violation

DATA_URI = "data:image/png;base64,iVBORw0KGgo="


class Blame(NamedTuple):
    """A kind of mistake, and the field that the API would name."""

    kind: Literal["unknown_field", "missing_field", "bad_value", "rule"]
    field: str


def missing(field: str) -> Blame:
    return Blame("missing_field", field)


def bad(field: str) -> Blame:
    return Blame("bad_value", field)


def rule(field: str) -> Blame:
    return Blame("rule", field)


def unknown(field: str) -> Blame:
    return Blame("unknown_field", field)


def images(count: int) -> list[str]:
    return [f"https://example.com/{number}.png" for number in range(count)]


def case(*models: str, blame: Blame | None = None, **fields: object) -> list[Any]:
    """Return a case for each of the models: the fields of a request, and what is wrong with it, if anything is."""
    what = ", ".join(f"{name}={reprlib.repr(value)}" for name, value in fields.items())
    return [pytest.param(model, fields, [blame] if blame else [], id=f"{model}: {what}") for model in models]


def blames(found: Iterable[Violation]) -> list[Blame]:
    """Return what the violations blame, each once."""
    return list(dict.fromkeys(Blame(one.kind, one.field) for one in found))
