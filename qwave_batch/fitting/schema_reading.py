"""Reads a JSON Schema 2020-12 and turns it into one check."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from qwave_batch.fitting.schema_checks import (
    PLAIN,
    Check,
    UnknownUse,
    all_of,
    always,
    any_of,
    choice,
    exactly_one_of,
    items_fit,
    members_fit,
    names_fit,
    never,
)

Keyword: TypeAlias = Callable[[Any, Any], bool]
"""An extension keyword: its value and the instance to whether it fits."""

_ANNOTATIONS = frozenset(
    {
        "$comment", "$defs", "$id", "$schema", "default", "description", "else", "enumDescriptions", "examples",
        "patternErrorMessage", "then", "title",
    }
)  # fmt: skip
"""Keywords that refuse nothing, or are read with the keyword that they belong to."""


def fitting(schema: Mapping[str, Any], keywords: Mapping[str, Keyword], annotations: frozenset[str]) -> Check | None:
    """Return the check of a schema 2020-12, or None when it says more than is known here.

    Args:
        schema: The whole schema; its references stay inside of it.
        keywords: Extension keywords that can refuse.
        annotations: Extension keywords that cannot.
    """
    try:
        return _SchemaReader(schema, keywords, _ANNOTATIONS | annotations).read(schema)
    except UnknownUse:
        return None


class _SchemaReader:
    """Turns one schema into checks; each target of a reference once."""

    def __init__(self, root: Mapping[str, Any], keywords: Mapping[str, Keyword], annotations: frozenset[str]) -> None:
        self._root, self._keywords, self._annotations = root, keywords, annotations
        self._targets: dict[str, Check | None] = {}
        self._nested: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
            "$ref": lambda schema: self._reference(schema["$ref"]),
            "additionalProperties": self._members,
            "allOf": lambda schema: all_of(self._all(schema["allOf"])),
            "anyOf": lambda schema: any_of(self._all(schema["anyOf"])),
            "if": self._choice,
            "items": lambda schema: items_fit(self.read(schema["items"])),
            "not": lambda schema: exactly_one_of([always, self.read(schema["not"])]),
            "oneOf": lambda schema: exactly_one_of(self._all(schema["oneOf"])),
            "properties": self._members,
            "propertyNames": lambda schema: names_fit(self.read(schema["propertyNames"])),
        }

    def read(self, schema: Any) -> Check:
        """Return the check of a schema inside of the root."""
        if isinstance(schema, bool):
            return always if schema else never
        checking = [keyword for keyword in schema if keyword not in self._annotations]
        if "properties" in checking and "additionalProperties" in checking:
            checking.remove("additionalProperties")  # is read with properties
        return all_of([self._keyword(keyword, schema) for keyword in checking])

    def _keyword(self, keyword: str, schema: Mapping[str, Any]) -> Check:
        wanted = schema[keyword]
        if keyword in self._keywords:
            fits = self._keywords[keyword]
            return lambda value: fits(wanted, value)
        if keyword in PLAIN:
            return PLAIN[keyword](wanted)
        if keyword in self._nested:
            return self._nested[keyword](schema)
        raise UnknownUse(keyword)

    def _all(self, schemas: Sequence[Any]) -> list[Check]:
        return [self.read(schema) for schema in schemas]

    def _members(self, schema: Mapping[str, Any]) -> Check:
        own = {name: self.read(part) for name, part in schema.get("properties", {}).items()}
        return members_fit(own, self.read(schema.get("additionalProperties", True)))

    def _choice(self, schema: Mapping[str, Any]) -> Check:
        then, otherwise = self.read(schema.get("then", True)), self.read(schema.get("else", True))
        return choice(self.read(schema["if"]), then, otherwise)

    def _reference(self, name: str) -> Check:
        """Return the check of what a reference means; one that leads back to itself is not known here."""
        if not name.startswith("#/"):
            raise UnknownUse(name)
        if name not in self._targets:
            target: Any = self._root
            for step in name.removeprefix("#/").split("/"):
                target = target[step]
            self._targets[name] = None
            self._targets[name] = self.read(target)
        made = self._targets[name]
        if made is None:
            raise UnknownUse(name)
        return made
