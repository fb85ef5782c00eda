"""A template that went wrong, and the sentences that say how."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from jinja2 import TemplateSyntaxError

from qwave_batch.errors import UsageError, nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.bounds import TooMuch
from qwave_batch.spec.filters import FILTER_NAMES
from qwave_batch.spec.marks import Path, path_text
from qwave_batch.spec.sandbox import NameMissing
from qwave_batch.spec.words import kind_of

_SHOWN_NAMES = 12


class TemplateFault(UsageError):
    """A template that does not parse, or can't be rendered."""

    def __init__(self, message: str, where: Path, *, source: str = "", line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        """A sentence that names what is wrong and, where there is one, the nearest right name."""
        self.where = where
        self.source = source
        """The text of the template."""
        self.line = line
        """The template's own line, from 1."""


def syntax_message(error: TemplateSyntaxError) -> str:
    """Return what is wrong with a template that does not parse."""
    message = (error.message or "it is no template").rstrip(".")
    message = message[:1].lower() + message[1:]
    if message.startswith("no filter named '"):
        name = message.removeprefix("no filter named '").removesuffix("'")
        guess = nearest(name, FILTER_NAMES)
        message = f'there is no filter "{name}"' + (f'; did you mean "{guess}"?' if guess else "")
    return f"the template does not parse: {message}"


def missing_message(error: NameMissing, uses: Collection[Path], scope: Mapping[str, Json]) -> str:
    """Return what is at hand instead of a name that is missing."""
    if not error.is_field:
        at_hand = sorted(scope)
        return f'"{error.name}" is not defined; at hand: {_listed(at_hand)}{_guess(error.name, at_hand)}'
    called = next((path_text(path) for path, value in _values(uses, scope) if value is error.owner), "the value")
    if isinstance(error.owner, Mapping):
        fields = [str(key) for key in error.owner]
        return f'{called} has no "{error.name}"; it has {_listed(fields)}{_guess(error.name, fields)}'
    if isinstance(error.owner, Sequence) and isinstance(error.name, int):
        return f"{called} has no item {error.name}; it has {len(error.owner)}, counted from 0"
    return f'{called} has no "{error.name}", since it is {kind_of(error.owner)}'


def _values(uses: Collection[Path], scope: Mapping[str, Json]) -> Iterator[tuple[Path, Json]]:
    """Yield the values that a template names, with what it calls them."""
    for name, held in scope.items():
        yield (name,), held
    for use in sorted(uses, key=str):
        value: Json = scope
        for length, step in enumerate(use, start=1):
            if not isinstance(value, Mapping) or step not in value:
                break
            value = value[str(step)]
            yield use[:length], value


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN_NAMES])
    return (f"{shown} and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else shown) or "nothing"


def _guess(name: object, known: Sequence[str]) -> str:
    guess = nearest(str(name), known)
    return f'; did you mean "{guess}"?' if guess else ""


def failure_message(error: Exception) -> str:
    """Return why a template failed while it was filled in."""
    match error:
        case TooMuch():
            return f"the template is stopped: {error}"
        case RecursionError() | MemoryError():
            return "the template is stopped: it goes too deep"
        case ZeroDivisionError():
            return "the template fails: a division by zero"
        case _:
            return f"the template fails: {error}" if str(error) else f"the template fails ({type(error).__name__})"
