"""Renders templates that only name values, such as ``{{ row.Prompt }}, {{ look.words }}``, without running code.

Most templates are of this kind, and this is several times faster. Unusual values (a missing name, a list, a number that
is too large) are left to the template engine, which renders them or reports what is wrong.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from jinja2 import nodes

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.template.render_budget import MAX_CHARACTERS
from qwave_batch.spec.values.json_values import MAX_INTEGER, is_whole
from qwave_batch.spec.values.text_cells import TextCell

Part: TypeAlias = str | tuple[str, ...]
"""Literal text, or the path to a value: ``("row", "Prompt")``."""

NEEDS_ENGINE = object()
_MAPPINGS = (dict, Mapping)  # nearly all are dicts, which is found out many times as fast
_LONG = 10_000  # characters; the size is checked early only for longer values

_LANGUAGE = frozenset({"caller", "kwargs", "loop", "self", "super", "varargs"})
"""Names that may be built into the template language."""
_NAMED = re.compile(r"\{\{ ?([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*) ?\}\}", re.ASCII)
_WORDS = frozenset(
    {
        "and",
        "else",
        "false",
        "False",
        "if",
        "in",
        "is",
        "none",
        "None",
        "not",
        "or",
        "true",
        "True",
        "import",
        "recursive",
    }
)
"""Keywords, which cannot name a value."""


def parts_from_tree(tree: nodes.Template, free: frozenset[str]) -> tuple[Part, ...] | None:
    """Return the parts of a template, or None if it is more than text and names of ``free`` values."""
    match tree.body:
        case [nodes.Output(nodes=found)]:
            parts = [_part(node, free) for node in found]
            return None if None in parts else tuple(part for part in parts if part is not None)
        case _:
            return None


def plain_names(tree: nodes.Template) -> frozenset[str]:
    """Return the names of values in a template of text and names only."""
    match tree.body:
        case [nodes.Output()]:
            return frozenset(node.name for node in tree.find_all(nodes.Name)).difference(_LANGUAGE)
        case _:
            return frozenset()


def parts_from_source(source: str) -> tuple[Part, ...] | None:
    """Return the parts of a template if they are clear without parsing it, else None."""
    pieces = _NAMED.split(source)
    texts, named = pieces[::2], pieces[1::2]
    # adjacent braces, also where text meets a tag, may be another tag, so they need the parser
    if "{%" in source or "{#" in source or any("{" in text or "}" in text for text in texts) or "\ufdd0" in source:
        return None
    ways = [tuple(name.split(".")) for name in named]
    if any(way[0] in _WORDS or way[0] in _LANGUAGE for way in ways):
        return None
    parts: list[Part] = [texts[0], *(part for pair in zip(ways, texts[1:], strict=True) for part in pair)]
    return tuple(part for part in parts if part)


def render_fast(parts: tuple[Part, ...], scope: Mapping[str, Json], finalize: Callable[[Any], Any] | None) -> Any:
    """Return the text, or NEEDS_ENGINE."""
    pieces: list[str] = []
    is_long = False
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        value = look_up(part, scope)
        if type(value) is not str:
            if type(value) is not TextCell and not (type(value) is int and abs(value) <= MAX_INTEGER):
                return NEEDS_ENGINE
            value = str(value)
        if len(value) > _LONG:
            if len(value) > MAX_CHARACTERS:
                return NEEDS_ENGINE
            is_long = True
        pieces.append(finalize(value) if finalize else value)
    if is_long and sum(map(len, pieces)) > MAX_CHARACTERS:
        return NEEDS_ENGINE
    text = "".join(pieces)
    return text if is_whole(text) else NEEDS_ENGINE


def characters_from_row(parts: tuple[Part, ...], scope: Mapping[str, Json]) -> int:
    """Return how many characters of a text come from the row of a table, whose size its file bounds."""
    values = (look_up(part, scope) for part in parts if not isinstance(part, str) and part[0] == "row")
    return sum(len(value) for value in values if isinstance(value, str))


def render_fast_typed(part: tuple[str, ...], scope: Mapping[str, Json]) -> Any:
    """Return the value of a template that is one name, or NEEDS_ENGINE."""
    value = look_up(part, scope)
    if type(value) is TextCell:
        value = str(value)
    if type(value) is str:
        return value if is_whole(value) else NEEDS_ENGINE
    return value if type(value) is int and abs(value) <= MAX_INTEGER else NEEDS_ENGINE


def look_up(way: tuple[str, ...], scope: Mapping[str, Json]) -> Any:
    """Return the value at a path, or NEEDS_ENGINE without one."""
    value: Any = scope
    for step in way:
        if not isinstance(value, _MAPPINGS) or step not in value:
            return NEEDS_ENGINE
        value = value[step]
    return value


def _part(node: nodes.Node, free: frozenset[str]) -> Part | None:
    if isinstance(node, nodes.TemplateData):
        return node.data
    way: list[str] = []
    while not isinstance(node, nodes.Name):
        match node:
            case nodes.Getattr(node=owner, attr=name):
                way.append(name)
                node = owner
            case nodes.Getitem(node=owner, arg=nodes.Const(value=str() as name)):
                way.append(name)
                node = owner
            case _:
                return None
    return (node.name, *reversed(way)) if node.name in free else None
