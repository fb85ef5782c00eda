"""Jobs and twins as JSON objects and back, whole: ``job_from_json(job_as_json(job)) == job``.

An object of another form, as in a file that somebody else has written, is a ValueError.
"""

from collections.abc import Mapping
from typing import Any

from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import MAX_NUSD

_OBJECT, _LIST, _ERROR = (dict, Mapping), (list, tuple), (type(None), dict, Mapping)
_JOB_FORM: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("job_id", "prompt_id", "prompt", "model", "action", "path"), (str,)),
    **dict.fromkeys(("index", "repeat", "max_images", "estimated_nusd"), (int,)),
    **dict.fromkeys(("request", "callback", "axes", "meta"), _OBJECT),
    **dict.fromkeys(("dropped", "tags"), _LIST),
    "random": (bool,),
    "skip": _ERROR,
}
_TWIN_FORM: Mapping[str, tuple[type, ...]] = {
    name: _JOB_FORM[name] for name in ("job_id", "index", "prompt_id", "axes", "tags", "meta")
}
_ERROR_FORM: Mapping[str, tuple[type, ...]] = {
    "code": (str,),
    "message": (str,),
    "http_status": (int, type(None)),
    "retryable": (bool,),
    "field": (str, type(None)),
}


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
    """Return the job that ``job_as_json`` was given; raises ValueError for what it has not given."""
    _check_form(data, _JOB_FORM)
    if not (0 <= data["estimated_nusd"] <= MAX_NUSD and data["max_images"] >= 0 and data["index"] >= 0):
        raise ValueError("a number is out of its range")
    return Job(
        **{
            **data,
            "dropped": tuple(data["dropped"]),
            "tags": tuple(data["tags"]),
            "skip": error_from_json(data["skip"]) if data["skip"] else None,
        }
    )


def twin_as_json(twin: Duplicate) -> dict[str, Json]:
    """Return every field of a twin."""
    return {
        "job_id": twin.job_id,
        "index": twin.index,
        "prompt_id": twin.prompt_id,
        "axes": twin.axes,
        "tags": twin.tags,
        "meta": twin.meta,
    }


def twin_from_json(data: Mapping[str, Any]) -> Duplicate:
    """Return the twin that ``twin_as_json`` was given; raises ValueError for what it has not given."""
    _check_form(data, _TWIN_FORM)
    return Duplicate(**{**data, "tags": tuple(data["tags"])})


def error_from_json(data: Mapping[str, Any]) -> JobError:
    """Return the error that ``JobError.as_json`` was given; raises ValueError for what it has not given."""
    _check_form(data, _ERROR_FORM)
    return JobError(**data)


def _check_form(data: object, form: Mapping[str, tuple[type, ...]]) -> None:
    if not isinstance(data, _OBJECT) or data.keys() != form.keys():
        raise ValueError("it is not an object with the keys that belong in it")
    for name, kinds in form.items():
        value = data[name]
        if not isinstance(value, kinds) or (value is True or value is False) is not (kinds == (bool,)):
            raise ValueError(f"its {name} is of the wrong type")
    if not all(isinstance(each, str) for name in ("tags", "dropped") if name in form for each in data[name]):
        raise ValueError("its tags are not all texts")
