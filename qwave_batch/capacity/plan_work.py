"""Makes a workload of counted jobs, the terms of their spec, and figures: given, measured or assumed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.capacity.folder_measures import FolderMeasures, SeenModel
from qwave_batch.capacity.known_figure import FigureSource, KnownFigure, assumed, measured, stated
from qwave_batch.capacity.workload import MOST_SLOTS, Means, ModelWork, SlotLimit, Workload, found_out
from qwave_batch.model.terms import Completion, ModelLimits, Terms

TASK_S = 12.0
"""How long a task takes as a rule; the API's documents say 1 to 30 seconds."""
JOB_CPU_S = 0.003
"""Of the coordinator, its loop and the thread of the ledger: between the ways to learn of ends in docs/engine.md."""
PIXELS = 1024 * 1024
"""Of an image whose request names no size."""
_HELD_S = 60.0
"""For how long the API holds the answer to a submit."""
_IMAGE_CPU_S = 0.0014
"""Of the smallest image: the sync of its file, and its way through the threads."""
_BY_FORMAT = {"png": (1.8, 13e-9), "jpeg": (0.26, 3e-9), "jpg": (0.26, 3e-9), "webp": (0.22, 15e-9)}
"""Bytes and seconds of a processor for a pixel, of pictures with some grain; docs/scale.md says how they were found."""
_OTHER_FORMAT = _BY_FORMAT["png"]


@dataclass(slots=True)
class JobCount:
    """Jobs of one model, counted one by one."""

    jobs: int = 0
    images: int = 0
    _weight: float = 0.0
    _bytes: float = 0.0
    _cpu_s: float = 0.0

    def add(self, images: int) -> None:
        """Count a job."""
        self.jobs += 1
        self.images += images

    def add_size(self, pixels: float, file_format: str | None, *, weight: float = 1.0) -> None:
        """Take in the size of a job's images, which stands for so many others too."""
        bytes_per_pixel, s_per_pixel = _BY_FORMAT.get((file_format or "").lower(), _OTHER_FORMAT)
        self._weight += weight
        self._bytes += weight * pixels * bytes_per_pixel
        self._cpu_s += weight * (_IMAGE_CPU_S + pixels * s_per_pixel)

    @property
    def image_bytes(self) -> KnownFigure:
        """The bytes of an image, as assumed by size and format of the requests."""
        return assumed(self._bytes / self._weight, FigureSource.REQUEST) if self._weight else _usual().image_bytes

    @property
    def image_cpu(self) -> KnownFigure:
        """The seconds of a processor for an image, likewise."""
        return assumed(self._cpu_s / self._weight, FigureSource.REQUEST) if self._weight else _usual().image_cpu


def _usual() -> JobCount:
    count = JobCount()
    count.add_size(PIXELS, None)
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityAsk:
    """The figures that are given with the question."""

    latency_s: Mapping[str, float] = field(default_factory=dict)
    """By model; under the empty name for all others."""
    mbit_per_s: float | None = None
    workers: int | None = None
    processors: int | None = None
    """Of this machine; None leaves out everything but limits and latency."""


def workload_of(
    counts: Mapping[str, JobCount],
    terms: Terms,
    *,
    keeps_keys: bool,
    measures: FolderMeasures | None = None,
    ask: CapacityAsk | None = None,
) -> Workload:
    """Return the workload of a plan.

    Args:
        counts: The jobs that are left, by model.
        terms: The terms of the spec.
        keeps_keys: Whether the API keeps idempotency keys, so that submits may be held until their tasks end.
        measures: The measures of the run folder.
        ask: The figures that are given; they go before measured ones.
    """
    seen, given = measures or FolderMeasures(), ask or CapacityAsk()
    limits = terms.limits
    return Workload(
        models=[
            _work_of(model, count, _Known(terms=terms, keeps_keys=keeps_keys, measures=seen, given=given))
            for model, count in counts.items()
        ],
        means=Means(
            slots=_account_slots(terms, seen),
            calls_per_minute=_rate(limits.requests_per_minute, seen.most_per_minute, is_met=seen.is_account_throttled),
            line=None if given.mbit_per_s is None else stated(given.mbit_per_s, FigureSource.OPTION),
            workers=given.workers,
            processors=None if given.processors is None else measured(given.processors, 1, FigureSource.MACHINE),
            job_cpu=None if given.processors is None else assumed(JOB_CPU_S),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """All that is known beside the jobs."""

    terms: Terms
    keeps_keys: bool
    measures: FolderMeasures
    given: CapacityAsk


def _work_of(model: str, count: JobCount, known: _Known) -> ModelWork:
    seen, limits = known.measures.of(model), known.terms.limits.models.get(model, ModelLimits())
    latency = _latency(model, seen, known.given)
    is_its_own = bool(seen.throttled) and not known.measures.is_account_throttled
    return ModelWork(
        model=model,
        jobs=count.jobs,
        images=count.images,
        latency=latency,
        calls_per_job=_calls_per_job(known, latency.value),
        image_bytes=seen.image_bytes or count.image_bytes,
        image_cpu=seen.image_cpu or count.image_cpu,
        calls_per_minute=_rate(limits.requests_per_minute, seen.most_per_minute, is_met=is_its_own),
        slots=_model_slots(limits.concurrency, seen, is_met=is_its_own),
    )


def _latency(model: str, seen: SeenModel, given: CapacityAsk) -> KnownFigure:
    said_s = given.latency_s.get(model, given.latency_s.get(""))
    if said_s is not None:
        return stated(said_s, FigureSource.OPTION)
    return seen.latency or assumed(TASK_S)


def _calls_per_job(known: _Known, latency_s: float) -> KnownFigure:
    """Return the requests of a job that count: its submit, and its polls if the spec says that they count."""
    terms, polls = known.terms, known.measures.polls_per_job
    if not terms.limits.count_polls:
        return stated(1.0, FigureSource.SPEC)
    if polls is not None:
        return measured(1.0 + polls.value, polls.samples)
    is_held = terms.completion is Completion.WAIT or (terms.completion is Completion.AUTO and known.keeps_keys)
    return assumed(1.0 if is_held and latency_s <= _HELD_S else 2.0)  # a run that is short of calls polls a task once


def _rate(said: int | None, reached: KnownFigure | None, *, is_met: bool) -> KnownFigure | None:
    """Return the requests a minute: as stated, else as many as came through where 429s showed that to be all."""
    if said is not None:
        return stated(said, FigureSource.SPEC)
    return reached if is_met and _is_sure(reached) else None


def _account_slots(terms: Terms, measures: FolderMeasures) -> SlotLimit:
    said = terms.limits.concurrency
    if said is not None:
        return SlotLimit(most=stated(said, FigureSource.SPEC))
    reached = measures.most_alive
    if measures.is_account_throttled and reached is not None and _is_sure(reached):
        return found_out(reached)
    return found_out(assumed(MOST_SLOTS))


def _model_slots(said: int | None, seen: SeenModel, *, is_met: bool) -> SlotLimit | None:
    if said is not None:
        return SlotLimit(most=stated(said, FigureSource.SPEC))
    return found_out(seen.most_alive) if is_met and seen.most_alive and _is_sure(seen.most_alive) else None


def _is_sure(reached: KnownFigure | None) -> bool:
    """Whether the most was come to with tasks to spare: a short run shows no limit."""
    return reached is not None and reached.samples >= 2 * reached.value
