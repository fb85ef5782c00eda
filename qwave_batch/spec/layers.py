"""A spec in layers: values with their places, merged as ``extends`` and ``--set`` ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.values.value_path import ValuePath
from qwave_batch.spec.yaml.source_map import Mark

NEEDED = frozenset({"version", "name", "catalog", "prompts"})
"""Required keys, which a null cannot remove."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A value with the places of all that is in it."""

    value: Json
    mark: Mark


def merge_layers(over: Layer, base: Layer, path: ValuePath = ()) -> Layer:
    """Return ``over`` merged over ``base``: mappings merge key by key in the base's order, all else is replaced.

    A null removes the base's key, and a mapping that loses its last key is removed too.
    """
    if not isinstance(over.value, Mapping) or not isinstance(base.value, Mapping):
        return over
    fields = dict(base.value)
    below = dict(base.mark.below)
    for key, item in over.value.items():
        new, where = Layer(item, over.mark.below[key]), (*path, key)
        if fields.get(key) is None:
            fields[key], below[key] = new.value, new.mark
            continue
        if not removes(new, where):
            new = merge_layers(new, Layer(fields[key], below[key]), where)
            if new.value != {} or not _has_null(item):
                fields[key], below[key] = new.value, new.mark
                continue
        del fields[key], below[key]
    return Layer(fields, replace(over.mark, below=below))


def removes(new: Layer, path: ValuePath) -> bool:
    """Whether a value that is merged over another one at ``path`` removes it: an explicit null does.

    In ``vars``, ``request`` and ``meta`` null is a value like any other.
    """
    if new.value is not None or (new.mark.note is not None and new.mark.note.is_unread):
        return False
    match path:
        case (str(key),):
            return key not in NEEDED
        case ("vars" | "request", *_):
            return False
        case ("prompts", int(), *below):
            return len(below) == 1 and below[0] != "text"
        case _:
            return bool(path)


def without(layer: Layer, *keys: str) -> Layer:
    """Return the layer without some keys of its mapping."""
    if not isinstance(layer.value, Mapping):
        return layer
    fields = {name: item for name, item in layer.value.items() if name not in keys}
    return Layer(
        fields, replace(layer.mark, below={name: mark for name, mark in layer.mark.below.items() if name not in keys})
    )


def without_removals(over: Layer, base: Json, path: ValuePath = ()) -> Json:
    """Return what is merged over ``base`` without the nulls that only remove something of it."""
    if not isinstance(over.value, Mapping) or not isinstance(base, Mapping):
        return over.value
    kept = dict[str, Json]()
    for key, item in over.value.items():
        new, where = Layer(item, over.mark.below[key]), (*path, key)
        if base.get(key) is None:
            kept[key] = item
        elif not removes(new, where):
            below = without_removals(new, base[key], where)
            if below != {} or item == {}:
                kept[key] = below
    return kept


def _has_null(value: Json) -> bool:
    return isinstance(value, Mapping) and (None in value.values() or any(map(_has_null, value.values())))
