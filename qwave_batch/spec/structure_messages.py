"""Messages for values that the schema of specs refuses."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem
from qwave_batch.spec.layers import NEEDED
from qwave_batch.spec.overrides import SHOWN_AS
from qwave_batch.spec.values.value_messages import axis_hint, inline_yaml, type_name
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import SourceMap

SHOWN_CHARACTERS = 80
_TRUTHS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}

_NEEDED = {(key,) for key in NEEDED}

_TEXTS = frozenset({"prompt", "prompts", "txt", "caption"})
"""Names that other tools use for the text of a prompt."""

_PARENTS = frozenset({"from", "parent", "needs", "after", "depends_on"})
"""Names that other tools use for the step before."""

_WITHOUT_TEXT = "an action that takes no text needs an id in its place"

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaViolation:
    """A value that a keyword of the schema refuses."""

    keyword: str
    """``type``, ``required`` and so on."""
    wanted: Any
    """The value of the keyword in the schema."""
    value: Any
    """The refused value; if ``is_name``, the key itself."""
    path: ValuePath
    """Path of the value; if ``is_name``, of the mapping that has the key."""
    schema: Mapping[str, Any]
    """The subschema that contains the keyword."""
    root: Mapping[str, Any]
    """The whole schema."""
    is_name: bool
    message: str
    """The validator's own message."""


