"""Reads a YAML text, or the items of a YAML list one at a time, with lines and columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.json_values import MAX_DEPTH
from qwave_batch.spec.values.value_messages import type_name
from qwave_batch.spec.yaml.nesting import deep_nesting
from qwave_batch.spec.yaml.source_map import Mark
from qwave_batch.spec.yaml.yaml_messages import syntax_problem
from qwave_batch.spec.yaml.yaml_nodes import NodeReader

_MAX_DIRECTIVES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """The content of a YAML text; in the place of a mistake, ``value`` has the nearest valid value."""

    value: Json
    mark: Mark
    problems: tuple[Problem, ...]
    """In the order of the file; the rest of the file was read too."""
    warnings: tuple[Problem, ...] = ()
    """In the order of the file."""
    unread: frozenset[SourcePlace] = frozenset()
    """Places where ``value`` has null for a value that cannot be read; the problems include them."""
    has_notes: bool = False
    """Whether some value has a note."""
    values: int = 0
    """Number of values."""


def read_yaml(text: str, shown_as: str, parser: type[Any] | None = None) -> YamlDocument:
    """Return the content of the text.

    Args:
        text: The whole file.
        shown_as: The file name in its places.
        parser: A PyYAML loader class; by default the fastest one installed.

    Raises:
        SpecError: It is not valid YAML, so that the rest cannot be read.
    """
    _check_directives(text, shown_as)
    parser = parser or _fastest()
    events = parser(text)
    try:
        reader = NodeReader(text, shown_as, events)
        node = reader.node(_first(reader), ())
        _check_end(reader, "spec")
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, shown_as, parser) from None
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
    """Yield the content of each item of a text that is a YAML list, one at a time.

    Raises:
        SpecError: It is not valid YAML, so that the rest cannot be read, or not a list.
    """
    _check_directives(text, shown_as)
    parser = _fastest()
    events = parser(text)
    try:
        reader = NodeReader(text, shown_as, events, keeps_unusable_numbers=True)
        event = _first(reader)
        if not isinstance(event, yaml.SequenceStartEvent):
            reader.fail(
                f"expected a list of mappings, but the file is {type_name(reader.node(event, ()).value)}",
                reader.place(event),
            )
        while not isinstance(event := events.get_event(), yaml.SequenceEndEvent):
            node = reader.node(event, ())
            # these limits apply to each row, but the characters from aliases add up: rows of aliases are short and many
            problems, reader.problems, reader.from_aliases, reader.values = tuple(reader.problems), [], 0, 0
            warnings, reader.warnings = tuple(reader.warnings), []
            has_notes, reader.has_notes = reader.has_notes, False
            yield YamlDocument(
                value=node.value, mark=node.mark, problems=problems, warnings=warnings, has_notes=has_notes
            )
        _check_end(reader, "table")
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, shown_as, parser, limit=MAX_DEPTH + 1) from None  # the list is a level itself
    finally:
        events.dispose()


def _check_directives(text: str, shown_as: str) -> None:
    """Raise SpecError for too many directives: parsers compare each of them with all before it."""
    if text.startswith("%") + text.count("\n%") > _MAX_DIRECTIVES:
        message = f"more than {_MAX_DIRECTIVES} lines start with %, which makes them YAML directives"
        raise SpecError(
            [
                Problem(
                    message=message, place=SourcePlace(shown_as), suggestion="remove them; a spec needs no directives"
                )
            ]
        )


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
        reader.fail(f"a second YAML document starts here, but a {of} is a single document", reader.place(event))


def _syntax_error(
    error: yaml.YAMLError, text: str, shown_as: str, parser: type[Any], *, limit: int = MAX_DEPTH
) -> SpecError:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        too_deep = deep_nesting(text, shown_as, parser, mark.index, limit=limit) if mark else None
        return SpecError([too_deep or syntax_problem(error, text, shown_as)])
    # an error about bytes, which are checked before
    return SpecError([Problem(message=f"not valid YAML: {error}", place=SourcePlace(shown_as))])
