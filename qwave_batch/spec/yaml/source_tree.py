"""The values of a YAML text with their exact places in it, so that one can be replaced and the rest stays as it is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import yaml

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.scalars import read_plain

Kind: TypeAlias = Literal["scalar", "mapping", "list"]
_BLOCK_STYLES = frozenset({"|", ">"})
_KINDS: Mapping[type[Any], Kind] = {
    yaml.ScalarEvent: "scalar",
    yaml.MappingStartEvent: "mapping",
    yaml.SequenceStartEvent: "list",
}


@dataclass(eq=False, slots=True, kw_only=True)
class SourceNode:
    """One value."""

    kind: Kind
    begin: int
    """The index of its first character, or of the anchor or tag before it."""
    start: int
    """The index of its first character, after an anchor and a tag."""
    end: int
    """The index after its last character; for a block, that of its last value, without its line break."""
    line: int
    column: int
    """Both count from 1."""
    text: str = ""
    """The text of a scalar."""
    style: str = ""
    """The quote of a quoted scalar, ``|`` or ``>`` of a block scalar, else empty."""
    is_flow: bool = False
    """Whether a mapping or list stands in brackets."""
    entries: list[tuple["SourceNode", "SourceNode"]] = field(default_factory=list)
    """The keys and values of a mapping."""
    items: list["SourceNode"] = field(default_factory=list)
    target: "SourceNode | None" = None
    """The value that an alias repeats; None for any other node."""
    aliases: int = 0
    """How many aliases repeat this value."""
    parent: "SourceNode | None" = None

    @property
    def resolved(self) -> "SourceNode":
        """The node itself, or what an alias repeats."""
        return self.target or self

    @property
    def value(self) -> Json:
        """The value of a scalar, with its type; None for anything else and for what JSON cannot hold."""
        node = self.resolved
        if node.kind != "scalar":
            return None
        if node.style:
            return node.text
        try:
            return read_plain(node.text)
        except ValueError:
            return None

    @property
    def string(self) -> str | None:
        """The text of a scalar that is a string."""
        value = self.value
        return value if isinstance(value, str) else None

    @property
    def is_replaceable(self) -> bool:
        """Whether it is a scalar on a line, that no alias repeats and that is not an alias itself."""
        return self.kind == "scalar" and not self.target and not self.aliases and self.is_on_line

    @property
    def is_on_line(self) -> bool:
        """Whether it is not a block scalar, whose text stands below it."""
        return self.style not in _BLOCK_STYLES

    def get(self, key: str) -> "SourceNode | None":
        """Return the value of a key of a mapping."""
        return next((value.resolved for name, value in self.resolved.entries if name.text == key), None)

    def position(self, child: "SourceNode") -> int:
        """Return the position of a value among those of this mapping or list."""
        values = [value for _, value in self.entries] if self.kind == "mapping" else self.items
        return next(number for number, value in enumerate(values) if value is child)

    def scalars(self, path: ValuePath = ()) -> Iterator[tuple[ValuePath, "SourceNode"]]:
        """Yield the scalars that are values in here, with their paths; what an alias repeats comes once."""
        if self.target:
            return
        if self.kind == "scalar":
            yield path, self
        for key, value in self.entries:
            yield from value.scalars((*path, key.text))
        for number, item in enumerate(self.items):
            yield from item.scalars((*path, number))

    def extents(self) -> Iterator[tuple[int, int]]:
        """Yield where the scalars in here begin and end, keys too."""
        if self.kind == "scalar":
            yield self.start, self.end
        for key, value in self.entries:
            yield from key.extents()
            yield from value.extents()
        for item in self.items:
            yield from item.extents()


def source_tree(text: str) -> SourceNode:
    """Return the value of a YAML text that was read as a spec before, and is known to be sound.

    Raises:
        yaml.YAMLError: It is not sound.
    """
    parser: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = parser(text)
    try:
        while not isinstance(event := events.get_event(), yaml.NodeEvent):
            pass
        return _Builder(text, events).node(event, None)
    finally:
        events.dispose()


@dataclass(slots=True)
class _Builder:
    text: str
    events: Any
    anchors: dict[str, SourceNode] = field(default_factory=dict)

    def node(self, event: Any, parent: SourceNode | None) -> SourceNode:
        """Return the value that begins with an event."""
        mark = event.start_mark
        kind = _KINDS.get(type(event))
        if kind is None:  # an alias
            target = self.anchors[event.anchor]
            target.aliases += 1
            return SourceNode(
                kind=target.kind,
                begin=mark.index,
                start=mark.index,
                end=event.end_mark.index,
                line=mark.line + 1,
                column=mark.column + 1,
                target=target,
                parent=parent,
            )
        start = self._after_properties(mark.index)
        node = SourceNode(
            kind=kind,
            begin=mark.index,
            start=start,
            end=max(start, event.end_mark.index),
            line=mark.line + 1,
            column=mark.column + 1,
            parent=parent,
        )
        if event.anchor:
            self.anchors[event.anchor] = node
        if kind == "scalar":
            node.text, node.style = event.value, event.style or ""
            if not node.is_on_line:
                node.end = start + len(self.text[start : node.end].rstrip())
        else:
            self._fill(node, event)
        return node

    def _fill(self, node: SourceNode, event: Any) -> None:
        node.is_flow = bool(event.flow_style)
        while not isinstance(following := self.events.get_event(), yaml.CollectionEndEvent):
            first = self.node(following, node)
            if node.kind == "list":
                node.items.append(first)
                node.end = max(node.end, first.end)
            else:
                value = self.node(self.events.get_event(), node)
                node.entries.append((first, value))
                node.end = max(node.end, first.end, value.end)
        last: Any = following
        if node.is_flow:
            node.end = last.end_mark.index

    def _after_properties(self, index: int) -> int:
        """Return the index of a value behind its anchor and its tag."""
        while self.text[index : index + 1] in {"&", "!"}:
            while index < len(self.text) and not self.text[index].isspace():
                index += 1
            while index < len(self.text) and self.text[index].isspace():
                index += 1
        return index
