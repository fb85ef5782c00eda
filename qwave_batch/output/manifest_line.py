"""A line of the manifest, both ways: from the ledger's facts to JSON, and from JSON to a typed line."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, cast

from qwave_batch.folder.inputs import without_inline
from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.codec import LEFT_OUT, Codec, Key
from qwave_batch.model.input_references import reference_to
from qwave_batch.model.job import Duplicate, JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.output.times import iso_from_unix, to_the_millisecond, unix_from_iso

# Python's own splitlines, and editors, treat these as ends of lines, though JSON does not.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


_TEXT = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLine:
    """A job of a run folder with its outcome. Fields and their order are the line's keys."""

    job_id: str
    index: int
    status: JobStatus
    prompt_id: str
    prompt: str
    model: str
    action: str
    request: JsonObject
    """The body that is sent; inline inputs stand as ``sha256:...``, with the bytes in ``inputs/``."""
    dropped: tuple[str, ...]
    axes: JsonObject
    tags: tuple[str, ...]
    meta: JsonObject
    repeat: int
    also: tuple[Duplicate, ...]
    path: str
    task_id: str | None
    attempts: int
    submitted_at: float | None
    """Unix seconds."""
    completed_at: float | None
    """Unix seconds."""
    seconds: float | None
    cost_usd: float
    cost_from: Literal["api", "catalog"] | None
    images: tuple[ImageFile, ...]
    error: JobError | None
    reused_from: ReusedFrom | None = None
    imageless: bool = False
    """Whether its action makes no image of its own; the key is there only then."""
    overlay: str = ""
    """The overlay that changed or added its model; the key is there only then."""
    stage: str = ""
    """The stage of the spec that it belongs to; the key is there only where the spec has stages."""
    parents: tuple[ParentLink, ...] = ()
    """The jobs of earlier stages that it is made from; the key is there only then."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return f"ManifestLine({self.job_id} {self.model}: {self.status.value}, {len(self.images):,} images)"


_MOMENT = Key(write=iso_from_unix, read=unix_from_iso)

MANIFEST = Codec(
    {
        ManifestLine: {
            "submitted_at": _MOMENT,
            "completed_at": _MOMENT,
            "imageless": Key(is_default_written=False),
            "overlay": Key(is_default_written=False),
            "stage": Key(is_default_written=False),
            "parents": Key(is_default_written=False),
        },
        Duplicate: {"job_id": Key(is_written=False, absent=""), "meta": LEFT_OUT},
        ImageFile: {"size_bytes": Key(name="bytes")},
    }
)
"""A manifest's lines; the job id of a duplicate is that of its line."""


def manifest_line(line: PlanLine, keep: Callable[[bytes], str] = reference_to) -> ManifestLine:
    """Return the manifest's line for a line of the plan.

    Args:
        line: The job, its duplicates and its record.
        keep: Called with the bytes of every inline input of the request; returns its replacement.
    """
    job, record = line.job, line.record
    return ManifestLine(
        job_id=job.job_id,
        index=job.index,
        status=record.status,
        prompt_id=job.prompt_id,
        prompt=job.prompt,
        model=job.model,
        action=job.action,
        request=_plain(job.request, keep),
        dropped=job.dropped,
        axes=_plain(job.axes),
        tags=job.tags,
        meta=_plain(job.meta),
        repeat=job.repeat,
        also=tuple(replace(duplicate, axes=_plain(duplicate.axes), meta={}) for duplicate in line.also),
        path=job.path,
        task_id=record.task_id,
        attempts=record.attempts,
        submitted_at=to_the_millisecond(record.submitted_at),
        completed_at=to_the_millisecond(record.completed_at),
        seconds=to_the_millisecond(record.seconds),
        cost_usd=record.cost_usd,
        cost_from=record.cost_from,
        images=record.images,
        error=record.error or job.skip,
        reused_from=record.reused_from,
        imageless=job.max_images == 0,
        overlay=job.overlay,
        stage=job.stage,
        parents=job.parents,
    )


def line_as_json(line: ManifestLine) -> dict[str, Json]:
    """Return the object of a manifest line, its keys in the manifest's order."""
    return MANIFEST.encode(line)


def line_from_json(value: object) -> ManifestLine:
    """Return the typed line for an object that ``manifest.schema.json`` describes.

    Raises:
        DecodeError: it is not such an object.
    """
    line = MANIFEST.decode(value, ManifestLine)
    if not line.also:
        return line
    return replace(line, also=tuple(replace(duplicate, job_id=line.job_id) for duplicate in line.also))


def encode_line(line: ManifestLine) -> bytes:
    """Return the line as UTF-8 JSON with its line end; no other character in it counts as a line end anywhere."""
    text = _TEXT.encode(line_as_json(line))
    if not text.isascii():
        for end, escape in _LINE_ENDS.items():
            text = text.replace(end, escape)
    # a lone surrogate, which UTF-8 has no bytes for, becomes the escape that JSON has for it
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: JsonObject, keep: Callable[[bytes], str] = reference_to) -> JsonObject:
    return cast("JsonObject", without_inline(value, keep))
