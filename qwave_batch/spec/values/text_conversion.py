"""The one place where a value becomes a part of a text: of a prompt, an id, a tag, a path, or a text in a request."""

from collections.abc import Mapping
from typing import Any

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_errors import ListInText, MappingInText, NullInText, PromptInText
from qwave_batch.spec.values.value_messages import kind_of, way_to_a_value


class PromptRecord(dict[str, Json]):
    """What templates see as ``prompt``: its fields are meant, and never the whole of it as a text."""

    row: Mapping[str, Json] | None = None
    """The row of the entry's table, whose column of that name may have been meant."""

    __hash__ = None  # as every mapping

    def misuse(self) -> PromptInText:
        """Return that it is no text."""
        return PromptInText(self, self.row)

    def __bool__(self) -> bool:
        raise self.misuse()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str | int | float):
            raise self.misuse()
        return dict.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other


def text_of(value: object) -> str:
    """Return a value as it reads inside of a text: texts and numbers as they are, JSON's words for truth.

    Raises:
        MisusedValue: Nobody can mean such a value in a text: null, a mapping, a list.
        TypeError: The value is nothing that a spec can hold, such as a function.
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
            way = "put | join(', ') behind it" if is_sequence else way_to_a_value(value)
            raise TypeError(f"{kind_of(value)} cannot stand in a text; {way}")
