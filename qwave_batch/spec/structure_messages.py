"""What does not fit the schema of specs, in words that say what would."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from qwave_batch.errors import nearest
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.spec.overrides import NEEDED, SHOWN_AS
from qwave_batch.spec.values.value_messages import as_flow, axis_hint, kind_of
from qwave_batch.spec.yaml.source_map import Path, SourceMap

SHOWN_CHARACTERS = 80
_TRUTHS = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}

_NEEDED = {(key,) for key in NEEDED}

_TEXTS = frozenset({"prompt", "prompts", "txt", "caption"})
"""What the text of a prompt is called elsewhere."""

_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A value that a keyword of the schema refuses."""

    keyword: str
    """``type``, ``required`` and so on."""
    wanted: Any
    """What stands behind the keyword."""
    value: Any
    """The value refused: the key itself where ``is_name``."""
    path: Path
    """Where the value stands; where ``is_name``, the mapping that has the key."""
    schema: Mapping[str, Any]
    """The schema that the keyword is part of."""
    root: Mapping[str, Any]
    """The whole schema."""
    is_name: bool
    message: str
    """In the validator's own words."""


def shown(value: Json) -> str:
    """Return a value as it is named in a sentence, cut short when it is long."""
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | bool | int | float | None) else ""
    text = text or kind_of(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 2] + "…" + text[-1]


def _at(
    marks: SourceMap, path: Path, message: str, value: Json = None, suggestion: str | None = None, **facts: Any
) -> Problem:
    return Problem(
        message=message,
        path=marks.path_text(path),
        place=marks.place(path),
        value=_cut(value),
        suggestion=suggestion,
        **facts,
    )


def _at_key(marks: SourceMap, path: Path, message: str, suggestion: str | None = None, **facts: Any) -> Problem:
    return Problem(
        message=message,
        path=marks.path_text(path),
        place=marks.key_place(path),
        value=path[-1] if path else None,
        suggestion=suggestion,
        **facts,
    )


def _cut(value: Json) -> Json:
    if isinstance(value, str) and len(value) > SHOWN_CHARACTERS:
        return value[: SHOWN_CHARACTERS - 1] + "…"
    return value if isinstance(value, str | int | float | bool | None) else None


