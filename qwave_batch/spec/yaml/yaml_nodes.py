"""Builds nodes from the events of a YAML parser: values that JSON can hold, each with its place."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, NoReturn, Protocol, TypeGuard

import yaml

from qwave_batch.errors import SpecError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.spec.values.json_values import MAX_DEPTH, UnusableCell, check_text
from qwave_batch.spec.values.value_messages import cut_for_message
from qwave_batch.spec.values.value_path import ValuePath, path_text
from qwave_batch.spec.yaml.scalars import Scalar, missing_value_message, read_plain, read_tagged, source_note
from qwave_batch.spec.yaml.source_map import Mark, SourceNote

MAX_VALUES = 500_000  # of one document; larger specs use a table, which is streamed
MAX_FROM_ALIASES = 100_000  # values that all aliases together may expand to
MAX_CHARACTERS_FROM_ALIASES = 20_000_000
MAX_KEY = 1000  # characters
MAX_PROBLEMS = 100

_COLLECTION_TAGS = {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!", None}

_NOTHING = object()
_VALUE = 20  # characters that each value counts as


class Events(Protocol):
    """A YAML parser, as far as it is used: its events, one at a time."""

    def get_event(self) -> Any:
        """Return the next event."""
        ...


class Node(NamedTuple):
    """A value with the places of everything in it."""

    value: Json
    mark: Mark
    size: int
    """Number of values in it, itself included."""
    characters: int
    """Characters of the strings in it, plus a fixed number for each value."""


@dataclass(slots=True)
class NodeReader:
    """Builds nodes from events; notes problems and continues with the nearest valid value."""

    text: str
    file: str
    events: Events
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    """The node of each anchor; None while it is still being read."""
    values: int = 0
    from_aliases: int = 0
    characters_from_aliases: int = 0
    keeps_unusable_numbers: bool = False
    """Whether a number that JSON does not allow becomes an ``UnusableCell`` instead of a problem, as in tables."""
    unread: set[SourcePlace] = field(default_factory=set)
    """Places where null stands for a value that is missing or cannot be read."""
    has_notes: bool = False
    """Whether some value has a ``SourceNote``."""

    def node(self, event: Any, path: ValuePath, *, may_be_empty: bool = False) -> Node:
        """Return the node that starts with an event.

        Args:
            event: The event.
            path: The path to the value.
            may_be_empty: Whether a missing value may mean null.

        Raises:
            SpecError: The rest of the text cannot be read.
        """
        if len(path) > MAX_DEPTH:
            self.fail(f"it is nested deeper than {MAX_DEPTH} levels", self.place(event))
        self.values += 1
        if self.values > MAX_VALUES:
            self.fail(
                f"it holds more than {MAX_VALUES:,} values",
                self.place(event),
                suggestion="put the prompts into a table and load it with from",
            )
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        anchor: str | None = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None
        match event:
            case yaml.ScalarEvent():
                node = self._scalar(event, path, may_be_empty=may_be_empty)
            case yaml.SequenceStartEvent():
                node = self._sequence(event, path)
            case _:
                node = self._mapping(event, path)
        if anchor is not None:
            node = self._anchored(node)
            self.anchors[anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        name: str = event.anchor
        place = self.place(event)
        shown = cut_for_message(name)
        if name not in self.anchors:
            self.fail(f"the alias *{shown} is not defined: there is no &{shown} before it", place)
        node = self.anchors[name]
        if node is None:
            self.fail(f"the alias *{shown} is inside the value that it refers to", place)
        self.from_aliases += node.size
        self.characters_from_aliases += node.characters
        if self.characters_from_aliases > MAX_CHARACTERS_FROM_ALIASES:
            self.fail(
                f"the aliases expand to more than {MAX_CHARACTERS_FROM_ALIASES:,} characters",
                place,
                suggestion="define a long text once under vars, and use its name in templates",
            )
        if self.from_aliases > MAX_FROM_ALIASES:
            self.fail(
                f"the aliases expand to more than {MAX_FROM_ALIASES:,} values",
                place,
                suggestion="aliases of aliases multiply; write the values out instead",
            )
        mark = Mark(place=place, key=node.mark.key, is_block=node.mark.is_block, below=node.mark.below)
        if node.mark.note:
            mark = replace(mark, note=replace(node.mark.note, is_anchored=False))
        return Node(node.value, mark, node.size, node.characters)

    def _anchored(self, node: Node) -> Node:
        note = node.mark.note or SourceNote(node.mark.place)
        return node._replace(mark=replace(node.mark, note=replace(note, is_anchored=True)))

    def _scalar(self, event: Any, path: ValuePath, *, may_be_empty: bool) -> Node:
        place = self.place(event)
        value = self._scalar_value(event, path)
        found: SourceNote | None = None
        if event.tag is None and not event.style:
            if not event.value and path and not may_be_empty:
                message, suggestion = missing_value_message(path, self.text, event.end_mark.index)
                self._note(message, place, path, suggestion=suggestion)
                self.unread.add(place)
            if not isinstance(value, UnusableCell):
                found = source_note(value, event.value, place, self.text, event.end_mark.index)
        if place in self.unread:
            found = SourceNote(place, is_unread=True)
        self.has_notes = self.has_notes or found is not None
        mark = Mark(place=place, is_block=event.style == "|", note=found)
        return Node(value, mark, 1, len(event.value) + _VALUE)

    def _scalar_value(self, event: Any, path: ValuePath) -> Scalar:
        try:
            if event.tag is not None:
                value = read_tagged(event.value, event.tag)
            elif event.style:
                value = event.value
            else:
                value = read_plain(event.value)
        except ValueError as error:
            if self.keeps_unusable_numbers and event.tag is None:
                return UnusableCell(event.value, str(error))  # type: ignore[return-value]  # of a table: templates may not read it
            hint = "put quotes around it if it is not a number" if event.tag is None else None
            self._note_unread(event, path, error, suggestion=hint)
            return None
        try:
            if isinstance(value, str):
                check_text(value)
        except ValueError as error:
            self._note_unread(event, path, error)
            return None
        return value

    def _note_unread(self, event: Any, path: ValuePath, error: ValueError, *, suggestion: str | None = None) -> None:
        self._note(str(error), self.place(event), path, value=event.value, suggestion=suggestion)
        self.unread.add(self.place(event))

    def _sequence(self, event: Any, path: ValuePath) -> Node:
        self._check_tag(event, path)
        place, size, characters = self.place(event), 1, _VALUE
        items: list[Json] = []
        below: dict[str | int, Mark] = {}
        while not isinstance(event := self.events.get_event(), yaml.SequenceEndEvent):
            number = len(items)
            node = self.node(event, (*path, number))
            items.append(node.value)
            below[number] = node.mark
            size += node.size
            characters += node.characters
        return Node(items, Mark(place=place, below=below), size, characters)

    def _mapping(self, start: Any, path: ValuePath) -> Node:
        self._check_tag(start, path)
        fields: dict[str, Json] = {}
        below: dict[str | int, Mark] = {}
        size, characters, is_template = 1, _VALUE, False
        is_foreign = start.tag not in _COLLECTION_TAGS
        while not isinstance(event := self.events.get_event(), yaml.MappingEndEvent):
            if isinstance(event, yaml.MappingStartEvent) and self._follows(event, start):
                is_template = True
            key = self._key(event, path, fields, below, is_quiet=is_template)
            below_key = (*path, key if isinstance(key, str) else "?")
            node = self.node(self.events.get_event(), below_key, may_be_empty=is_foreign or key is _NOTHING)
            size += node.size
            characters += node.characters
            if isinstance(key, str):
                characters += len(key)
                fields[key] = node.value
                mark = node.mark
                below[key] = Mark(mark.place, self.place(event), mark.is_block, mark.below, mark.note)
        place = self.place(start)
        if is_template:
            return self._unquoted_template(self._source(start, event), place, path)
        return Node(fields, Mark(place=place, below=below), size, characters)

    def _key(
        self, event: Any, path: ValuePath, fields: dict[str, Json], below: dict[str | int, Mark], *, is_quiet: bool
    ) -> object:
        """Return the key, or _NOTHING after noting why it is not valid; its value is read and dropped."""
        place = self.place(event)
        before = len(self.problems)
        key = self.node(event, (*path, "?"), may_be_empty=True).value
        if is_quiet:
            del self.problems[before:]
            return _NOTHING
        if len(self.problems) > before:
            return _NOTHING
        if not self._can_be_key(key, event, path):
            return _NOTHING
        if key == "<<" and not event.style:
            self._note(
                "YAML 1.2 has no merge keys (<<)",
                place,
                path,
                suggestion="write the keys out, or move shared keys into a file and use extends",
            )
            return _NOTHING
        if key in fields:
            self._note(
                f'duplicate key "{cut_for_message(key)}"; the first is at {below[key].key}',
                place,
                (*path, key),
                value=key,
                suggestion="keep one of them",
            )
            return _NOTHING
        return key

    def _can_be_key(self, key: Json, event: Any, path: ValuePath) -> TypeGuard[str]:
        """Whether a value can be a key; the reason against it is noted."""
        place = self.place(event)
        if not isinstance(key, str):
            shown = "a list or mapping" if isinstance(key, list | dict) else cut_for_message(event.value) or "nothing"
            self._note(f"keys must be strings, found {shown}", place, path, suggestion="put quotes around the key")
            return False
        if len(key) > MAX_KEY:
            self._note(f"a key has {len(key):,} characters; at most {MAX_KEY:,} are allowed", place, path)
            return False
        return True

    def _unquoted_template(self, source: str, place: SourcePlace, path: ValuePath) -> Node:
        self._note(
            "a template that begins with {{ needs quotes", place, path, suggestion=f'write "{cut_for_message(source)}"'
        )
        return Node(source, Mark(place=place), 1, len(source))

    def _source(self, start: Any, end: Any) -> str:
        return self.text[start.start_mark.index : end.end_mark.index]

    def _follows(self, inner: Any, outer: Any) -> bool:
        """Whether two opening braces are adjacent, which YAML reads as a mapping that is a key."""
        return bool(inner.flow_style and outer.flow_style and inner.start_mark.index == outer.start_mark.index + 1)

    def _check_tag(self, event: Any, path: ValuePath) -> None:
        if event.tag not in _COLLECTION_TAGS:
            tag = cut_for_message(event.tag.replace("tag:yaml.org,2002:", "!!"))
            self._note(f"unknown tag {tag}", self.place(event), path)

    def place(self, event: Any) -> SourcePlace:
        """Return the place where an event starts."""
        return SourcePlace(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _note(
        self, message: str, place: SourcePlace, path: ValuePath, *, value: Json = None, suggestion: str | None = None
    ) -> None:
        shown = cut_for_message(value) if isinstance(value, str) else value
        problem = Problem(message=message, path=path_text(path), place=place, value=shown, suggestion=suggestion)
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            self.fail("there are too many problems; the rest of the file was not read", place)

    def fail(self, message: str, place: SourcePlace, *, suggestion: str | None = None) -> NoReturn:
        """Raise SpecError with the problems so far and this one."""
        raise SpecError([*self.problems, Problem(message=message, place=place, suggestion=suggestion)])
