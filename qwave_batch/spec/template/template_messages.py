"""Messages for templates that do not parse or cannot be rendered."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from jinja2 import TemplateAssertionError, TemplateSyntaxError

from qwave_batch.errors import UsageError, nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.filters import FILTER_NAMES
from qwave_batch.spec.template.interpreter_messages import translated
from qwave_batch.spec.template.literal_text import LEXER, braces_as_text
from qwave_batch.spec.template.render_budget import TemplateLimitExceeded
from qwave_batch.spec.template.sandbox import NameMissing
from qwave_batch.spec.values.json_values import UnusableCellError
from qwave_batch.spec.values.similar_names import meant_name
from qwave_batch.spec.values.value_messages import cut_for_message, names_listed, type_name
from qwave_batch.spec.values.value_path import ValuePath, path_text

_SHOWN_NAMES = 12
_SENTENCE = 400  # characters of a library's message, which may repeat text of the template
_ALLOWED = 100  # names that a fault lists

_SIGNS = {
    "'begin of print statement'": "{{",
    "'end of print statement'": "}}",
    "'begin of statement block'": "{%",
    "'end of statement block'": "%}",
}


class TemplateFault(UsageError):
    """A template that does not parse or cannot be rendered."""

    def __init__(
        self,
        message: str,
        where: ValuePath,
        *,
        source: str = "",
        line: int = 1,
        allowed: Sequence[str] = (),
        suggestion: str | None = None,
    ) -> None:
        super().__init__(f"{message}; {suggestion}" if suggestion else message)
        self.message = message
        """The fault, without the suggestion."""
        self.where = where
        self.source = source
        """The text of the template."""
        self.line = line
        """The line inside the template, from 1."""
        self.allowed = tuple(allowed)
        """The available names, if one is undefined."""
        self.suggestion = suggestion
        """The nearest known name, or what to do."""
        self.is_of_a_name = False
        """Whether a name is undefined, so that the available names help."""
        self.of: str | None = None
        """The subject: of faults with the same subject and place, one is reported and the others are counted."""


def syntax_fault(error: TemplateSyntaxError, where: ValuePath, source: str) -> TemplateFault:
    """Return the fault of a template that does not parse."""
    message = cut_for_message((error.message or "it is not a template").rstrip("."), _SENTENCE)
    message = message[:1].lower() + message[1:]
    guess = None
    if isinstance(error, TemplateAssertionError) and (name := _unknown_filter(source)):
        guess = nearest(name, FILTER_NAMES)
        message = f'there is no filter "{cut_for_message(name)}"'
    message = f"the template does not parse: {_in_signs(message)}"
    suggestion = _question(guess) or braces_as_text(source)
    return TemplateFault(message, where, source=source, line=error.lineno, suggestion=suggestion)


def _unknown_filter(source: str) -> str:
    """Return the first unknown filter of a template, or an empty string."""
    words = [(kind, word) for _, kind, word in LEXER.lex(source) if kind != "whitespace"]
    for (_, before), (kind, name) in pairwise(words):
        if before in {"|", "filter"} and kind == "name" and name not in FILTER_NAMES:
            return name
    return ""


def _in_signs(message: str) -> str:
    """Return the parser's message with ``{{`` and so on instead of its own names for them."""
    for named, sign in _SIGNS.items():
        message = message.replace(named, sign)
    return re.sub(r"^expected token (.+), got ", r"expected \1, found ", message)


def missing_fault(
    error: NameMissing,
    uses: Collection[ValuePath],
    scope: Mapping[str, Json],
    where: ValuePath,
    *,
    source: str,
    line: int,
) -> TemplateFault:
    """Return the fault of an undefined name, with the available names."""

    def fault(message: str, known: Sequence[str] = (), hint: str | None = None) -> TemplateFault:
        guess = hint or meant_name(_shown(error.name), known)
        made = TemplateFault(message, where, source=source, line=line, allowed=known[:_ALLOWED], suggestion=guess)
        made.is_of_a_name = True
        return made

    if not error.is_field and error.name is None:
        return fault("there is no first or last item, because the value is empty")
    if not error.is_field:
        at_hand = sorted(scope)
        return fault(f'"{_shown(error.name)}" is not defined; available: {_listed(at_hand)}', at_hand)
    called = next((path_text(path) for path, value in _values(uses, scope) if value is error.owner), "the value")
    if isinstance(error.owner, Mapping):
        fields = [str(key) for key in error.owner]
        dotted = next((key for key in fields if key.startswith(f"{error.name}.")), None)
        hint = None if dotted is None else f"write {called}['{cut_for_message(dotted)}']"
        return fault(f'{called} has no "{_shown(error.name)}"; it has {_listed(fields)}', fields, hint)
    if isinstance(error.owner, Sequence) and isinstance(error.name, int):
        return fault(f"{called} has no item {error.name}; it has {len(error.owner)}, counting from 0")
    return fault(f'{called} has no "{_shown(error.name)}" because it is {type_name(error.owner)}')


def _values(uses: Collection[ValuePath], scope: Mapping[str, Json]) -> Iterator[tuple[ValuePath, Json]]:
    """Yield the values that a template uses, with their paths."""
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
    return names_listed(names, _SHOWN_NAMES)


def _shown(name: object) -> str:
    """Return a name or key as messages show it; by mistake it may not be a string."""
    if isinstance(name, str):
        return cut_for_message(name)
    return str(name) if isinstance(name, int | float | None) else type_name(name)


def _question(guess: str | None) -> str | None:
    return f'did you mean "{guess}"?' if guess else None


def failure_message(error: Exception) -> str:
    """Return why the rendering of a template failed."""
    match error:
        case TemplateLimitExceeded():
            return f"the template was stopped: {error}"
        case UnusableCellError():
            return str(error)
        case RecursionError() | MemoryError():
            return "the template was stopped: it is nested too deeply"
        case ZeroDivisionError():
            return "the template fails: division by zero"
        case _:
            said = translated(str(error)) if str(error) and not isinstance(error, LookupError) else None
            return (
                f"the template fails: {cut_for_message(said or 'it uses a value of a kind that does not work there')}"
            )
