"""Converts columns of an Arrow table to JSON, the same on every machine, whatever else is installed there.

Numbers, strings, booleans and null stay as they are; lists become lists, structs and maps with string keys become
mappings. Types that JSON lacks become strings: decimals with all digits, dates and times as in RFC 3339, bytes in
base64. Durations become seconds.
"""

import base64
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any, TypeAlias

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.table.table_file import MAX_VALUES

# Any, since Arrow is an optional extra
Arrow: TypeAlias = Any
Reader: TypeAlias = Callable[[Arrow], list[Json]]
"""Converts an array to a list of values."""

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NoJsonForm(Exception):
    """A type of column that has no JSON form."""


def reader_of(arrow: Arrow, kind: Arrow) -> Reader:
    """Return a reader for arrays of a type.

    Args:
        arrow: The module ``pyarrow``.
        kind: The type.

    Raises:
        NoJsonForm: JSON has no form for it.
    """
    types = arrow.types
    if isinstance(kind, arrow.BaseExtensionType):
        stored = reader_of(arrow, kind.storage_type)
        return lambda array: stored(array.storage)
    if types.is_dictionary(kind):
        return _shared(reader_of(arrow, kind.value_type))
    if _is_plain(types, kind):
        return _listed
    for is_kind, make in _BY_KIND:
        if is_kind(types, kind):
            return make(arrow, kind)
    raise NoJsonForm(str(kind))