def _unknown_keys(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    known: tuple[str, ...] = tuple(misfit.schema["properties"])
    for key in misfit.value:
        if key not in known:
            yield unknown_key((*misfit.path, key), known, marks)


def unknown_key(path: Path, known: Sequence[str], marks: SourceMap) -> Problem:
    """Return the problem that a key is none of those that may stand there."""
    key, allowed = str(path[-1]), tuple(known)
    guess = "text" if "text" in known and key.casefold() in _TEXTS else nearest(key, known)
    if guess:
        hint = f'did you mean "{guess}"?'
    elif " " in key or len(key) > len(max(known, key=len)):
        hint, allowed = 'a text with ": " in it needs quotes', ()
    else:
        hint = f"the keys here are {', '.join(known)}"
        if path[0] == "prompts" and "request" in known:
            hint += "; a field of the request stands under request, or is an axis under matrix"
    return _at_key(marks, path, f"unknown key {shown(key)}", hint, allowed=allowed)


def _missing_key(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    keys = misfit.value
    if misfit.path[:1] == ("prompts",) and keys and all(" " in key for key in keys):
        return  # an unquoted text with a colon, which is said already
    for key in misfit.wanted:
        if key in misfit.value or f"'{key}' is" not in misfit.message:
            continue
        examples = misfit.root["properties"][key].get("examples") if not misfit.path else None
        hint = f"add {key}: {_example(examples[0])}" if examples else None
        yield _at(marks, misfit.path, f'the key "{key}" is missing', suggestion=hint)


def _example(value: Json) -> str:
    return (as_flow(value) if isinstance(value, str) else None) or json.dumps(value, ensure_ascii=False)


def _type(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    wanted = misfit.wanted if isinstance(misfit.wanted, list) else [misfit.wanted]
    value = misfit.value
    hint: str | None
    if value is None and misfit.path in _NEEDED:
        hint = f"{misfit.path[0]} must be there, so null cannot take it away"
    elif value is None:
        hint = "give it a value, or leave the key out" if misfit.path and isinstance(misfit.path[-1], str) else None
    elif "array" in wanted and isinstance(value, str | int | float):
        item = as_flow(value) if isinstance(value, str) else _source(misfit, marks)
        hint = f"write a list: [{item}]" if item else "write a list, each item behind a dash"
    elif "string" in wanted and isinstance(value, bool | int | float):
        quoted = f'"{_source(misfit, marks)}"'
        is_set = marks.place(misfit.path).file == SHOWN_AS
        hint = f"put quotes around it{' that the shell leaves there' if is_set else ''}: "
        hint += quote(quoted) if is_set else quoted
    elif "array" in wanted and isinstance(value, Mapping):
        item = as_flow(value)
        hint = f"write [{item}]" if item and value else "begin each item with a dash"
    elif isinstance(value, str) and (meant := _meant(value, wanted)):
        hint = f"write {meant} without quotes" if meant == value.strip() else f"write {meant}"
    elif misfit.path == ("budget",) and isinstance(value, int | float) and not isinstance(value, bool):
        hint = f"write {{max_usd: {_source(misfit, marks)}}}"
    elif misfit.path == ("matrix",) and isinstance(value, list):
        hint = "take the dashes out: each axis is a key with a list behind it"
    else:
        hint = None
    expected = " or ".join(_TYPES[name] for name in wanted)
    found = f"nothing ({shown(value)})" if value is None else _kind(misfit, marks)
    yield _at(marks, misfit.path, f"expected {expected}, found {found}", value, hint)


def _meant(text: str, wanted: Sequence[str]) -> str | None:
    """Return the number, or true or false, that a text was surely meant to be."""
    text = text.strip()
    if "boolean" in wanted:
        return _TRUTHS.get(text.casefold())
    if "integer" in wanted and re.fullmatch(r"-?[0-9]{1,15}", text):
        return text
    return text if "number" in wanted and re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", text) else None


def _kind(misfit: Misfit, marks: SourceMap) -> str:
    value = misfit.value
    if isinstance(value, Mapping | list):
        return kind_of(value)
    return f"{_article(value)}{shown(value) if isinstance(value, str) else _source(misfit, marks)}"


def _article(value: Json) -> str:
    if isinstance(value, bool):
        return ""
    return "the text " if isinstance(value, str) else "the number "


def _source(misfit: Misfit, marks: SourceMap) -> str:
    """Return a number, or true or false, as it stands in the file."""
    mark = marks.at(misfit.path)
    return (mark.written.spelling if mark and mark.written else "") or shown(misfit.value)


def _enum(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    allowed = tuple(misfit.wanted)
    guess = nearest(misfit.value, allowed) if isinstance(misfit.value, str) else None
    message = f"{shown(misfit.value)} is none of {', '.join(map(str, allowed))}"
    hint = f'did you mean "{guess}"?' if guess else None
    yield _at(marks, misfit.path, message, misfit.value, hint, allowed=allowed)


def _const(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    wanted = misfit.wanted
    message = f"{shown(misfit.value)} is no version of the spec language; there is {wanted}"
    yield _at(marks, misfit.path, message, misfit.value, f"write {misfit.path[-1]}: {wanted}", allowed=(wanted,))


def _least(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    message = f"{shown(misfit.value)} is below the minimum {misfit.wanted}"
    yield _at(marks, misfit.path, message, misfit.value)


def _more_than(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    yield _at(marks, misfit.path, f"{shown(misfit.value)} is not above {misfit.wanted}", misfit.value)


def _empty(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    hint = "give it at least one" if misfit.path == ("prompts",) else "give it at least one, or leave the key out"
    yield _at(marks, misfit.path, f"{_kind_word(misfit.value)} is empty", suggestion=hint)


def _kind_word(value: Json) -> str:
    return kind_of(value).replace("a ", "the ", 1)


def _pattern(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    message = misfit.schema.get("patternErrorMessage", "it has another form than it should")
    if misfit.is_name:
        yield _at_key(marks, (*misfit.path, misfit.value), f"{shown(misfit.value)} is no name: {message}")
        return
    hint = None
    if misfit.path == ("name",):
        guess = "-".join(part for part in _slugged(misfit.value).split("-") if part)
        hint = f'such as "{guess}"' if 0 < len(guess) <= SHOWN_CHARACTERS else None
    elif "minItems" in misfit.schema:  # an axis: a text that is no template
        hint = axis_hint(misfit.value)
    sentence = f"{shown(misfit.value)}: {message}" if misfit.value.strip() else message
    yield _at(marks, misfit.path, sentence, misfit.value, hint)


def _slugged(name: str) -> str:
    return "".join(character if character.isascii() and character.isalnum() else "-" for character in name.lower())


def _too_long(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    message = f"it has {len(misfit.value):,} characters; at most {misfit.wanted:,} are allowed"
    yield _at(marks, misfit.path, message, misfit.value)


def _not(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    if misfit.is_name:
        key = misfit.value
        message = f"{shown(key)} is a word of the template language"
        yield _at_key(marks, (*misfit.path, key), message, "choose another name")
    elif not misfit.wanted:
        yield from _not_here(misfit, marks)
    elif "required" in misfit.wanted:
        keys = misfit.wanted["required"]
        for key in keys[-1:]:
            yield _at_key(marks, (*misfit.path, key), f"{' and '.join(keys)} cannot stand together; choose one")
    else:
        yield _at(marks, misfit.path, f"{shown(misfit.value)} is not allowed here", misfit.value)


def _not_here(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    key = misfit.path[-1]
    if misfit.path[0] == "prompts":
        message = f'"{key}" chooses rows of a table, and there is no from'
    else:
        message = f'"{key}" cannot stand beside random'
    yield _at_key(marks, misfit.path, message)


def word_other(misfit: Misfit, marks: SourceMap) -> Iterator[Problem]:
    """Yield a misfit in the validator's own words."""
    yield _at(marks, misfit.path, misfit.message, misfit.value)


_Word = Callable[[Misfit, SourceMap], Iterator[Problem]]

WORDS: Mapping[str, _Word] = {
    "additionalProperties": _unknown_keys,
    "const": _const,
    "enum": _enum,
    "exclusiveMinimum": _more_than,
    "maxLength": _too_long,
    "minItems": _empty,
    "minProperties": _empty,
    "minimum": _least,
    "not": _not,
    "pattern": _pattern,
    "required": _missing_key,
    "type": _type,
}
"""How each keyword of the schema is worded."""
