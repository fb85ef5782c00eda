"""The ``--set`` that says what another one means to, as it is written in a shell."""

from collections.abc import Sequence
from shlex import quote

from qwave_batch.model.problem import Place
from qwave_batch.spec.overriding import SHOWN_AS

_LONGEST = 120  # characters; what is longer is not shown


def set_option(argument: str) -> str:
    """Return the option as a shell takes it, with all its quotes."""
    return f"{SHOWN_AS} {quote(argument)}"


def argument_at(place: Place, overrides: Sequence[str]) -> str | None:
    """Return the argument that a place is in; None where that is a file, or where the argument is too long to show."""
    if place.file != SHOWN_AS or place.line > len(overrides):
        return None
    argument = overrides[place.line - 1]
    return argument if len(argument) <= _LONGEST and "\n" not in argument else None


def with_quotes(place: Place, spelling: str, overrides: Sequence[str]) -> str | None:
    """Return the option in which a value keeps its spelling, or None."""
    argument = argument_at(place, overrides)
    begins = (place.column or 1) - 1
    if argument is None or not argument.startswith(spelling, begins):
        return None
    return set_option(f'{argument[:begins]}"{spelling}"{argument[begins + len(spelling) :]}')
