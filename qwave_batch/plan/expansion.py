"""Expands a spec into its jobs, lazily and in order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.catalog.violation import Violation
from qwave_batch.errors import UnknownName
from qwave_batch.model.job import Job, JobError, PlanItem, Twin
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.combinations import Combination, Matrix
from qwave_batch.plan.faults import Faults
from qwave_batch.plan.identity import draw, job_id
from qwave_batch.plan.judging import Fits, Misfits, content_fields, judge
from qwave_batch.plan.paths import OutputPath, PathClashes
from qwave_batch.plan.prompts import CompiledPrompt, PromptCase, PromptReader
from qwave_batch.plan.requests import RequestBuilder
from qwave_batch.plan.scope import UNKNOWN
from qwave_batch.spec.document import Sample, Spec, Unsupported
from qwave_batch.spec.templates import TemplateFault, Value

FIRST_FIELDS = ("model", "action", "prompt")


@dataclass(slots=True, kw_only=True)
class Expansion:
    """One pass over all jobs of a spec; what is wrong with them is noted in ``faults``."""

    spec: Spec
    catalog: Catalog
    base: Mapping[str, Value | None]
    """The spec's own ``request``, compiled."""
    prompts: Sequence[CompiledPrompt]
    reader: PromptReader
    matrix: Matrix
    output: OutputPath
    faults: Faults

    _content: frozenset[str] = field(init=False)
    _clashes: PathClashes = field(init=False)

    def __post_init__(self) -> None:
        self._content = content_fields(self.catalog.models)
        self._clashes = PathClashes(self.spec.output_path)

    def items(self) -> Iterator[PlanItem]:
        """Yield each job at its first place, and a twin wherever the same job comes up again."""
        seen: set[int] = set()
        threshold = self._threshold(self.spec.sample) if self.spec.sample else None
        for job in self._entries():
            if threshold is not None and draw(self.spec.sample.seed, job.job_id) > threshold:  # type: ignore[union-attr]
                continue
            number = int(job.job_id, 16)
            if number in seen:
                yield _twin(job)
                continue
            seen.add(number)
            self._claim_path(job)
            yield job

    def _threshold(self, sample: Sample) -> bytes:
        """Return the hash up to which jobs are in the sample: ``count`` of those that can be made are."""
        draws = sorted({draw(sample.seed, job.job_id) for job in self._entries() if not job.skip})
        return draws[sample.count - 1] if len(draws) > sample.count else b"\xff" * 33

    def _entries(self) -> Iterator[Job]:
        """Yield a job for each entry of the full product that can be put together."""
        index = 0
        for prompt in self.prompts:
            builder = RequestBuilder(self.base, prompt, self.matrix.axes)
            for case in self.reader.cases(prompt):
                builder.forget()
                for combination in self.matrix:
                    scope = {**case.scope, **combination.variables(self.matrix.axes)}
                    for repeat in range(self.spec.repeat):
                        job = (
                            self._job(_Cell(case, combination, scope, repeat, index), builder) if case.is_kept else None
                        )
                        index += 1
                        if job:
                            yield job

    def _job(self, cell: "_Cell", builder: RequestBuilder) -> Job | None:
        scope = {**cell.scope, "repeat": cell.repeat}
        try:
            request = builder.build(cell.combination, scope, cell.repeat)
        except TemplateFault as fault:
            self.faults.add(fault.where, fault.message)
            return None
        model = self._model(request, cell, builder)
        if model is None:
            return None
        if any(value is UNKNOWN for value in request.values()):
            self._refuse(cell, builder, _certain(request, model))
            return None
        verdict = judge(request, model, self.spec.unsupported, self._content)
        match verdict:
            case Fits():
                return self._made(cell, scope, model, verdict)
            case Misfits():
                if self.spec.unsupported is Unsupported.ERROR:
                    self._refuse(cell, builder, verdict.violations)
                    return None
                return self._skipped(cell, request, verdict.as_error())

    def _model(self, request: Mapping[str, Json], cell: "_Cell", builder: RequestBuilder) -> Model | None:
        name = request.get("model")
        where = builder.origin("model", cell.combination)
        if name is UNKNOWN:
            return None
        if name is None:
            self.faults.add(where, "no model is named", suggestion="set model under request, or as an axis")
            return None
        if not isinstance(name, str):
            self.faults.add(where, "a model's name is text", value=name)
            return None
        try:
            return self.catalog.model(name)
        except UnknownName as unknown:
            self.faults.add(where, str(unknown), value=name, suggestion=None)
            return None

    def _refuse(self, cell: "_Cell", builder: RequestBuilder, violations: Iterable[Violation]) -> None:
        if self.spec.unsupported is not Unsupported.ERROR:
            return
        for found in violations:
            self.faults.add(
                builder.origin(found.field or "model", cell.combination),
                found.message,
                value=found.value,
                allowed=found.allowed,
                suggestion=found.suggestion,
            )

    def _made(self, cell: "_Cell", scope: Mapping[str, Json], model: Model, verdict: Fits) -> Job | None:
        callback = {name: value for name, value in verdict.request.items() if name in self.catalog.callback_fields}
        request = ordered({name: value for name, value in verdict.request.items() if name not in callback})
        identity = job_id(request, cell.repeat)
        try:
            path = self.output.render(scope, request, identity)
        except TemplateFault as fault:
            self.faults.add(fault.where, fault.message)
            return None
        return Job(
            job_id=identity,
            index=cell.index,
            prompt_id=cell.case.prompt_id,
            prompt=str(request.get("prompt", "")),
            model=model.name,
            action=action_of(request, model),
            request=request,
            callback=callback,
            dropped=verdict.dropped,
            axes=cell.combination.labels(self.matrix.axes),
            tags=cell.case.tags,
            meta=cell.case.meta,
            repeat=cell.repeat,
            path=path,
            max_images=model.max_images(request),
            random=is_random(request, model),
            estimated_nusd=model.estimate_nusd(request),
        )

    def _skipped(self, cell: "_Cell", request: dict[str, Json], error: JobError) -> Job:
        body = ordered({name: value for name, value in request.items() if name not in self.catalog.callback_fields})
        model = self.catalog.model(str(body["model"]))
        return Job(
            job_id=job_id(body, cell.repeat),
            index=cell.index,
            prompt_id=cell.case.prompt_id,
            prompt=str(body.get("prompt", "")),
            model=model.name,
            action=action_of(body, model),
            request=body,
            axes=cell.combination.labels(self.matrix.axes),
            tags=cell.case.tags,
            meta=cell.case.meta,
            repeat=cell.repeat,
            random=is_random(body, model),
            skip=error,
        )

    def _claim_path(self, job: Job) -> None:
        other = self._clashes.claim(job)
        if other is not None:
            self.faults.add(
                ("output", "path"),
                f'jobs {other} and {job.index} would both be written to "{job.path}"',
                value=job.path,
                suggestion="name what tells them apart, or {{ job_id }}",
            )


