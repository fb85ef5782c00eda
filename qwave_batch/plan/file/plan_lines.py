"""A job's line of a plan's file: nothing in it is believed that can be worked out from its request."""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.independence import independent_fields
from qwave_batch.catalog.model import Model
from qwave_batch.errors import UnknownName
from qwave_batch.model.job import Duplicate, Job, JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.portable_paths import path_fault, safe_path
from qwave_batch.plan.expand.entries import is_random
from qwave_batch.plan.expand.request_identity import job_id

SKIPPED = "skipped"
_HELD_VERDICTS = 65_536
_PLAIN_COMPONENT = r"[A-Za-z0-9_-]{5,100}(?:\.[A-Za-z0-9_-]{1,40})?"
_PLAIN_PATH = re.compile(rf"{_PLAIN_COMPONENT}(?:/{_PLAIN_COMPONENT}){{0,20}}", re.ASCII)
"""Nearly every path; each component is one that ``safe_path`` leaves as it is."""


class LineFault(ValueError):
    """Why a line is not one that this program writes; it continues ``file:line: ``."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type that a value may have."""

    name: str
    has: Callable[[Any], bool]
    exact: type | None = None
    """A type all of whose values are of this kind: nearly every value is told by it, and sooner."""


_TEXT = _Kind("a text", lambda value: isinstance(value, str), str)
_MAPPING = _Kind("a mapping", lambda value: isinstance(value, dict), dict)
_WHOLE = _Kind("a whole number from 0 on", lambda value: type(value) is int and value >= 0)
_AMOUNT = _Kind(
    "a number from 0 on",
    lambda value: type(value) in {int, float} and math.isfinite(value) and value >= 0,
)
_TEXTS = _Kind(
    "a list of texts", lambda value: isinstance(value, list) and all(isinstance(text, str) for text in value)
)
_MAPPINGS = _Kind(
    "a list of mappings", lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value)
)
_TRUTH = _Kind("true or false", lambda value: isinstance(value, bool))
_MAYBE_TEXT = _Kind("a text or null", lambda value: value is None or isinstance(value, str))
_MAYBE_WHOLE = _Kind("a whole number or null", lambda value: value is None or _WHOLE.has(value))

_JOB: Mapping[str, _Kind] = {
    "job_id": _TEXT,
    "index": _WHOLE,
    "prompt_id": _TEXT,
    "prompt": _TEXT,
    "model": _TEXT,
    "action": _TEXT,
    "request": _MAPPING,
    "dropped": _TEXTS,
    "axes": _MAPPING,
    "tags": _TEXTS,
    "meta": _MAPPING,
    "repeat": _WHOLE,
    "also": _MAPPINGS,
    "path": _TEXT,
    "estimated_usd": _AMOUNT,
}
_TWIN: Mapping[str, _Kind] = {"index": _WHOLE, "prompt_id": _TEXT, "axes": _MAPPING, "tags": _TEXTS}
_ERROR: Mapping[str, _Kind] = {
    "code": _TEXT,
    "message": _TEXT,
    "http_status": _MAYBE_WHOLE,
    "retryable": _TRUTH,
    "field": _MAYBE_TEXT,
}


