"""A job's line of a plan file: all values that follow from its request are recomputed, not trusted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.independent_fields import independent_fields
from qwave_batch.catalog.model import Model
from qwave_batch.errors import UnknownName
from qwave_batch.model.codec import LEFT_OUT, Codec, DecodeError, Key, MissingKey
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.input_references import references_in
from qwave_batch.model.job import Duplicate, Job, JobError, request_body
from qwave_batch.model.job_identity import job_id
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.portable_paths import is_plain_path, path_fault, safe_path
from qwave_batch.model.signed_links import without_signatures
from qwave_batch.plan.expand.jobs import is_random
from qwave_batch.plan.expand.parent_jobs import ParentJob
from qwave_batch.plan.expand.request_images import for_judging
from qwave_batch.plan.file.earlier_jobs import EarlierJobs, LineFault
from qwave_batch.plan.input_images import InputImage

_HELD_VERDICTS = 65_536


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for each line read, and that would take 8 % longer
class PlannedLine:
    """A job's line as it is written: the manifest's plan fields and its estimate, or why it is skipped."""

    job_id: str
    index: int
    prompt_id: str
    prompt: str
    model: str
    action: str
    request: JsonObject
    dropped: tuple[str, ...]
    axes: JsonObject
    tags: tuple[str, ...]
    meta: JsonObject
    repeat: int
    also: tuple[Duplicate, ...]
    """Other entries of the plan that resolved to this job."""
    path: str
    estimated_usd: float
    callback: JsonObject = field(default_factory=dict)
    status: Literal["skipped"] | None = None
    error: JobError | None = None
    overlay: str = ""
    stage: str = ""
    parents: tuple[ParentLink, ...] = ()

    @property
    def duplicates(self) -> Iterator[Duplicate]:
        """The other entries, each with the job's id, which the line has once."""
        return (replace(duplicate, job_id=self.job_id) for duplicate in self.also)


_LEFT_OUT_OF_JOBS = (
    "callback", "path", "max_images", "random", "estimated_nusd", "typical_nusd", "least_nusd", "skip",
    "overlay", "stage",
)  # fmt: skip

_LINES = Codec(
    {
        # omitted ones follow the other entries, in an order of their own
        Job: {**dict.fromkeys(_LEFT_OUT_OF_JOBS, LEFT_OUT), "parents": Key(is_default_written=False)},
        Duplicate: {"job_id": Key(is_written=False, absent=""), "meta": LEFT_OUT},
    }
)


def line_of(job: Job, also: Sequence[Duplicate] = ()) -> dict[str, Json]:
    """Return the object of a job's line, the inverse of ``read_line``."""
    line = _LINES.encode(job)
    line["also"] = [_LINES.encode(duplicate) for duplicate in also]
    line["path"] = job.path
    line["estimated_usd"] = usd_from_nusd(job.estimated_nusd)
    if job.overlay:
        line["overlay"] = job.overlay
    if job.stage:
        line["stage"] = job.stage
    if job.callback:
        line["callback"] = job.callback
    if job.skip:
        line |= {"status": "skipped", "error": _LINES.encode(job.skip)}
    return line


def links_as_json(links: Sequence[ParentLink]) -> list[Json]:
    """Return ``parents`` of a line."""
    return [_LINES.encode(link) for link in links]


def read_line(value: JsonObject) -> PlannedLine:
    """Return the line that an object represents.

    Raises:
        LineFault: This program does not write such a line.
    """
    try:
        line = _LINES.decode(value, PlannedLine)
    except MissingKey as missing:
        raise LineFault(f"this line of the plan lacks {missing.path}") from None
    except DecodeError as error:
        raise LineFault(str(error)) from None
    is_left_out = line.status is not None and line.error is not None
    if is_left_out is not ("status" in value or "error" in value):
        raise LineFault("a job that is left out has a status and an error, and any other has neither")
    return line


