"""The input images of a row: which request fields hold them, and which of them is a mask. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from qwave_batch.model.input_references import PREFIX, is_reference
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink, parent_link
from qwave_batch.model.record import ImageFile


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
    """The ``sha256:...`` of a file of the run folder, or a web address; of a parent that is not there ``job:...``."""
    parent: ParentLink | None = None
    """The job that made it, and which of its images it is; None for one that did not come from this folder."""
    path: str = ""
    """Its path among the images of the folder; empty for one of ``inputs/``, and one that is not there."""

    @property
    def is_stored(self) -> bool:
        """Whether the run folder holds its bytes, or should."""
        return self.parent is not None or is_reference(self.source)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFields:
    """The request fields that hold images, or tasks that have some, by the catalog of a run folder."""

    images: frozenset[str] = frozenset()
    """Masks too."""
    masks: frozenset[str] = frozenset()
    tasks: Mapping[str, str] = field(default_factory=dict)
    """By field with the id of an earlier task: the field with the number of one of that task's images, from 1."""

    def __or__(self, other: "ImageFields") -> "ImageFields":
        """Return the fields of both."""
        return ImageFields(
            images=self.images | other.images, masks=self.masks | other.masks, tasks={**self.tasks, **other.tasks}
        )


def inputs_of(
    request: JsonObject, fields: ImageFields, image_of: Callable[[ParentLink], ImageFile | None] = lambda _: None
) -> tuple[EditInput, ...]:
    """Return the images that a request was made with, in its order; images of a mask field are masks.

    Args:
        request: The request of a manifest line.
        fields: By the catalog of the line's folder.
        image_of: Returns the image of a parent; None for one that the folder does not hold.
    """
    return tuple(_inputs_of(request, fields, image_of))


def _inputs_of(
    request: JsonObject, fields: ImageFields, image_of: Callable[[ParentLink], ImageFile | None]
) -> Iterator[EditInput]:
    for name, value in request.items():
        if name in fields.images:
            role = InputRole.MASK if name in fields.masks else InputRole.INPUT
            for place, text in _texts_by_place(value, name):
                link = parent_link(text)
                if link is not None:
                    yield _of_parent(place, role, link, image_of(link), missing=text)
                elif text:
                    yield EditInput(field=place, role=role, source=text)
        elif name in fields.tasks and (task := parent_link(value)) is not None:
            link = _image_of_task(task, request.get(fields.tasks[name]), image_of)
            if link is not None:
                yield _of_parent(name, InputRole.INPUT, link, image_of(link), missing=str(value))


def _of_parent(place: str, role: InputRole, link: ParentLink, image: ImageFile | None, *, missing: str) -> EditInput:
    if image is None:
        return EditInput(field=place, role=role, source=missing, parent=link)
    return EditInput(field=place, role=role, source=PREFIX + image.sha256, parent=link, path=image.path)


def _image_of_task(
    task: ParentLink, number: Json, image_of: Callable[[ParentLink], ImageFile | None]
) -> ParentLink | None:
    """Return the image of a parent's task that a request goes on from; None if that is not one of them."""
    first, second = (replace(task, image=each) for each in (1, 2))
    if image_of(first) is None:  # it only prepared this one, or is not here
        return None
    if isinstance(number, int) and number > 0:
        return replace(task, image=number)
    return first if image_of(second) is None else None


def with_role(inputs: Iterable[EditInput], role: InputRole) -> tuple[EditInput, ...]:
    """Return the inputs of one role."""
    return tuple(each for each in inputs if each.role is role)


def _texts_by_place(value: Json, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts_by_place(item, f"{place}[{index}]")