@dataclass(slots=True)
class LineReader:
    """Reads the jobs of a plan's lines, with what was worked out for requests that differ in text and seed only."""

    catalog: Catalog
    _verdicts: dict[Any, "_Verdict"] = field(default_factory=dict)

    def job(self, line: Mapping[str, Any]) -> Job:
        """Return the job of a line.

        Raises:
            LineFault: The line is not one that ``planfile`` writes for such a request with this catalog.
        """
        _check_kinds(line, _JOB)
        model = _model(line["model"], self.catalog)
        skip = _skip(line)
        request: dict[str, Any] = line["request"]
        callback = line.get("callback", {})
        if not isinstance(callback, dict):
            raise LineFault("callback: expected a mapping")
        _check_identity(line, request, model)
        if skip is None:
            verdict = self._verdict(request, callback, model)
        elif callback:
            raise LineFault("callback: a job that is left out has none")
        else:
            verdict = _LEFT_OUT
        _check_path(line["path"], is_skipped=skip is not None)
        _check_estimate(line["estimated_usd"], verdict.estimated_nusd)
        return Job(
            job_id=line["job_id"],
            index=line["index"],
            prompt_id=line["prompt_id"],
            prompt=line["prompt"],
            model=model.name,
            action=line["action"],
            request=request,
            callback=callback,
            dropped=tuple(line["dropped"]),
            axes=line["axes"],
            tags=tuple(line["tags"]),
            meta=line["meta"],
            repeat=line["repeat"],
            path=line["path"],
            max_images=verdict.max_images,
            random=is_random(request, model),
            estimated_nusd=verdict.estimated_nusd,
            skip=skip,
        )

    def _verdict(self, request: Mapping[str, Json], callback: Mapping[str, Json], model: Model) -> "_Verdict":
        """Return what the catalog says of a request; one that differs from an earlier one by nothing that it reads.

        Raises:
            LineFault: A spec with this catalog would not have come to the request.
        """
        if callback:
            return _judged(request, callback, model, self.catalog)
        free = independent_fields(model)
        rest: list[Json] = [model.name]
        for name, value in request.items():
            accepts = free.get(name)
            rest += (name, None) if accepts and accepts(value) else (name, type(value).__name__, value)
        try:
            found = self._verdicts.get(tuple(rest))
        except TypeError:  # of a value that is a list or a mapping
            return _judged(request, callback, model, self.catalog)
        if found is None:
            if len(self._verdicts) >= _HELD_VERDICTS:
                self._verdicts.clear()
            found = self._verdicts[tuple(rest)] = _judged(request, callback, model, self.catalog)
        return found


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What the catalog says of a request that it takes."""

    max_images: int
    estimated_nusd: int


_LEFT_OUT = _Verdict(max_images=1, estimated_nusd=0)


def read_twins(line: Mapping[str, Any]) -> Iterator[Duplicate]:
    """Yield the other entries of the plan that came out as the job of a line.

    Raises:
        LineFault: One of them is not what this program writes.
    """
    for number, twin in enumerate(line["also"]):
        _check_kinds(twin, _TWIN, f"also[{number}].")
        yield Duplicate(
            job_id=line["job_id"],
            index=twin["index"],
            prompt_id=twin["prompt_id"],
            axes=twin["axes"],
            tags=tuple(twin["tags"]),
        )


def _check_kinds(line: Mapping[str, Any], kinds: Mapping[str, _Kind], prefix: str = "") -> None:
    for name, kind in kinds.items():
        if name not in line:
            raise LineFault(f"this line of the plan lacks {prefix}{name}")
        value = line[name]
        if type(value) is not kind.exact and not kind.has(value):
            raise LineFault(f"{prefix}{name}: expected {kind.name}")


def _model(name: str, catalog: Catalog) -> Model:
    try:
        return catalog.model(name)
    except UnknownName as unknown:
        raise LineFault(str(unknown)) from unknown


def _skip(line: Mapping[str, Any]) -> JobError | None:
    if "status" not in line and "error" not in line:
        return None
    if line.get("status") != SKIPPED:
        raise LineFault(f'status: expected "{SKIPPED}", or no status and no error')
    error = line.get("error")
    if not isinstance(error, dict):
        raise LineFault("error: expected a mapping that says why the job is left out")
    _check_kinds(error, _ERROR, "error.")
    return JobError(**{name: error[name] for name in _ERROR})


def _check_identity(line: Mapping[str, Any], request: Mapping[str, Json], model: Model) -> None:
    """Raise when a field is not the one that the request has, so that people read what is sent."""
    if job_id(dict(request), line["repeat"]) != line["job_id"]:
        raise LineFault(f"the request is not the one that {line['job_id'][:64]} names; was it edited?")
    said = {
        "action": str(request.get("action", model.actions[0])),
        "prompt": str(request.get("prompt", "")),
    }
    for name, value in said.items():
        if line[name] != value:
            raise LineFault(f"{name}: it is not the {name} of the request")


def _judged(request: Mapping[str, Json], callback: Mapping[str, Json], model: Model, catalog: Catalog) -> _Verdict:
    for name in request:
        if name in catalog.callback_fields:
            raise LineFault(f"request.{name}: it stands under callback")
    for name in callback:
        if name not in catalog.callback_fields:
            raise LineFault(f"callback.{name[:64]}: it is not a field of callbacks")
    if request.get("model") != model.name:
        raise LineFault("model: it is not the model of the request")
    whole = {**request, **callback}
    violation = next(iter(model.violations(whole)), None)
    if violation is not None:
        raise LineFault(f"request.{violation.field}: {violation.message}" if violation.field else violation.message)
    if model.normalise(whole) != whole:
        raise LineFault(f"the request is not in the spelling of {model.name}")
    return _Verdict(max_images=model.max_images(whole), estimated_nusd=model.estimate_nusd(whole))


def _check_path(path: str, *, is_skipped: bool) -> None:
    if is_skipped and not path:
        return
    if _PLAIN_PATH.fullmatch(path):
        return
    fault = path_fault(f"images/{path}")
    if fault is not None:
        raise LineFault(f"path: {fault}, so it may lead out of the images of the run folder")
    if safe_path(*path.split("/")) != path:  # letters that are newer than this Python's Unicode come out as hyphens
        raise LineFault("path: it is not one that output.path comes to: letters, digits, . _ - and / only")


def _check_estimate(said_usd: float, estimated_nusd: int) -> None:
    by_catalog = usd_from_nusd(estimated_nusd)
    if said_usd != by_catalog and nusd_from_usd(said_usd) != estimated_nusd:
        raise LineFault(f"estimated_usd: it says {said_usd}, and by the catalog the request costs {by_catalog}")
