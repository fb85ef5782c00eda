"""Translates messages of the Python interpreter about failed operations into the terms of specs."""

import re
from collections.abc import Callable
from typing import Final

_KINDS: Final = {
    "TextCell": "a string",
    "Method": "a function",
    "NoneType": "null",
    "PromptRecord": "a mapping",
    "TextRow": "a mapping",
    "bool": "true or false",
    "builtin_function_or_method": "a function",
    "dict": "a mapping",
    "dict_items": "a list of pairs",
    "dict_keys": "a list of keys",
    "dict_values": "a list of values",
    "float": "a number",
    "function": "a function",
    "generator": "a sequence that is not yet a list",
    "int": "a number",
    "list": "a list",
    "range": "a list",
    "slice": "a part",
    "str": "a string",
    "tuple": "a list",
    "type": "a function",
}


def _kind(name: str) -> str:
    return _KINDS.get(name, "such a value")


_TRANSLATIONS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (
        re.compile(r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'"),
        lambda found: f"{_kind(found[2])} and {_kind(found[3])} have no order, so {found[1]} cannot compare them",
    ),
    (
        re.compile(r"unsupported operand type\(s\) for (\S+?)(?: or pow\(\))?: '(\w+)' and '(\w+)'"),
        lambda found: f"{found[1]} cannot work with {_kind(found[2])} and {_kind(found[3])}",
    ),
    (
        re.compile(r"bad operand type for (?:unary )?(\S+?)(?:\(\))?: '(\w+)'"),
        lambda found: f"{found[1]} cannot work with {_kind(found[2])}",
    ),
    (
        re.compile(r"can't multiply sequence by non-int of type '(\w+)'"),
        lambda found: f"* cannot work with a string or list and {_kind(found[1])}",
    ),
    (
        re.compile(r"can only concatenate (\w+) \(not \"(\w+)\"\) to \w+"),
        lambda found: f"{_kind(found[1])} and {_kind(found[2])} cannot be added",
    ),
    (re.compile(r"object of type '(\w+)' has no len\(\)"), lambda found: f"{_kind(found[1])} has no length"),
    (
        re.compile(r"(?:argument of type )?'(\w+)' (?:object )?is not iterable"),
        lambda found: f"{_kind(found[1])} has no items",
    ),
    (re.compile(r"argument of type '(\w+)' is not a container.*"), lambda found: f"{_kind(found[1])} has no items"),
    (re.compile(r"cannot unpack non-iterable (\w+) object"), lambda found: f"{_kind(found[1])} has no items"),
    (re.compile(r"'(\w+)' object is not subscriptable"), lambda found: f"{_kind(found[1])} has no items"),
    (
        re.compile(r"'(\w+)' object cannot be interpreted as an integer"),
        lambda found: f"a whole number is needed, found {_kind(found[1])}",
    ),
    (re.compile(r"type (\w+) doesn't define __round__ method"), lambda found: f"{_kind(found[1])} cannot be rounded"),
    (
        re.compile(r"(?:cannot use .* as a .* key \()?unhashable type: '(\w+)'\)?"),
        lambda found: f"{_kind(found[1])} cannot be a key",
    ),
    (
        re.compile(r".*'in <string>' requires string as left operand, not (\w+)"),
        lambda found: f"{_kind(found[1])} cannot be in a string",
    ),
    (
        re.compile(r"not (?:enough|all) arguments .*"),
        lambda _: "the number of values does not match the number of fields in the format",
    ),
)
_PYTHON_WORDS: Final = re.compile(
    r"'(?:" + "|".join(_KINDS) + r")'|(?<!\| )\b(?:NoneType|str|dict|bool|int|float|tuple|bytes|__\w+__|"
    r"arguments?|positional|object|iterable|sequence item|attribute|keyword)\b|\w\(\)"
)


def translated(said: str) -> str | None:
    """Return an interpreter message in the terms of specs; None if it cannot be translated."""
    for pattern, sentence in _TRANSLATIONS:
        found = pattern.fullmatch(said)
        if found:
            return sentence(found)
    return None if _PYTHON_WORDS.search(said) else said
