"""The one way from dataclasses to JSON objects and back.

A ``Codec`` is made for a file, or for what a command prints. It writes the fields of a dataclass in their order, under
their own names, and reads them back with their types checked; what stands differently in JSON is said by a ``Key``:

    Codec({ImageFile: {"size_bytes": Key(name="bytes")}, Duplicate: {"meta": LEFT_OUT}})

cattrs makes the functions that do it. It is imported when the first of them is needed.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cached_property
from types import GenericAlias
from typing import Any, TypeVar, get_args

from qwave_batch import lazy
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.value_reading import (
    ValueFault,
    WrongType,
    as_it_is,
    expected_message,
    is_json_object_type,
    is_objects_type,
    is_optional_type,
    is_strings_type,
    read_bool,
    read_exact_integer,
    read_float,
    read_integer,
    read_mapping,
    read_string,
    read_strings,
    reader_of_optional,
    writer_of_optional,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """How a field stands in a JSON object."""

    name: str = ""
    """Its key; empty for the field's own name."""
    write: Callable[[Any], Json] | None = None
    """Makes the JSON value, for what is not None; without it, the field's type decides."""
    read: Callable[[Any], Any] | None = None
    """Makes the field's value out of what is not null; its ValueError becomes a ``DecodeError``."""
    is_written: bool = True
    is_default_written: bool = True
    """Whether it is there too when it is the field's default."""
    absent: object = ...
    """The field's value where the key is not there; without it, the field's own default, or a ``DecodeError``."""


LEFT_OUT = Key(is_written=False)
"""Of a field that is not written."""


def usd_key(name: str) -> Key:
    """Return the key of an amount that is nano-dollars in the field and USD in JSON."""
    return Key(name=name, write=usd_from_nusd, read=nusd_from_usd)


Forms = Mapping[type, Mapping[str, Key]]
"""By dataclass and field: what does not stand as it is."""


class DecodeError(ValueError):
    """A JSON value is not one that was written from such a dataclass."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        """The path, such as ``also[1].index``; empty for the whole value."""


class MissingKey(DecodeError):
    """The key at ``path`` is not there."""

    def __init__(self, path: str) -> None:
        super().__init__(path, f"{path} is missing")


class Codec:
    """Writes dataclasses as JSON objects and reads them."""

    def __init__(self, forms: Forms | None = None, *, exact: bool = False) -> None:
        """Make one.

        Args:
            forms: The fields with a special form.
            exact: Whether this program alone writes what is read: an object then has every key that is always written
                and no unknown one, and 3.0 is not an integer. Else unknown keys are passed over, and a key with a
                default may be left out.
        """
        self._forms: Forms = forms or {}
        self._exact = exact
        self._writers: dict[type, Callable[[Any], dict[str, Json]]] = {}

    def encode(self, value: object) -> dict[str, Json]:
        """Return the JSON object of a dataclass."""
        kind = type(value)
        writer = self._writers.get(kind)
        if writer is None:
            writer = self._writers[kind] = self._converter.get_unstructure_hook(kind)
        return writer(value)

    def decode(self, value: object, kind: type[T]) -> T:
        """Return the dataclass that a JSON object was written from.

        Raises:
            DecodeError: It was not written from one.
        """
        try:
            return self._converter.structure(value, kind)
        except (lazy.cattrs.BaseValidationError, ValueFault) as error:
            raise self._first_fault(error, "", kind) from None

    @cached_property
    def _converter(self) -> "lazy.cattrs.Converter":
        converter = lazy.cattrs.Converter()
        converter.register_structure_hook(str, read_string)
        converter.register_structure_hook(StrEnum, lambda value, kind: kind(value))
        converter.register_structure_hook(bool, read_bool)
        converter.register_structure_hook(int, read_exact_integer if self._exact else read_integer)
        converter.register_structure_hook(float, read_float)
        converter.register_structure_hook_func(is_json_object_type, read_mapping)
        converter.register_unstructure_hook_func(is_json_object_type, as_it_is)
        converter.register_structure_hook_func(is_strings_type, read_strings)
        converter.register_unstructure_hook_func(is_strings_type, list)
        converter.register_structure_hook_factory(is_optional_type, reader_of_optional)
        converter.register_unstructure_hook_factory(is_optional_type, writer_of_optional)
        converter.register_structure_hook_factory(is_objects_type, self._reader_of_objects)
        converter.register_unstructure_hook_factory(is_objects_type, _writer_of_objects)
        converter.register_structure_hook_factory(is_dataclass, self._reader)
        converter.register_unstructure_hook_factory(is_dataclass, self._writer)
        return converter

    def _reader_of_objects(self, kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any, Any], Any]:
        items: Any = GenericAlias(list, get_args(kind)[:1])
        read = converter.get_structure_hook(items)

        def read_objects(value: object, _: object) -> tuple[object, ...]:
            if not isinstance(value, list | tuple):
                raise WrongType
            return tuple(read(value, items)) if value else ()

        return read_objects

    def _reader(self, kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any, Any], Any]:
        keys = self._keys(kind)
        read = lazy.cattrs.gen.make_dict_structure_fn(kind, converter, **_read_overrides(keys))
        names = {key.name for key in keys.values() if key.is_written}
        required = {key.name for key in keys.values() if key.is_written and key.is_default_written}
        absent = {key.name: key.absent for key in keys.values() if key.absent is not ...}
        exact = self._exact

        def read_object(value: Any, _: object) -> object:
            if type(value) is not dict and not isinstance(value, Mapping):
                raise WrongType
            if exact and value.keys() != names:
                _check_keys(value.keys(), required, names)
            return read({**absent, **value} if absent else value, kind)

        return read_object

    def _writer(self, kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any], dict[str, Any]]:
        return lazy.cattrs.gen.make_dict_unstructure_fn(kind, converter, **_write_overrides(self._keys(kind)))

    def _keys(self, kind: type) -> dict[str, Key]:
        """Return the key of each field of a dataclass, by the field's name."""
        told = self._forms.get(kind, {})
        names = [field.name for field in fields(kind)]
        if unknown := told.keys() - names:
            raise TypeError(f"{kind.__name__} has no field {min(unknown)}")
        keys = {name: told.get(name, _PLAIN) for name in names}
        return {name: key if key.name else replace(key, name=name) for name, key in keys.items()}

    def _first_fault(self, error: BaseException, path: str, kind: Any) -> DecodeError:
        """Return the first thing that is wrong, where ``kind`` is the type that ``path`` should have."""
        match error:
            case lazy.cattrs.BaseValidationError(exceptions=(first, *_), cl=owner):
                for note in getattr(first, "__notes__", ()):
                    if isinstance(note, lazy.cattrs.AttributeValidationNote):
                        path, kind = _joined(path, self._keys(owner)[note.name].name), note.type
                    elif isinstance(note, lazy.cattrs.IterableValidationNote):
                        path, kind = f"{path}[{note.index}]", note.type
                return self._first_fault(first, path, kind)
            case _MissingKey(key=key):
                return MissingKey(_joined(path, key))
            case _UnknownKey(key=key):
                return DecodeError(path, f"{_joined(path, key)} is not a key of it")
            case KeyError():  # of a key without a default: the path leads to it already
                return MissingKey(path)
            case _UnreadKey(words=words):
                return DecodeError(path, _at(path, words))
            case _:
                return DecodeError(path, _at(path, f"expected {expected_message(kind)}"))


