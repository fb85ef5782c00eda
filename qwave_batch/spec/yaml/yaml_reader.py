"""YAML texts as values, with the line and column of every one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.json_values import MAX_DEPTH
from qwave_batch.spec.values.value_messages import kind_of
from qwave_batch.spec.yaml.nesting import deep_nesting
from qwave_batch.spec.yaml.source_map import Mark
from qwave_batch.spec.yaml.yaml_messages import syntax_problem
from qwave_batch.spec.yaml.yaml_nodes import NodeReader

_MAX_DIRECTIVES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """What a YAML text says; where it says it wrong, ``value`` holds the nearest thing."""

    value: Json
    mark: Mark
    problems: tuple[Problem, ...]
    """In the order of the file; the rest of the file was read all the same."""
    warnings: tuple[Problem, ...] = ()
    """What may not mean what its author means; in the order of the file."""
    unread: frozenset[SourcePlace] = frozenset()
    """Where ``value`` has null for what can't be read, which is among the problems."""
    has_notes: bool = False
    """Whether a mark in it says more than where the value stands."""
    values: int = 0
    """How many values there are."""


def read_yaml(text: str, shown_as: str, parser: type[Any] | None = None) -> YamlDocument:
    """Return what the text says.

    Args:
        text: The whole file.
        shown_as: What its places call it.
        parser: A PyYAML loader class; by default the fastest there is.

    Raises:
        SpecError: It is no YAML, so that nothing behind that place can be read.
    """
    _check_directives(text, shown_as)
    parser = parser or _fastest()
    events = parser(text)
    try:
        reader = NodeReader(text, shown_as, events)
        node = reader.node(_first(reader), ())
        _check_end(reader, "spec")
    except yaml.YAMLError as error:
        raise _no_yaml(error, text, shown_as, parser) from None
    finally:
        events.dispose()
    return YamlDocument(
        value=node.value,
        mark=node.mark,
        problems=tuple(reader.problems),
        warnings=tuple(reader.warnings),
        unread=frozenset(reader.unread),
        has_notes=reader.has_notes,
        values=reader.values,
    )


def read_yaml_list(text: str, shown_as: str) -> Iterator[YamlDocument]:
    """Yield what each item of the list that the text is says, one at a time.

    Raises:
        SpecError: It is no YAML, so that nothing behind that place can be read, or no list.
    """
    _check_directives(text, shown_as)
    parser = _fastest()
    events = parser(text)
    try:
        reader = NodeReader(text, shown_as, events, sets_numbers_aside=True)
        event = _first(reader)
        if not isinstance(event, yaml.SequenceStartEvent):
            reader.fail(
                f"the file is {kind_of(reader.node(event, ()).value)}, and no list of mappings", reader.place(event)
            )
        while not isinstance(event := events.get_event(), yaml.SequenceEndEvent):
            node = reader.node(event, ())
            # what aliases stand for adds up: a row of aliases is short, and there may be many of them
            problems, reader.problems, reader.from_aliases, reader.values = tuple(reader.problems), [], 0, 0
            warnings, reader.warnings = tuple(reader.warnings), []
            has_notes, reader.has_notes = reader.has_notes, False
            yield YamlDocument(
                value=node.value, mark=node.mark, problems=problems, warnings=warnings, has_notes=has_notes
            )
        _check_end(reader, "table")
    except yaml.YAMLError as error:
        raise _no_yaml(error, text, shown_as, parser, limit=MAX_DEPTH + 1) from None  # the list is a level itself
    finally:
        events.dispose()


def _check_directives(text: str, shown_as: str) -> None:
    """Raise SpecError for more directives than anybody writes: parsers hold each of them against all before it."""
    if text.startswith("%") + text.count("\n%") > _MAX_DIRECTIVES:
        message = f"more than {_MAX_DIRECTIVES} lines begin with %, which are directives in YAML"
        raise SpecError([Problem(message=message, place=SourcePlace(shown_as), suggestion="a spec needs none of them")])


def _fastest() -> type[Any]:
    fastest: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return fastest


def _first(reader: NodeReader) -> Any:
    """Return the event that begins the document's value."""
    reader.events.get_event()  # the stream's start
    if isinstance(reader.events.get_event(), yaml.StreamEndEvent):
        reader.fail("the file is empty", SourcePlace(reader.file))
    return reader.events.get_event()


def _check_end(reader: NodeReader, of: str) -> None:
    reader.events.get_event()  # the document's end
    event = reader.events.get_event()
    if not isinstance(event, yaml.StreamEndEvent):
        reader.fail(f"a {of} is one YAML document, and here a second one begins", reader.place(event))


def _no_yaml(
    error: yaml.YAMLError, text: str, shown_as: str, parser: type[Any], *, limit: int = MAX_DEPTH
) -> SpecError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        too_deep = deep_nesting(text, shown_as, parser, mark.index, limit=limit) if mark else None
        return SpecError([too_deep or syntax_problem(error, text, shown_as)])
    # from the byte level, which is checked before
    return SpecError([Problem(message=f"not valid YAML: {error}", place=SourcePlace(shown_as))])
