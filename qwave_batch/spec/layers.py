"""A spec as it comes from several texts: a base file below, the spec on it, ``--set`` on top."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qwave_batch.model.jsontypes import Json
from qwave_batch.spec.marks import Mark


@dataclass(frozen=True, slots=True)
class Layer:
    """A value with its marks."""

    value: Json
    mark: Mark


def laid_over(over: Layer, base: Layer) -> Layer:
    """Return ``base`` with ``over`` on it: mappings merge key by key in the base's order, all else is replaced."""
    if not isinstance(over.value, Mapping) or not isinstance(base.value, Mapping):
        return over
    fields = dict(base.value)
    below = dict(base.mark.below)
    for key, item in over.value.items():
        mark = over.mark.below[key]
        if key in fields:
            merged = laid_over(Layer(item, mark), Layer(fields[key], below[key]))
            fields[key], below[key] = merged.value, merged.mark
        else:
            fields[key], below[key] = item, mark
    return Layer(fields, replace(over.mark, below=below))


def without(layer: Layer, key: str) -> Layer:
    """Return the layer without one key of its mapping."""
    if not isinstance(layer.value, Mapping):
        return layer
    fields = {name: item for name, item in layer.value.items() if name != key}
    return Layer(
        fields, replace(layer.mark, below={name: mark for name, mark in layer.mark.below.items() if name != key})
    )
