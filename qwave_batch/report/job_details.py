"""The details of a job, which the page loads when somebody looks at it: the whole request, times, files."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import ImageFile
from qwave_batch.model.signed_links import unsigned_text, without_signatures
from qwave_batch.output.manifest_line import ManifestLine, line_as_json
from qwave_batch.report.original_files import original_path
from qwave_batch.report.score_remarks import ImageRemarks

_KEPT = ("prompt", "axes", "tags", "meta", "task_id", "attempts", "submitted_at", "completed_at", "error")
"""The keys of a manifest line that the page shows and the index does not hold."""


def job_details(
    line: ManifestLine, *, folder: Path | None, out: Path, spec: str | None, said: Sequence[ImageRemarks]
) -> dict[str, Json]:
    """Return the details of a job.

    Signatures that expire are left out of addresses, since a report is handed on.

    Args:
        line: The job's line.
        folder: The run folder; None if it is in a store.
        out: The report's folder.
        spec: The text of a spec that asks for this job alone.
        said: For each image what scorers said of it.
    """
    told = line_as_json(line)
    images: list[Json] = [
        {
            "path": image.path,
            "bytes": image.size_bytes,
            "format": image.format,
            "original": _address_of(image, folder, out),
            **remarks.as_json(),
        }
        for image, remarks in zip(line.images, said, strict=True)
    ]
    seed = line.request.get("seed")
    return {
        "job_id": line.job_id,
        **{key: told[key] for key in _KEPT},
        "meta": without_signatures(told["meta"]),
        "error": _error_of(told["error"]),
        "request": without_signatures(line.request),
        "seed": seed if isinstance(seed, int) else None,
        "images": images,
        "spec": spec,
    }


def _error_of(told: Json) -> Json:
    """Return the error as the manifest tells it; APIs repeat addresses that they were sent."""
    if not isinstance(told, Mapping):
        return None
    return {key: unsigned_text(value) if isinstance(value, str) else value for key, value in told.items()}


def _address_of(image: ImageFile, folder: Path | None, out: Path) -> str:
    """Return the address of an image's file relative to the page: the run's own where the report lies in its folder."""
    if folder is not None and out.is_relative_to(folder):
        return quote(os.path.relpath(folder / image.path, out))
    return original_path(image.sha256)
