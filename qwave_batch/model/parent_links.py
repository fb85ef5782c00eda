"""References from a job to the images and the task of another job of its plan, which are made before it.

They stand in the identifying request where the body that is sent has an address, a ``data:`` URI or the id of a task:
``job:<id>#<n>`` for image number n, from 1, of a job, and ``job:<id>`` for its task. So a job's id is known before
anything runs, and stays when a parent's image gets another address.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from qwave_batch.model.input_references import texts_in
from qwave_batch.model.jsontypes import Json, JsonObject

_REFERENCE = re.compile(r"job:([0-9a-f]{16})(?:#([1-9][0-9]{0,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ParentLink:
    """The need of a job for another one, its parent: for an image of it, or that it is made."""

    job_id: str
    image: int | None = None
    """The number of the image, from 1; None where its task is named, or nothing of it is sent."""


def image_reference(job_id: str, number: int) -> str:
    """Return the text that stands in a request for an image of a job; ``number`` is from 1."""
    return f"job:{job_id}#{number}"


def task_reference(job_id: str) -> str:
    """Return the text that stands in a request for the id of a job's task."""
    return f"job:{job_id}"


def parent_link(text: Json) -> ParentLink | None:
    """Return what a value refers to; None for a value that is not a whole reference."""
    found = _REFERENCE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    return ParentLink(found[1], None if found[2] is None else int(found[2]))


def parent_links_in(request: JsonObject, fields: Collection[str] | None = None) -> Iterator[tuple[str, ParentLink]]:
    """Yield the references in a request, as texts and as what they mean, in the request's order.

    Args:
        request: An identifying request.
        fields: The fields in which such a text is a reference: those for images and for tasks. None, where no catalog
            tells them, yields all texts that look like one.
    """
    for name, value in request.items():
        if fields is None or name in fields:
            for text in texts_in(value):
                link = parent_link(text)
                if link is not None:
                    yield text, link


def parents_of(request: JsonObject, fields: Collection[str], own: str) -> tuple[ParentLink, ...]:
    """Return the ``parents`` of a job: its own parent's links first, each once, images in the order of their numbers.

    Args:
        request: Its identifying request.
        fields: The fields in which a text may be a reference.
        own: The id of the job of the earlier stage that it is made for; it is a parent even where nothing refers to it.
    """
    found = {link for _, link in parent_links_in(request, fields)}
    links = sorted(found, key=lambda link: (link.job_id != own, link.job_id, link.image or 0))
    return tuple(links) if links and links[0].job_id == own else (ParentLink(own), *links)
