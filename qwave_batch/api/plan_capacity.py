"""The bounds of a run of a plan: its jobs are counted, its folder is measured, and capacity/ computes the rest."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from qwave_batch.api.folder_jobs import FolderJobs
from qwave_batch.api.plan_forecast import plan_workload
from qwave_batch.api.run_place import RUNS
from qwave_batch.capacity.capacity import Capacity
from qwave_batch.capacity.folder_measures import FolderMeasures, FolderTally, SeenTask
from qwave_batch.capacity.plan_work import PIXELS, CapacityAsk, JobCount
from qwave_batch.capacity.workload import MoneyLeft
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.imaging.image_inspection import BadImage, inspect_file
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.job import Job
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.output.folder_reader import FolderReader, LineFilter, open_folder
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.plan.comparison import Standing
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.quality.expected_size import expected_size

MOST_LINES = 100_000
"""Lines of a folder that are read: a mean does not get better by a million."""
_THREADS = 8
"""As many threads as a run checks its images in at most."""
_CHECKED = 8
"""Images of a folder that are checked, to learn what that takes here."""
_CHECKING_S = 0.5
_SIZES = 1_000
"""So many first jobs of a model are looked at for the size of their images, and of the others one in some."""
_STRIDE = 97
_DONE = LineFilter(statuses=frozenset({JobStatus.COMPLETED}))


def plan_capacity(
    plan: AnyPlan,
    *,
    folder: str | Path | None = None,
    latency_s: float | Mapping[str, float] | None = None,
    mbit_per_s: float | None = None,
    workers: int | None = None,
) -> Capacity:
    """Return what bounds a run of a plan, about how long it takes, and how many workers are worth having.

    Nothing is sent. If the run folder is there, jobs that it holds are not counted, and its latencies and sizes are
    taken; some of its images are checked, for half a second at most, to learn what that takes on this machine.

    Args:
        plan: The plan.
        folder: The run folder; None for the one that it would be run in.
        latency_s: How long a task takes on average, for all models or by model; None for what was measured, else 12.
        mbit_per_s: Megabits a second of the lines of all machines that download; None leaves the line out.
        workers: Workers with a processor each that do the image work; None for the processors of this machine.
    """
    place = Path(folder) if folder is not None else plan.output_folder or RUNS / plan.name
    there = is_run_folder(place)
    measures = _measured(place) if there else FolderMeasures()
    known = FolderJobs.of(place, plan.catalog_used) if there else None
    at_rest = (
        frozenset(job.number for job in known.jobs() if job.standing is not Standing.PLANNED) if known else frozenset()
    )
    counts, wanted_nusd, stages = _counted(plan, at_rest)
    ask = CapacityAsk(
        latency_s={"": latency_s} if isinstance(latency_s, int | float) else latency_s or {},
        mbit_per_s=mbit_per_s,
        workers=workers,
        processors=min(_THREADS, os.cpu_count() or 1),
    )
    return Capacity(
        load=plan_workload(plan, counts, measures, ask, stages=stages),
        measures=measures,
        money=_money(plan, known, wanted_nusd),
        planned_jobs=plan.figures.jobs,
    )


def _counted(plan: AnyPlan, at_rest: frozenset[int]) -> tuple[dict[str, JobCount], int, frozenset[str]]:
    """Return the jobs that are left, by model, the most that they cost, and the stages that they belong to."""
    counts, wanted_nusd = {model: JobCount() for model in plan.figures.by_model}, 0
    stages = set[str]()
    for entry in plan.outlines():
        if not entry.is_made or entry.number in at_rest:
            continue
        count = counts[entry.model]
        is_first = count.jobs < _SIZES
        if is_first or count.jobs % _STRIDE == 0:
            _add_size(count, plan, entry.job(), weight=1 if is_first else _STRIDE)
        count.add(entry.images)
        wanted_nusd += entry.nusd
        stages.add(entry.stage)
    return counts, wanted_nusd, frozenset(stages)


def _add_size(count: JobCount, plan: AnyPlan, job: Job, *, weight: float) -> None:
    side = expected_size(job.request).side
    count.add_size(PIXELS if side is None else side * side, plan.catalog_used.job_image_format(job), weight=weight)


def _money(plan: AnyPlan, known: FolderJobs | None, wanted_nusd: int) -> MoneyLeft | None:
    """Return how the money stands to what is left; None without a budget."""
    if plan.terms.max_usd is None:
        return None
    spent, held = known.money() if known else (0, 0)
    whole = plan.figures.estimate
    typical = wanted_nusd * whole.typical_nusd // whole.most_nusd if whole.most_nusd else 0
    left = max(0, nusd_from_usd(plan.terms.max_usd) - spent - held)
    return MoneyLeft(left_nusd=left, wanted_nusd=wanted_nusd, typical_nusd=typical)


def _measured(folder: Path) -> FolderMeasures:
    """Return what a run folder shows."""
    tally = FolderTally()
    with open_folder(folder) as reader:
        header = reader.header()
        samples: dict[str, list[ImageFile]] = {}
        for line in islice(reader.lines(_DONE), MOST_LINES):
            _take(tally, line, samples)
        for model, cpu_s in _checks(reader, samples):
            tally.take_check(model, cpu_s)
    summary = header.summary or {}
    requests, limits = _object(summary, "requests"), _object(summary, "limits")
    submits, polls = _number(requests, "submit"), _number(requests, "poll")
    return tally.measures(
        folder=str(folder),
        is_simulated=header.backend == SIMULATOR,
        throttled={model: int(_number({"": each}, "")) for model, each in _object(limits, "throttled_submits").items()},
        polls_per_job=polls / submits if submits else None,
        waited_s={kind: _number({"": each}, "") for kind, each in _object(limits, "waited_seconds").items()},
    )


def _take(tally: FolderTally, line: ManifestLine, samples: dict[str, list[ImageFile]]) -> None:
    if line.reused_from is not None:
        return
    if line.submitted_at is not None and line.seconds is not None:
        tally.take(SeenTask(model=line.model, submitted_at=line.submitted_at, seconds=line.seconds))
    for image in line.images:
        tally.take_image(line.model, image.size_bytes)
        of_model = samples.setdefault(line.model, [])
        if len(of_model) < _CHECKED:
            of_model.append(image)


def _checks(reader: FolderReader, samples: Mapping[str, list[ImageFile]]) -> Iterator[tuple[str, float]]:
    """Yield what the check of some images takes on this machine: those of a store would have to be downloaded."""
    if reader.layout.artifacts.is_remote:
        return
    for images in samples.values():
        _check_s(reader, images[0])  # the first of a format also loads what it needs
    ends_at = time.thread_time() + _CHECKING_S
    for turn in range(_CHECKED):
        for model, images in samples.items():
            if turn < len(images) and time.thread_time() < ends_at:
                took_s = _check_s(reader, images[turn])
                if took_s is not None:
                    yield model, took_s


def _check_s(reader: FolderReader, image: ImageFile) -> float | None:
    file = reader.open_image(image)
    if file is None:
        return None
    with file, suppress(BadImage):
        begun = time.thread_time()
        inspect_file(file)
        return time.thread_time() - begun
    return None


def _object(value: JsonObject, key: str) -> JsonObject:
    """Return an object of a summary, which anyone may have edited."""
    inner = value.get(key)
    return inner if isinstance(inner, Mapping) else {}


def _number(value: JsonObject, key: str) -> float:
    found: Json = value.get(key)
    is_number = isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found < float("inf")
    return float(found) if is_number and isinstance(found, int | float) else 0.0
