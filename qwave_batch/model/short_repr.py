"""Representations that fit on a line of a notebook."""

from dataclasses import MISSING, Field, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def repr_of_changes(instance: "DataclassInstance") -> str:
    """Return how a dataclass is made, without the fields that stand at their defaults."""
    changed = [
        f"{field.name}={value!r}"
        for field in fields(instance)
        if field.repr and (value := getattr(instance, field.name)) != _default(field)
    ]
    return f"{type(instance).__name__}({', '.join(changed)})"


def shortened(text: str, longest: int = 40) -> str:
    """Return a text in quotes, cut where it is too long."""
    return repr(text if len(text) <= longest else f"{text[: longest - 1]}…")


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default