def shown(value: Json) -> str:
    """Return a value as messages show it, cut if it is long."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float | None) else ""
    text = text or type_name(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 2] + "…" + text[-1]


def _at(
    source_map: SourceMap,
    path: ValuePath,
    message: str,
    value: Json = None,
    suggestion: str | None = None,
    **facts: Any,
) -> Problem:
    return Problem(
        message=message,
        path=source_map.path_text(path),
        place=source_map.place(path),
        value=_cut(value),
        suggestion=suggestion,
        **facts,
    )


def _at_key(
    source_map: SourceMap, path: ValuePath, message: str, suggestion: str | None = None, **facts: Any
) -> Problem:
    return Problem(
        message=message,
        path=source_map.path_text(path),
        place=source_map.key_place(path),
        value=path[-1] if path else None,
        suggestion=suggestion,
        **facts,
    )


def _cut(value: Json) -> Json:
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return value[: SHOWN_CHARACTERS - 1] + "…"
    return value if isinstance(value, str | int | float | bool | None) else None


def _unknown_keys(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    known: tuple[str, ...] = tuple(violation.schema["properties"])
    for key in violation.value:
        if key not in known:
            yield unknown_key((*violation.path, key), known, source_map)


def unknown_key(path: ValuePath, known: Sequence[str], source_map: SourceMap) -> Problem:
    """Return the problem of an unknown key."""
    key, allowed = str(path[-1]), tuple(known)
    guess = guessed_key(key, known)
    if guess:
        hint = f'did you mean "{guess}"?'
    elif " " in key or ("from_stage" not in known and len(key) > len(max(known, key=len))):
        hint, allowed = 'a string that contains ": " needs quotes', ()
    else:
        hint = f"allowed keys: {', '.join(known)}"
        if "request" in known and (path[0] == "prompts" or "from_stage" in known):
            hint += "; a request field belongs under request, or under matrix as an axis"
    return _at_key(source_map, path, f"unknown key {shown(key)}", hint, allowed=allowed)


def guessed_key(key: str, known: Sequence[str]) -> str | None:
    """Return the key that an unknown one was meant to be: what other tools call so, or the nearest name."""
    if "text" in known and key.casefold() in _TEXTS:
        return "text"
    if "from_stage" in known and key.casefold() in _PARENTS:
        return "from_stage"
    return nearest(key, known)


def key_of_whole(key: str, source_map: SourceMap) -> Problem:
    """Return the problem of a key in the block of a stage that holds for the whole spec."""
    message = f'"{key}" holds for the whole spec, so a stage cannot have its own'
    return _at_key(source_map, (key,), message, f"write {key} outside of stages")


def _missing_key(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    keys = violation.value
    if violation.path[:1] == ("prompts",) and keys and all(" " in key for key in keys):
        return  # an unquoted string with a colon, which is reported already
    for key in violation.wanted:
        if key in violation.value or f"'{key}' is" not in violation.message:
            continue
        if key == "id" and violation.path[:1] == ("prompts",):
            yield _at(source_map, violation.path, missing_key("text"), suggestion=_WITHOUT_TEXT)
            continue
        if key == "catalog":
            yield _unpinned(violation, source_map)
            continue
        described = violation.schema.get("properties", violation.root["properties"])
        examples = described[key].get("examples") if not violation.path else None
        hint = f"add {key}: {_example(examples[0])}" if examples else None
        yield _at(source_map, violation.path, missing_key(key), suggestion=hint)


def missing_key(key: str) -> str:
    """Return the message for a mapping that lacks a key."""
    return f'the key "{key}" is missing'


def _unpinned(violation: SchemaViolation, source_map: SourceMap) -> Problem:
    """Return the problem of a spec that pins no catalog, told where the key belongs: behind the name."""
    newest, *older = violation.root["properties"]["catalog"]["examples"]
    dates = (*reversed(older), newest)
    return Problem(
        message=f'the key "catalog" is missing, the date of models, fields and prices: {", ".join(dates)}',
        path=source_map.path_text(violation.path),
        place=source_map.key_place(("name",)) if "name" in violation.value else source_map.place(violation.path),
        allowed=dates,
        suggestion=f'add catalog: "{newest}"{" below name" if "name" in violation.value else ""}',
        next_step=Advice(NextStep.PIN_CATALOG),
    )


def _example(value: Json) -> str:
    return (inline_yaml(value) if isinstance(value, str) else None) or json.dumps(value, ensure_ascii=False)


def _type(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    wanted = violation.wanted if isinstance(violation.wanted, list) else [violation.wanted]
    value = violation.value
    hint: str | None
    if value is None and violation.path in _NEEDED:
        hint = cannot_remove(str(violation.path[0]))
    elif value is None:
        hint = "give it a value, or remove the key" if violation.path and isinstance(violation.path[-1], str) else None
    elif "array" in wanted and isinstance(value, str | int | float):
        item = inline_yaml(value) if isinstance(value, str) else _source(violation, source_map)
        hint = f"write a list: [{item}]" if item else "write a list, with a dash before each item"
    elif "string" in wanted and isinstance(value, bool | int | float):
        quoted = f'"{_source(violation, source_map)}"'
        is_set = source_map.place(violation.path).file == SHOWN_AS
        hint = f"put quotes around it{', escaped for the shell' if is_set else ''}: "
        hint += quote(quoted) if is_set else quoted
    elif "array" in wanted and isinstance(value, Mapping):
        item = inline_yaml(value)
        hint = f"write [{item}]" if item and value else "start each item with a dash"
    elif isinstance(value, str) and (meant := _meant(value, wanted)):
        hint = f"write {meant} without quotes" if meant == value.strip() else f"write {meant}"
    elif violation.path == ("budget",) and isinstance(value, int | float) and not isinstance(value, bool):
        hint = f"write {{max_usd: {_source(violation, source_map)}}}"
    elif violation.path == ("matrix",) and isinstance(value, list):
        hint = "remove the dashes: each axis is a key followed by a list"
    else:
        hint = None
    expected = " or ".join(_TYPES[name] for name in wanted)
    found = "null" if value is None else _kind(violation, source_map)
    yield _at(source_map, violation.path, f"expected {expected}, found {found}", value, hint)


def cannot_remove(key: str) -> str:
    """Return the suggestion for a null in place of a key that every spec needs."""
    return f"{key} is required, so null cannot remove it"


def _meant(text: str, wanted: Sequence[str]) -> str | None:
    """Return the number or boolean that a string was clearly meant to be."""
    text = text.strip()
    if "boolean" in wanted:
        return _TRUTHS.get(text.casefold())
    if "integer" in wanted and re.fullmatch(r"-?[0-9]{1,15}", text):
        return text
    return text if "number" in wanted and re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", text) else None


def _kind(violation: SchemaViolation, source_map: SourceMap) -> str:
    value = violation.value
    if isinstance(value, Mapping | list):
        return type_name(value)
    return f"{_article(value)}{shown(value) if isinstance(value, str) else _source(violation, source_map)}"


def _article(value: Json) -> str:
    if isinstance(value, bool):
        return ""
    return "the string " if isinstance(value, str) else "the number "


def _source(violation: SchemaViolation, source_map: SourceMap) -> str:
    """Return a number or boolean as it is spelled in the file."""
    mark = source_map.at(violation.path)
    return (mark.note.spelling if mark and mark.note else "") or shown(violation.value)


def _enum(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    allowed = tuple(one for one in violation.wanted if one is not None)
    guess = nearest(violation.value, map(str, allowed)) if isinstance(violation.value, str) else None
    message = f"{shown(violation.value)} is not one of {', '.join(map(str, allowed))}"
    hint = f'did you mean "{guess}"?' if guess else None
    yield _at(source_map, violation.path, message, violation.value, hint, allowed=allowed)


def _const(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    wanted = violation.wanted
    message = f"{shown(violation.value)} is not a version of the spec language; the only version is {wanted}"
    yield _at(
        source_map, violation.path, message, violation.value, f"write {violation.path[-1]}: {wanted}", allowed=(wanted,)
    )


def _least(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    message = f"{shown(violation.value)} is below the minimum {violation.wanted}"
    yield _at(source_map, violation.path, message, violation.value)


def _greatest(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    message = f"{shown(violation.value)} is above the maximum {violation.wanted}"
    yield _at(source_map, violation.path, message, violation.value)


def _more_than(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    yield _at(
        source_map, violation.path, f"{shown(violation.value)} is not greater than {violation.wanted}", violation.value
    )


def _empty(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    hint = "add at least one item" if violation.path == ("prompts",) else "add at least one item, or remove the key"
    yield _at(source_map, violation.path, f"{_kind_word(violation.value)} is empty", suggestion=hint)


def _kind_word(value: Json) -> str:
    return type_name(value).replace("a ", "the ", 1)


def _pattern(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    message = violation.schema.get("patternErrorMessage", "it does not have the expected form")
    if violation.is_name:
        yield _at_key(
            source_map, (*violation.path, violation.value), f"{shown(violation.value)} is not a valid name: {message}"
        )
        return
    hint = None
    if violation.path == ("name",):
        guess = "-".join(part for part in _slugged(violation.value).split("-") if part)
        hint = f'such as "{guess}"' if 0 < len(guess) <= SHOWN_CHARACTERS else None
    elif "minItems" in violation.schema:  # an axis: a string that is not a template
        hint = axis_hint(violation.value)
    sentence = f"{shown(violation.value)}: {message}" if violation.value.strip() else message
    yield _at(source_map, violation.path, sentence, violation.value, hint)


def _slugged(name: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in name.lower())


def _too_many(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    yield _at(source_map, violation.path, f"it has {len(violation.value):,} items; at most {violation.wanted:,} fit")


def _too_long(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    message = f"it has {len(violation.value):,} characters; at most {violation.wanted:,} are allowed"
    yield _at(source_map, violation.path, message, violation.value)


def _not(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    if violation.is_name:
        key = violation.value
        message = f"{shown(key)} is a reserved word of the template language"
        yield _at_key(source_map, (*violation.path, key), message, "choose another name")
    elif not violation.wanted:
        yield from _not_here(violation, source_map)
    elif "required" in violation.wanted:
        keys = violation.wanted["required"]
        for key in keys[-1:]:
            yield _at_key(
                source_map, (*violation.path, key), f"{' and '.join(keys)} cannot be used together; choose one"
            )
    else:
        yield _at(source_map, violation.path, f"{shown(violation.value)} is not allowed here", violation.value)


def _not_here(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    key = violation.path[-1]
    if len(violation.path) == 1:
        hint = "add from_stage" if key in {"where", "pick"} else "add from_stage, or write the prompts under prompts"
        yield _at_key(source_map, violation.path, f'"{key}" needs a parent, but the stage has no from_stage', hint)
        return
    if violation.path[0] == "prompts":
        message = f'"{key}" selects rows of a table, but there is no from'
    else:
        message = f'"{key}" cannot be combined with random or from'
    yield _at_key(source_map, violation.path, message)


def other_message(violation: SchemaViolation, source_map: SourceMap) -> Iterator[Problem]:
    """Yield a violation with the validator's own message."""
    yield _at(source_map, violation.path, violation.message, violation.value)


_Message = Callable[[SchemaViolation, SourceMap], Iterator[Problem]]

MESSAGES: Mapping[str, _Message] = {
    "additionalProperties": _unknown_keys,
    "const": _const,
    "enum": _enum,
    "exclusiveMinimum": _more_than,
    "maxItems": _too_many,
    "maxLength": _too_long,
    "maximum": _greatest,
    "minItems": _empty,
    "minProperties": _empty,
    "minimum": _least,
    "not": _not,
    "pattern": _pattern,
    "required": _missing_key,
    "type": _type,
}
"""The messages for each keyword of the schema."""
