"""Turns values into text: the one place for all parts of a prompt, an id, a tag, a path or a request string."""

from collections.abc import Mapping
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_errors import ListInText, MappingInText, NullInText, PromptInText
from qwave_batch.spec.values.value_messages import how_to_get_value, type_name


class PromptRecord(dict[str, Json]):
    """The ``prompt`` of templates: a mapping whose fields can be text, but not the mapping itself."""

    row: Mapping[str, Json] | None = None
    """The row of the entry's table; its column ``prompt`` may have been meant."""

    __hash__ = None  # like every dict

    def misuse(self) -> PromptInText:
        """Return the error that it is not a string."""
        return PromptInText(self, self.row)

    def __bool__(self) -> bool:
        raise self.misuse()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str | int | float):
            raise self.misuse()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def to_text(value: object) -> str:
    """Return a value as text: strings and numbers as they are, booleans as in JSON.

    Raises:
        MisusedValue: The value makes no sense in text: null, a mapping, a list.
        TypeError: A spec cannot hold the value, such as a function.
    """
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            return _refused(value)


def _refused(value: Any) -> str:
    match value:
        case None:
            raise NullInText
        case PromptRecord():
            raise value.misuse()
        case Mapping():
            raise MappingInText(value)
        case list() | tuple() | range():
            raise ListInText(value)
        case _:
            is_sequence = hasattr(value, "__iter__") and not callable(value)
            way = "add | join(', ') after it" if is_sequence else how_to_get_value(value)
            raise TypeError(f"{type_name(value)} cannot be written into text; {way}")