@dataclass(slots=True)
class LineReader:
    """Reads the jobs of a plan's lines, and caches verdicts for requests that differ only in text and seed."""

    catalog: Catalog
    inputs: Mapping[str, InputImage] = field(default_factory=dict)
    """The images that stand in requests as references."""
    stages: Sequence[PlannedStage] = ()
    """Those of the plan."""
    _earlier: EarlierJobs = field(init=False)
    _verdicts: dict[Any, "_Verdict"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._earlier = EarlierJobs(self.catalog, self.stages)

    def job(self, line: PlannedLine) -> Job:
        """Return the job of a line.

        Raises:
            LineFault: ``plan_lines`` does not write such a line for this request and catalog.
        """
        model = _model(line.model, self.catalog)
        _check_identity(line, model)
        self._earlier.check_stage(line.stage, line.parents)
        parent = self._earlier.parent_of(line.request, line.parents, is_skipped=line.error is not None)
        if line.error is None:
            verdict = self._verdict(line.request, line.callback, model, parent)
        elif line.callback:
            raise LineFault("callback: a job that is left out has none")
        else:
            verdict = _LEFT_OUT
        _check_path(line.path, is_skipped=line.error is not None)
        _check_estimate(line.estimated_usd, verdict.estimate.most_nusd)
        if line.overlay != model.overlay:
            raise LineFault("overlay: it is not the overlay that the model of the request has")
        job = Job(
            job_id=line.job_id,
            index=line.index,
            prompt_id=line.prompt_id,
            prompt=line.prompt,
            model=model.name,
            action=line.action,
            request=line.request,
            callback=line.callback,
            dropped=line.dropped,
            axes=line.axes,
            tags=line.tags,
            meta=line.meta,
            repeat=line.repeat,
            path=line.path,
            max_images=verdict.max_images,
            random=is_random(line.request, model) or (parent is not None and parent.job.random),
            estimated_nusd=verdict.estimate.most_nusd,
            typical_nusd=None if verdict.estimate.is_exact else verdict.estimate.typical_nusd,
            least_nusd=None if verdict.estimate.is_exact else verdict.estimate.least_nusd,
            skip=line.error,
            overlay=model.overlay,
            stage=line.stage,
            parents=line.parents,
        )
        self._earlier.add(job)
        return job

    def _verdict(
        self, request: Mapping[str, Json], callback: Mapping[str, Json], model: Model, parent: ParentJob | None
    ) -> "_Verdict":
        """Return the catalog's verdict on a request, cached for requests that differ in nothing that it reads.

        Raises:
            LineFault: A spec with this catalog would not result in this request.
        """
        if callback or parent is not None:
            return self._judged(request, callback, model, parent)
        free = independent_fields(model)
        rest: list[Json] = [model.name]
        for name, value in request.items():
            accepts = free.get(name)
            rest += (name, None) if accepts and accepts(value) else (name, type(value).__name__, value)
        try:
            found = self._verdicts.get(tuple(rest))
        except TypeError:  # from a value that is a list or a mapping
            return self._judged(request, callback, model)
        if found is None:
            if len(self._verdicts) >= _HELD_VERDICTS:
                self._verdicts.clear()
            found = self._verdicts[tuple(rest)] = self._judged(request, callback, model)
        if model.price.sized_fields.isdisjoint(request):
            return found
        return replace(found, estimate=model.estimate(request))

    def _judged(
        self,
        request: Mapping[str, Json],
        callback: Mapping[str, Json],
        model: Model,
        parent: ParentJob | None = None,
    ) -> "_Verdict":
        catalog = self.catalog
        _check_callback(request, callback, catalog)
        if request.get("model") != model.name:
            raise LineFault("model: it is not the model of the request")
        for reference in references_in(request, catalog.image_fields):
            if reference not in self.inputs:
                raise LineFault(f"request: the header of the plan does not describe the image {reference}")
        whole, stand_ins = self._earlier.stood_in(request_body(request, callback), model, parent)
        asked = for_judging(whole, catalog.image_fields, self.inputs)
        by_parents = () if stand_ins is None else stand_ins.refused
        violation = next(iter((*by_parents, *model.violations(asked))), None)
        if violation is not None:
            raise LineFault(f"request.{violation.field}: {violation.message}" if violation.field else violation.message)
        if model.normalise(whole) != whole:
            raise LineFault(f"the request is not in the spelling of {model.name}")
        return _Verdict(max_images=model.max_images(whole), estimate=model.estimate(whole))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The catalog's verdict on a request that it accepts."""

    max_images: int
    estimate: CostRange


_LEFT_OUT = _Verdict(max_images=1, estimate=NOTHING)


def _model(name: str, catalog: Catalog) -> Model:
    try:
        return catalog.model(name)
    except UnknownName as unknown:
        raise LineFault(str(unknown)) from unknown


def _check_identity(line: PlannedLine, model: Model) -> None:
    """Raise if a field differs from the request, so that people read the values that are sent."""
    request = line.request
    if job_id(dict(request), line.repeat) != line.job_id:
        raise LineFault(f"the request is not the one that {line.job_id[:64]} names; was it edited?")
    if line.action != str(request.get("action", model.actions[0])):
        raise LineFault("action: it is not the action of the request")
    if line.prompt != str(request.get("prompt", "")):
        raise LineFault("prompt: it is not the prompt of the request")


def _check_callback(request: Mapping[str, Json], callback: Mapping[str, Json], catalog: Catalog) -> None:
    """Raise for a field on the wrong side; a field for images is on both where its signatures do not count."""
    for name in request:
        if name in catalog.callback_fields:
            raise LineFault(f"request.{name}: it stands under callback")
    for name, value in callback.items():
        if name in catalog.image_fields and name in request:
            if without_signatures(value) != request[name]:
                raise LineFault(f"callback.{name[:64]}: it is not what the request has, with signatures")
        elif name not in catalog.callback_fields:
            raise LineFault(f"callback.{name[:64]}: it is not a field of callbacks")


def _check_path(path: str, *, is_skipped: bool) -> None:
    if is_skipped and not path:
        return
    if is_plain_path(path):
        return
    fault = path_fault(f"images/{path}")
    if fault is not None:
        raise LineFault(f"path: {fault}, so it may lead out of the images of the run folder")
    if safe_path(*path.split("/")) != path:  # letters newer than this Python's Unicode become hyphens
        raise LineFault("path: it is not one that output.path comes to: letters, digits, . _ - and / only")


def _check_estimate(said_usd: float, estimated_nusd: int) -> None:
    by_catalog = usd_from_nusd(estimated_nusd)
    if said_usd != by_catalog and nusd_from_usd(said_usd) != estimated_nusd:
        raise LineFault(f"estimated_usd: it says {said_usd}, and by the catalog the request costs {by_catalog}")