def _is_plain(types: Arrow, kind: Arrow) -> bool:
    return bool(
        types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_float64(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
    )


def _listed(array: Arrow) -> list[Json]:
    values: list[Json] = array.to_pylist()
    return values


def _each(make: Callable[[Any], Json]) -> Reader:
    """Return a reader that converts each Python value of an array."""
    return lambda array: [None if value is None else make(value) for value in array.to_pylist()]


def _single(arrow: Arrow, kind: Arrow) -> Reader:
    packing, digits = ("e", range(3, 6)) if arrow.types.is_float16(kind) else ("f", range(6, 10))
    return _each(lambda number: _shortest(number, packing, digits))


def _shortest(number: float, packing: str, digits: range) -> Json:
    """Return the shortest decimal for a number of less than double precision: 0.1, not 0.10000000149011612."""
    packed = struct.pack(packing, number)
    near = (float(f"{number:.{count}g}") for count in digits)
    return next((short for short in near if struct.pack(packing, short) == packed), number)


def _decimal(_arrow: Arrow, _kind: Arrow) -> Reader:
    return _each(lambda number: format(number, "f"))


def _bytes(_arrow: Arrow, _kind: Arrow) -> Reader:
    return _each(lambda data: base64.b64encode(data).decode("ascii"))


def _date(arrow: Arrow, _kind: Arrow) -> Reader:
    days = _each(lambda day: (_EPOCH + timedelta(days=day)).date().isoformat())
    return lambda array: days(array.cast(arrow.date32()).cast(arrow.int32()))


def _timestamp(arrow: Arrow, kind: Arrow) -> Reader:
    per_second, zone = _PER_SECOND[kind.unit], "Z" if kind.tz else ""
    instants = _each(lambda ticks: _instant(ticks, per_second) + zone)
    return lambda array: instants(array.cast(arrow.int64()))


def _instant(ticks: int, per_second: int) -> str:
    seconds, rest = divmod(ticks, per_second)
    digits = str(rest).rjust(len(str(per_second)) - 1, "0").rstrip("0") if rest else ""
    fraction = f".{digits}" if digits else ""
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat() + fraction


def _time(arrow: Arrow, kind: Arrow) -> Reader:
    per_second = _PER_SECOND[kind.unit]
    whole = arrow.int32() if kind.bit_width == 32 else arrow.int64()  # noqa: PLR2004
    times = _each(lambda ticks: _instant(ticks, per_second).partition("T")[2])
    return lambda array: times(array.cast(whole))


def _duration(arrow: Arrow, kind: Arrow) -> Reader:
    per_second = _PER_SECOND[kind.unit]
    seconds = _each(lambda ticks: ticks // per_second if ticks % per_second == 0 else ticks / per_second)
    return lambda array: seconds(array.cast(arrow.int64()))


def _shared(held: Reader) -> Reader:
    """Return a reader for an array of dictionary indexes, which converts a repeated value once."""

    def read(array: Arrow) -> list[Json]:
        used = array.indices.drop_null().unique()
        values = dict(zip(used.to_pylist(), held(array.dictionary.take(used)), strict=True))
        return [None if place is None else values[place] for place in array.indices.to_pylist()]

    return read


def _list(arrow: Arrow, kind: Arrow) -> Reader:
    return _in_lists(reader_of(arrow, kind.value_type), getattr(kind, "list_size", None))


def items_of(array: Arrow) -> Arrow:
    """Return the items of all lists of an array in sequence, including those behind nulls."""
    begin, end = array.offsets[0].as_py(), array.offsets[-1].as_py()
    return array.values.slice(begin, end - begin)


def weight_of(arrow: Arrow, array: Arrow) -> int:
    """Return about how many bytes an array holds, without dictionaries, which its slices share."""
    kind = array.type
    if isinstance(kind, arrow.BaseExtensionType):
        return weight_of(arrow, array.storage)
    if arrow.types.is_dictionary(kind):
        return int(array.indices.nbytes)
    if arrow.types.is_struct(kind):
        return len(array) + sum(weight_of(arrow, field) for field in array.flatten())
    if arrow.types.is_list(kind) or arrow.types.is_large_list(kind) or arrow.types.is_map(kind):
        return 8 * len(array) + weight_of(arrow, items_of(array))
    return len(array) + int(array.nbytes)


def _in_lists(items: Reader, size: int | None = None) -> Reader:
    """Return a reader for an array of lists or maps; ``size`` is that of fixed-size lists.."""

    def read(array: Arrow) -> list[Json]:
        is_there = array.is_valid().to_pylist()
        if size is None:
            offsets = array.offsets.to_pylist()
            held = items_of(array)
            lengths = [end - start for start, end in pairwise(offsets)]
        else:
            held, lengths = array.flatten(), [size if there else 0 for there in is_there]
        longest = max(lengths, default=0)
        if longest > MAX_VALUES:
            raise ValueError(f"a list has {longest:,} values; at most {MAX_VALUES:,} are read")
        rest = iter(items(held))
        parts = [list(islice(rest, length)) for length in lengths]
        return [part if there else None for there, part in zip(is_there, parts, strict=True)]

    return read


def _struct(arrow: Arrow, kind: Arrow) -> Reader:
    fields = [kind.field(number) for number in range(kind.num_fields)]
    names = [field.name for field in fields]
    if len(set(names)) < len(names):
        raise NoJsonForm(f"{kind}, which has a duplicate field")
    readers = [reader_of(arrow, field.type) for field in fields]

    def read(array: Arrow) -> list[Json]:
        columns = [reader(column) for reader, column in zip(readers, array.flatten(), strict=True)]
        rows: Sequence[tuple[Json, ...]] = list(zip(*columns, strict=True)) if columns else [()] * len(array)
        there = array.is_valid().to_pylist()
        return [
            dict(zip(names, row, strict=True)) if is_there else None for row, is_there in zip(rows, there, strict=True)
        ]

    return read


def _map(arrow: Arrow, kind: Arrow) -> Reader:
    key_type = kind.key_type.value_type if arrow.types.is_dictionary(kind.key_type) else kind.key_type
    if not (arrow.types.is_string(key_type) or arrow.types.is_large_string(key_type)):
        raise NoJsonForm(f"{kind}, whose keys are not strings")
    entries = _in_lists(_struct(arrow, arrow.struct([("key", kind.key_type), ("value", kind.item_type)])))

    def mapping(pairs: Any) -> Json:
        held = {pair["key"]: pair["value"] for pair in pairs}
        if len(held) < len(pairs):
            raise ValueError("a map has a duplicate key")
        return held

    return lambda array: [None if pairs is None else mapping(pairs) for pairs in entries(array)]


_BY_KIND: Sequence[tuple[Callable[[Arrow, Arrow], bool], Callable[[Arrow, Arrow], Reader]]] = (
    (lambda types, kind: types.is_float32(kind) or types.is_float16(kind), _single),
    (lambda types, kind: types.is_decimal(kind), _decimal),
    (
        lambda types, kind: (
            types.is_binary(kind)
            or types.is_large_binary(kind)
            or types.is_fixed_size_binary(kind)
            or types.is_binary_view(kind)
        ),
        _bytes,
    ),
    (lambda types, kind: types.is_date(kind), _date),
    (lambda types, kind: types.is_timestamp(kind), _timestamp),
    (lambda types, kind: types.is_time(kind), _time),
    (lambda types, kind: types.is_duration(kind), _duration),
    (lambda types, kind: types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind), _list),
    (lambda types, kind: types.is_struct(kind), _struct),
    (lambda types, kind: types.is_map(kind), _map),
)
