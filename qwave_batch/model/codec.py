"""Jobs and twins as JSON objects and back, whole: ``job_from_json(job_as_json(job)) == job``."""

from collections.abc import Mapping
from typing import Any, cast

from qwave_batch.model.job import Job, JobError, Twin
from qwave_batch.model.jsontypes import Json


def job_as_json(job: Job) -> dict[str, Json]:
    """Return every field of a job, callback fields too."""
    return {
        "job_id": job.job_id,
        "index": job.index,
        "prompt_id": job.prompt_id,
        "prompt": job.prompt,
        "model": job.model,
        "action": job.action,
        "request": job.request,
        "callback": job.callback,
        "dropped": job.dropped,
        "axes": job.axes,
        "tags": job.tags,
        "meta": job.meta,
        "repeat": job.repeat,
        "path": job.path,
        "max_images": job.max_images,
        "random": job.random,
        "estimated_nusd": job.estimated_nusd,
        "skip": job.skip.as_json() if job.skip else None,
    }


def job_from_json(data: Mapping[str, Any]) -> Job:
    """Return the job that ``job_as_json`` was given."""
    return Job(
        **{
            **data,
            "dropped": tuple(data["dropped"]),
            "tags": tuple(data["tags"]),
            "skip": error_from_json(data["skip"]) if data["skip"] else None,
        }
    )


def twin_as_json(twin: Twin) -> dict[str, Json]:
    """Return every field of a twin."""
    return {
        "job_id": twin.job_id,
        "index": twin.index,
        "prompt_id": twin.prompt_id,
        "axes": twin.axes,
        "tags": twin.tags,
        "meta": twin.meta,
    }


def twin_from_json(data: Mapping[str, Any]) -> Twin:
    """Return the twin that ``twin_as_json`` was given."""
    return Twin(**{**data, "tags": tuple(data["tags"])})


def error_from_json(data: Mapping[str, Any]) -> JobError:
    """Return the error that ``JobError.as_json`` was given."""
    return JobError(**cast("dict[str, Any]", data))
