"""The parameters that a user sets for a scorer, as ``--param NAME=VALUE`` gives them: read strictly. Pure.

A scorer has a reader for each of its parameters, which takes a text and returns the value; its ValueError says what
the value may be.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, TypeVar

from qwave_batch.errors import UnknownName, UsageError

ParamReader: TypeAlias = Callable[[str], object]
NONE = "none"
"""The text of a parameter that is left out on purpose."""
_SHOWN = 100

T = TypeVar("T")


def read_scorer_params(
    scorer: str,
    readers: Mapping[str, ParamReader],
    given: Mapping[str, str],
    *,
    never_shown: Collection[str] = (),
) -> dict[str, object]:
    """Return the values of the parameters that were given.

    Args:
        scorer: The scorer's name, for messages.
        readers: The reader of each parameter that it has.
        given: The texts by name.
        never_shown: Parameters whose text may be a secret that was given by mistake, and is in no message.

    Raises:
        UnknownName: it has no parameter of a name.
        UsageError: a value is not right.
    """
    for name in given:
        if name not in readers:
            hint = f"it has {', '.join(readers)}" if readers else "it takes none"
            raise UnknownName(f"parameter of the scorer {scorer}", name, list(readers), hint=hint)
    found: dict[str, object] = {}
    for name, text in given.items():
        try:
            found[name] = readers[name](text)
        except ValueError as error:
            shown = "that" if name in never_shown else f'"{text[:_SHOWN]}"'
            raise UsageError(f"the parameter {name} of {scorer} can't be {shown}: {error}") from None
    return found


def a_text(text: str) -> str:
    """Return a text that is not empty, without the spaces around it."""
    if not text.strip():
        raise ValueError("it is empty")
    return text.strip()


def one_of_these(*known: str) -> Callable[[str], str]:
    """Return the reader of one of some words."""

    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"it is one of {', '.join(known)}")
        return text

    return read


def a_whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the reader of a whole number in a range."""

    def read(text: str) -> int:
        if not re.fullmatch(r"-?\d{1,18}", text, re.ASCII) or not least <= int(text) <= most:
            raise ValueError(f"it is a whole number from {least} to {most:,}")
        return int(text)

    return read


def a_number(least: float, most: float) -> Callable[[str], float]:
    """Return the reader of a number in a range that has nothing below 0."""

    def read(text: str) -> float:
        if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII) or not least <= float(text) <= most:
            raise ValueError(f"it is a number from {least:g} to {most:g}")
        return float(text)

    return read


def or_none(reader: Callable[[str], T]) -> Callable[[str], T | None]:
    """Return a reader that takes ``none`` as well."""
    return lambda text: None if text == NONE else reader(text)
