"""The request that identifies a recorded job, to the letter."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import chain, combinations

from qwave_batch.errors import QwaveError
from qwave_batch.folder.inputs import read_stored_image
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.input_references import is_reference, texts_in, with_texts
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.image_search import FoundJob

_MOST_MIXED = 6
"""Images of one job of which each may have been a file or inline, when only the manifest is there to say it."""


def identifying_request(found: FoundJob, layout: RunLayout) -> JsonObject | None:
    """Return the request whose hash is a job's id; None where the manifest alone does not tell it.

    A manifest has a reference for an image that was a file and for one that was inline. The job's id tells which.
    """
    request = found.line.request if found.job is None else found.job.request
    if _has_its_id(request, found):
        return request
    inline: dict[str, str] = {}
    for reference in sorted({text for text in texts_in(request) if is_reference(text)}):
        with suppress(QwaveError):
            inline[reference] = read_stored_image(layout, reference)
    sizes = range(len(inline), 0, -1) if len(inline) <= _MOST_MIXED else (len(inline),)
    for chosen in chain.from_iterable(combinations(inline, size) for size in sizes):
        tried = _with_inline(request, {reference: inline[reference] for reference in chosen})
        if _has_its_id(tried, found):
            return tried
    return None


def _with_inline(request: JsonObject, images: Mapping[str, str]) -> dict[str, Json]:
    return {name: with_texts(value, lambda text: images.get(text, text)) for name, value in request.items()}


def _has_its_id(request: JsonObject, found: FoundJob) -> bool:
    with suppress(ValueError):
        return job_id(request, found.line.repeat) == found.line.job_id
    return False