@dataclass(frozen=True, slots=True)
class _Cell:
    """One entry of the full product."""

    case: PromptCase
    combination: Combination
    scope: Mapping[str, Json]
    repeat: int
    index: int


def _certain(request: Mapping[str, Json], model: Model) -> Iterator[Violation]:
    """Yield the violations of a request that what is unknown in it can't have caused."""
    known = {name: value for name, value in request.items() if value is not UNKNOWN}
    for found in model.violations(model.normalise(known)):
        if found.kind in {"unknown_field", "bad_value"} and request.get(found.field) is not UNKNOWN:
            yield found


def ordered(request: Mapping[str, Json]) -> dict[str, Json]:
    """Return the request with its telling fields first, for those who read it."""
    return {name: request[name] for name in (*FIRST_FIELDS, *request) if name in request}


def action_of(request: Mapping[str, Json], model: Model) -> str:
    """Return the action that the API will take: the one asked for, else the model's default."""
    return str(request.get("action", model.actions[0]))


def is_random(request: Mapping[str, Json], model: Model) -> bool:
    """Whether the same request would give another picture: no seed is sent, or the model takes none."""
    return not model.takes_seed or request.get("seed", -1) == -1


def _twin(job: Job) -> Twin:
    return Twin(
        job_id=job.job_id,
        index=job.index,
        prompt_id=job.prompt_id,
        axes=job.axes,
        tags=job.tags,
        meta=job.meta,
    )
