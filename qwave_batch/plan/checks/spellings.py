"""Warns of numbers that a text would spell differently from the file, where templates insert them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from shlex import quote

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.expand.axes import Vocabulary
from qwave_batch.spec.document import PromptEntry, Spec, ValuePath
from qwave_batch.spec.overrides import SHOWN_AS
from qwave_batch.spec.template.literal_text import is_template
from qwave_batch.spec.template.value_uses import ValueUses, leads_to, value_uses_of
from qwave_batch.spec.values.text_conversion import to_text
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.yaml.scalars import read_plain

_LONGEST = 120  # characters; longer values are not shown


def set_option(argument: str) -> str:
    """Return the option quoted for a shell."""
    return f"{SHOWN_AS} {quote(argument)}"


def argument_at(place: SourcePlace, overrides: Sequence[str]) -> str | None:
    """Return the argument that contains a place; None for a file, or for an argument too long to show."""
    if place.file != SHOWN_AS or place.line > len(overrides):
        return None
    argument = overrides[place.line - 1]
    return argument if len(argument) <= _LONGEST and "\n" not in argument else None


def with_quotes(place: SourcePlace, spelling: str, overrides: Sequence[str]) -> str | None:
    """Return the option with a value quoted so that it keeps its spelling, or None."""
    argument = argument_at(place, overrides)
    begins = (place.column or 1) - 1
    if argument is None or not argument.startswith(spelling, begins):
        return None
    return set_option(f'{argument[:begins]}"{spelling}"{argument[begins + len(spelling) :]}')


Scope = int | None
"""The position of the prompt that sees a name; None for all of them."""


def spelling_message(spelling: str) -> tuple[str, str]:
    """Return the message about a value that a text spells differently, and the advice."""
    value = read_plain(spelling)
    message = f"{spelling} is {type_name(value)} and is written as {to_text(value)}"
    return message, f'put quotes around it to keep it as it stands: "{spelling}"'


@dataclass(frozen=True)
class Spellings:
    """The places where the templates of a spec insert values into texts."""

    spec: Spec
    vocabulary: Vocabulary
    _of_rows: dict[tuple[int, ValuePath], bool] = field(default_factory=dict)

    def warnings(self) -> Iterator[Problem]:
        """Yield a warning for each number of the spec that a text spells differently."""
        for path, written in self.spec.notes:
            if written.spelling and self._is_due(path):
                message, way_out = spelling_message(written.spelling)
                option = with_quotes(written.place, written.spelling, self.spec.overrides)
                yield Problem(
                    message=message,
                    path=self.spec.source_map.path_text(path),
                    place=written.place,
                    value=written.spelling,
                    suggestion=f"to keep it as it stands, write {option}" if option else way_out,
                    severity="warning",
                )

    def is_written(self, position: int, cell: ValuePath) -> bool:
        """Whether the value at ``cell`` of a row is inserted into a text by prompt number ``position``."""
        key = (position, cell)
        if key not in self._of_rows:
            self._of_rows[key] = self._reaches_text(position, ("row", *cell))
        return self._of_rows[key]

    def _is_due(self, path: ValuePath) -> bool:
        match path:
            case ("prompts", int(), "tags", *_):
                return True
            case ("matrix", str(axis), int(), "id") if axis not in {"exclude", "include"}:
                return True
            case _:
                return any(self._reaches_text(scope, way) for scope, way in self._seen_as(path))

    def _seen_as(self, path: ValuePath) -> Iterator[tuple[Scope, ValuePath]]:
        """Yield the names by which templates see the value at a place of the spec."""
        match path:
            case ("vars", *way):
                yield None, tuple(way)
            case ("prompts", int(position), "vars", *way):
                yield position, tuple(way)
            case ("prompts", int(position), "meta", *way):
                yield position, ("prompt", "meta", *way)
            case ("matrix", "include", int(), str(key), *way):
                yield None, (self.vocabulary.read(key).text, *way)
            case ("matrix", str(axis), int(), *way) if axis != "exclude":
                name = self.vocabulary.read(axis)
                if not name.is_field or not way:
                    yield None, (name.text, *way)
                elif way[0] == name.text:
                    yield None, tuple(way)
            case _:
                pass

    def _reaches_text(self, scope: Scope, way: ValuePath) -> bool:
        """Whether a value is inserted into a text, under its own name or through an alias."""
        waiting, seen = [(scope, way)], {(scope, way)}
        while waiting:
            scope, way = waiting.pop()
            for other, writes in self._texts:
                if self._sees(other, scope, way) and any(leads_to(each, way) for each in writes):
                    return True
            for other, name, came_from in self._aliases:
                if self._sees(other, scope, way) and leads_to(came_from, way):
                    found = (scope if other is None else other, (*name, *way[len(came_from) :]))
                    if found not in seen and len(seen) < MOST_ALIASES:
                        seen.add(found)
                        waiting.append(found)
        return False

    def _sees(self, template: Scope, scope: Scope, way: ValuePath) -> bool:
        """Whether a template of one prompt, or of all, sees the value that has this name in a scope."""
        if template is None or template == scope:
            return True
        return scope is None and way[0] not in self._own.get(template, {})

    @cached_property
    def _own(self) -> Mapping[int, Mapping[str, Json]]:
        return {entry.position: entry.vars for entry in self.spec.prompts}

    @cached_property
    def _texts(self) -> Sequence[tuple[Scope, frozenset[ValuePath]]]:
        """The values that the templates of each scope insert into texts."""
        found: list[tuple[Scope, frozenset[ValuePath]]] = []
        for scope, value in self._values():
            found += [(scope, flows.written) for _, flows in _flows(value)]
        for entry in self.spec.prompts:
            for text in (entry.text, entry.id, *entry.tags):
                found += [(entry.position, flows.written | flows.passed_on) for _, flows in _flows(text)]
        found += [(None, flows.written | flows.passed_on) for _, flows in _flows(self.spec.output_path)]
        return [(scope, writes) for scope, writes in found if writes]

    @cached_property
    def _aliases(self) -> Sequence[tuple[Scope, ValuePath, ValuePath]]:
        """The names to which values are passed on, with scope and source."""
        found: list[tuple[Scope, ValuePath, ValuePath]] = []
        for scope, named in ((None, self.spec.vars), *((entry.position, entry.vars) for entry in self.spec.prompts)):
            found += [(scope, way, source) for way, flows in _flows(named) for source in flows.passed_on]
        for entry in self.spec.prompts:
            found += [
                (entry.position, ("prompt", "meta", *way), source)
                for way, flows in _flows(entry.meta)
                for source in flows.passed_on
            ]
        for axis in self.spec.matrix.axes:
            name = (self.vocabulary.read(axis.name).text,)
            is_whole = isinstance(axis.values, str)  # a template that gives the whole list
            for way, flows in _flows(axis.values if isinstance(axis.values, (str, tuple)) else None):
                steps = () if is_whole else way[1:]
                found += [(None, (*name, *steps), (*source, "*") if is_whole else source) for source in flows.passed_on]
        return found

    def _values(self) -> Iterator[tuple[Scope, Json]]:
        """Yield the parts of the spec in which a template may result in any value."""
        yield None, self.spec.vars
        yield None, self.spec.request
        for axis in self.spec.matrix.axes:
            if isinstance(axis.values, (str, tuple)):
                yield None, axis.values
        for include in self.spec.matrix.include:
            yield None, include
        for entry in self.spec.prompts:
            yield from ((entry.position, part) for part in _parts(entry))


MOST_ALIASES = 10_000


def _parts(entry: PromptEntry) -> tuple[Json, ...]:
    return (entry.vars, entry.meta, entry.request, entry.where)


def _flows(value: Json) -> Iterator[tuple[ValuePath, ValueUses]]:
    """Yield the uses in each template of a value, with its path."""
    match value:
        case str() if is_template(value):
            yield (), value_uses_of(value)
        case Mapping():
            for key, item in value.items():
                yield from (((key, *way), flows) for way, flows in _flows(item))
        case list() | tuple():
            for number, item in enumerate(value):
                yield from (((number, *way), flows) for way, flows in _flows(item))
