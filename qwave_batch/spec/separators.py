"""What parts the cells of a table: told by the header, and by the line ``sep=`` that spreadsheets write before it."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePath

from qwave_batch.errors import SpecError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.spec.lines import Line

_CALLED = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars (|)"}
_ENDINGS = {",": ".csv", "\t": ".tsv"}
_SAYS = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def below_separator(lines: Iterator[Line], own: str, shown_as: str) -> Iterator[Line]:
    """Return the lines without a first one that names the separator.

    Raises:
        SpecError: It names another one than the file's format has.
    """
    first = next(lines, None)
    if first is None:
        return lines
    says = _SAYS.fullmatch(first.text)
    if says is None:
        return chain((first,), lines)
    if says[1] != own:
        raise SpecError([_other(says[1], own, Place(shown_as, first.number))])
    return lines


def check_separator(text: str, names: Sequence[str] | None, own: str, place: Place) -> None:
    """Raise SpecError for a header that is one column, and would be several with another separator.

    Args:
        text: The header as it stands in the file.
        names: The columns in it; None where it can't be read.
        own: The separator of the file's format.
        place: Where the header stands.
    """
    if names is None:
        header = _QUOTED.sub("", text)
        if own in header:
            return
    elif len(names) == 1:
        header = names[0]
    else:
        return
    counts = {sign: header.count(sign) for sign in _CALLED if sign != own and sign in header}
    if counts:
        raise SpecError([_other(max(counts, key=counts.__getitem__), own, place)])


def _other(found: str, own: str, place: Place) -> Problem:
    """Return that a file has another separator than its ending says, and what to do."""
    called, ending = _CALLED.get(found, found), _ENDINGS[own]
    if found in _ENDINGS:
        suggestion = f"call it {_renamed(PurePath(place.file).name, ending, _ENDINGS[found])}"
    else:
        other, other_ending = next((sign, each) for sign, each in _ENDINGS.items() if sign != own)
        suggestion = f"save it with {_CALLED[own]}, or with {_CALLED[other]} as {other_ending}"
    message = f"the file is separated by {called}, and {ending} by {_CALLED[own]}"
    return Problem(message=message, place=place, suggestion=suggestion)


def _renamed(name: str, ending: str, other: str) -> str:
    at = name.lower().rfind(ending)
    return name[:at] + other + name[at + len(ending) :]