EXACT = Codec(exact=True)
"""Every field under its own name and nothing else: for what this program alone reads."""
LENIENT = Codec()
"""The same, for what other programs may have written too."""

_PLAIN = Key()


def _writer_of_objects(kind: Any, converter: "lazy.cattrs.Converter") -> Callable[[Any], list[Any]]:
    write = converter.get_unstructure_hook(get_args(kind)[0])
    return lambda values: [write(each) for each in values]


@dataclass(eq=False)
class _MissingKey(ValueFault):
    """An object lacks a key."""

    key: str


@dataclass(eq=False)
class _UnknownKey(ValueFault):
    """An object has a key that nothing is written under."""

    key: str


@dataclass(eq=False)
class _UnreadKey(ValueFault):
    """A reader of a key's own does not take it."""

    words: str


def _check_keys(found: Collection[str], required: Collection[str], names: Collection[str]) -> None:
    for name in sorted(required):
        if name not in found:
            raise _MissingKey(name)
    if unknown := [str(name) for name in found if name not in names]:
        raise _UnknownKey(min(unknown)[:_SHOWN])


def _read_overrides(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {
        field: lazy.cattrs.gen.override(
            rename=key.name,
            omit=not key.is_written and key.absent is ...,
            struct_hook=None if key.read is None else _reading(key.read),
        )
        for field, key in keys.items()
    }


def _write_overrides(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {
        field: lazy.cattrs.gen.override(
            rename=key.name,
            omit=not key.is_written,
            omit_if_default=not key.is_default_written,
            unstruct_hook=None if key.write is None else _writing(key.write),
        )
        for field, key in keys.items()
    }


def _reading(read: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def read_value(value: object, _: object) -> object:
        if value is None:
            return None
        try:
            return read(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise _UnreadKey(str(error)) from None

    return read_value


def _writing(write: Callable[[Any], Json]) -> Callable[[Any], Json]:
    return lambda value: None if value is None else write(value)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _at(path: str, words: str) -> str:
    return f"{path}: {words}" if path else words


_SHOWN = 100
