"""Workloads for tests, in few words."""

from qwave_batch.capacity.known_figure import FigureSource, KnownFigure, assumed, stated
from qwave_batch.capacity.workload import Means, ModelWork, SlotLimit, Workload, found_out


def said(value: float) -> KnownFigure:
    return stated(value, FigureSource.SPEC)


def work(  # noqa: PLR0913
    jobs: int,
    *,
    model: str = "m",
    latency_s: float = 10.0,
    images: int = 1,
    image_bytes: float = 1e6,
    image_cpu_s: float = 0.02,
    calls: float = 1.0,
    per_minute: float | None = None,
    slots: int | None = None,
) -> ModelWork:
    return ModelWork(
        model=model,
        jobs=jobs,
        images=jobs * images,
        latency=assumed(latency_s),
        calls_per_job=said(calls),
        image_bytes=assumed(image_bytes),
        image_cpu=assumed(image_cpu_s),
        calls_per_minute=None if per_minute is None else said(per_minute),
        slots=None if slots is None else SlotLimit(most=said(slots)),
    )


def load(
    *works: ModelWork,
    slots: int | None = 16,
    per_minute: float | None = None,
    mbit_per_s: float | None = None,
    workers: int | None = None,
    processors: int = 2,
    job_cpu_s: float = 0.003,
) -> Workload:
    return Workload(
        models=works,
        means=Means(
            slots=found_out(assumed(128)) if slots is None else SlotLimit(most=said(slots)),
            calls_per_minute=None if per_minute is None else said(per_minute),
            line=None if mbit_per_s is None else said(mbit_per_s),
            workers=workers,
            processors=said(processors),
            job_cpu=assumed(job_cpu_s),
        ),
    )
