"""The input images of a row: which request fields hold them, and which of them is a mask. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.model.input_references import is_reference
from qwave_batch.model.jsontypes import Json, JsonObject


class InputRole(StrEnum):
    """The use of an input image."""

    INPUT = "input"
    """It is edited, or followed in some way."""
    MASK = "mask"
    """It names the area to repaint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditInput:
    """An image that a request was made with."""

    field: str
    """Its place in the request, such as ``image_urls[0]``."""
    role: InputRole
    source: str
    """The ``sha256:...`` of a file in the run folder's ``inputs/``, or a web address."""

    @property
    def is_stored(self) -> bool:
        """Whether the run folder holds its bytes."""
        return is_reference(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFields:
    """The request fields that hold images by the catalog of a run folder."""

    images: frozenset[str] = frozenset()
    """Masks too."""
    masks: frozenset[str] = frozenset()

    def __or__(self, other: "ImageFields") -> "ImageFields":
        """Return the fields of both."""
        return ImageFields(images=self.images | other.images, masks=self.masks | other.masks)


def inputs_of(request: JsonObject, fields: ImageFields) -> tuple[EditInput, ...]:
    """Return the images that a request was made with, in its order; images of a mask field are masks.

    Args:
        request: The request of a manifest line.
        fields: By the catalog of the line's folder.
    """
    return tuple(
        EditInput(field=place, role=InputRole.MASK if name in fields.masks else InputRole.INPUT, source=text)
        for name, value in request.items()
        if name in fields.images
        for place, text in _texts_by_place(value, name)
        if text
    )


def with_role(inputs: Iterable[EditInput], role: InputRole) -> tuple[EditInput, ...]:
    """Return the inputs of one role."""
    return tuple(each for each in inputs if each.role is role)


def _texts_by_place(value: Json, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts_by_place(item, f"{place}[{index}]")
