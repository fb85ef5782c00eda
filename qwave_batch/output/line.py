"""A line of the manifest, both ways: from the ledger's facts to JSON, and from JSON to a typed line."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from qwave_batch.folder.inputs import reference_to, without_inline
from qwave_batch.ledger.lines import PlanLine
from qwave_batch.model.job import Duplicate, JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.record import ImageFile, JobStatus, ReusedFrom
from qwave_batch.output.times import iso_from_unix, to_the_millisecond, unix_from_iso

# Python's own splitlines, and editors, take these for ends of lines, though JSON does not.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestLine:
    """A job of a run folder with what became of it. Fields and their order are the line's keys."""

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


def manifest_line(line: PlanLine, keep: Callable[[bytes], str] = reference_to) -> ManifestLine:
    """Return the manifest's line for a line of the plan.

    Args:
        line: The job, its twins and its record.
        keep: Called with the bytes of every inline input of the request; returns what stands for them.
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
        dropped=tuple(job.dropped),
        axes=_plain(job.axes),
        tags=tuple(job.tags),
        meta=_plain(job.meta),
        repeat=job.repeat,
        also=tuple(replace(twin, axes=_plain(twin.axes), meta={}) for twin in line.also),
        path=job.path,
        task_id=record.task_id,
        attempts=record.attempts,
        submitted_at=to_the_millisecond(record.submitted_at),
        completed_at=to_the_millisecond(record.completed_at),
        seconds=to_the_millisecond(record.seconds),
        cost_usd=record.cost_usd,
        cost_from=record.cost_from,
        images=tuple(record.images),
        error=record.error or job.skip,
        reused_from=record.reused_from,
    )


def line_as_json(line: ManifestLine) -> dict[str, Json]:
    """Return the object of a manifest line, its keys in the manifest's order."""
    return {
        "job_id": line.job_id,
        "index": line.index,
        "status": line.status.value,
        "prompt_id": line.prompt_id,
        "prompt": line.prompt,
        "model": line.model,
        "action": line.action,
        "request": line.request,
        "dropped": list(line.dropped),
        "axes": line.axes,
        "tags": list(line.tags),
        "meta": line.meta,
        "repeat": line.repeat,
        "also": [_twin_as_json(twin) for twin in line.also],
        "path": line.path,
        "task_id": line.task_id,
        "attempts": line.attempts,
        "submitted_at": None if line.submitted_at is None else iso_from_unix(line.submitted_at),
        "completed_at": None if line.completed_at is None else iso_from_unix(line.completed_at),
        "seconds": line.seconds,
        "cost_usd": line.cost_usd,
        "cost_from": line.cost_from,
        "images": [image.as_json() for image in line.images],
        "error": None if line.error is None else line.error.as_json(),
        "reused_from": None if line.reused_from is None else line.reused_from.as_json(),
    }


def line_from_json(value: Mapping[str, Any]) -> ManifestLine:
    """Return the typed line for an object that ``manifest.schema.json`` describes.

    Raises:
        KeyError, TypeError, ValueError: it is not such an object.
    """
    job_id = str(value["job_id"])
    submitted_at, completed_at = value["submitted_at"], value["completed_at"]
    origin = value.get("reused_from")  # lines of the first versions do not have it
    return ManifestLine(
        job_id=job_id,
        index=int(value["index"]),
        status=JobStatus(value["status"]),
        prompt_id=value["prompt_id"],
        prompt=value["prompt"],
        model=value["model"],
        action=value["action"],
        request=dict(value["request"]),
        dropped=tuple(value["dropped"]),
        axes=dict(value["axes"]),
        tags=tuple(value["tags"]),
        meta=dict(value["meta"]),
        repeat=int(value["repeat"]),
        also=tuple(_twin_from_json(job_id, twin) for twin in value["also"]),
        path=value["path"],
        task_id=value["task_id"],
        attempts=int(value["attempts"]),
        submitted_at=None if submitted_at is None else unix_from_iso(submitted_at),
        completed_at=None if completed_at is None else unix_from_iso(completed_at),
        seconds=value["seconds"],
        cost_usd=value["cost_usd"],
        cost_from=value["cost_from"],
        images=tuple(_image_from_json(image) for image in value["images"]),
        error=None if value["error"] is None else JobError(**value["error"]),
        reused_from=None if origin is None else ReusedFrom(**origin),
    )


def encode_line(line: ManifestLine) -> bytes:
    """Return the line as UTF-8 JSON with its line end; nothing else in it is taken for a line end by anyone."""
    text = json.dumps(line_as_json(line), ensure_ascii=False, allow_nan=False)
    if not text.isascii():
        for end, escape in _LINE_ENDS.items():
            text = text.replace(end, escape)
    # a lone surrogate, which UTF-8 has no bytes for, becomes the escape that JSON has for it
    return text.encode("utf-8", "backslashreplace") + b"\n"


def _plain(value: JsonObject, keep: Callable[[bytes], str] = reference_to) -> JsonObject:
    return cast("JsonObject", without_inline(value, keep))


def _twin_as_json(twin: Duplicate) -> dict[str, Json]:
    return {
        "index": twin.index,
        "prompt_id": twin.prompt_id,
        "axes": twin.axes,
        "tags": list(twin.tags),
    }


def _twin_from_json(job_id: str, value: Mapping[str, Any]) -> Duplicate:
    return Duplicate(
        job_id=job_id,
        index=int(value["index"]),
        prompt_id=value["prompt_id"],
        axes=dict(value["axes"]),
        tags=tuple(value["tags"]),
    )


def _image_from_json(value: Mapping[str, Any]) -> ImageFile:
    return ImageFile(
        path=value["path"],
        sha256=value["sha256"],
        size_bytes=int(value["bytes"]),
        width=int(value["width"]),
        height=int(value["height"]),
        format=value["format"],
        source_url=value["source_url"],
    )
