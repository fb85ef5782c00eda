"""The measures that a run folder holds of its API: latencies, sizes, the pace that was reached, and its 429s. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.capacity.known_figure import KnownFigure, measured
from qwave_batch.model.jsontypes import Json

_WINDOW_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTask:
    """A task of the folder that has ended. Times are Unix seconds."""

    model: str
    submitted_at: float
    seconds: float
    """From the submit to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenModel:
    """The measures of one model."""

    latency: KnownFigure | None = None
    latency_p95_s: float | None = None
    image_bytes: KnownFigure | None = None
    image_cpu: KnownFigure | None = None
    most_per_minute: KnownFigure | None = None
    """The most submits in any minute."""
    most_alive: KnownFigure | None = None
    """The most tasks alive at once."""
    throttled: int = 0
    """Submits of the newest run that were answered with 429."""

    def as_json(self) -> dict[str, Json]:
        """Return it with its units."""
        return {
            "latency": self.latency.as_json("seconds") if self.latency else None,
            "latency_p95_seconds": None if self.latency_p95_s is None else round(self.latency_p95_s, 3),
            "image_size": self.image_bytes.as_json("bytes") if self.image_bytes else None,
            "image_cpu": self.image_cpu.as_json("seconds") if self.image_cpu else None,
            "most_submits_per_minute": int(self.most_per_minute.value) if self.most_per_minute else None,
            "most_tasks_alive": int(self.most_alive.value) if self.most_alive else None,
            "throttled_submits": self.throttled,
        }


_UNSEEN = SeenModel()


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderMeasures:
    """The measures of a folder, by model and as a whole; nothing of a folder without an ended task."""

    folder: str | None = None
    """Its path; None where there is none."""
    is_simulated: bool = False
    by_model: Mapping[str, SeenModel] = field(default_factory=dict)
    most_per_minute: KnownFigure | None = None
    most_alive: KnownFigure | None = None
    polls_per_job: KnownFigure | None = None
    waited_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds for which submits of the newest run waited, by the kind of wait."""

    def of(self, model: str) -> SeenModel:
        """Return what it shows of a model."""
        return self.by_model.get(model, _UNSEEN)

    @property
    def throttled(self) -> int:
        """Submits of the newest run that were answered with 429."""
        return sum(seen.throttled for seen in self.by_model.values())

    @property
    def is_account_throttled(self) -> bool:
        """Whether 429s came for two models or more, as they do when the account's limit is met."""
        return sum(seen.throttled > 0 for seen in self.by_model.values()) > 1

    def as_json(self) -> Json:
        """Return it with its units; None without a folder."""
        if self.folder is None:
            return None
        return {
            "folder": self.folder,
            "is_simulated": self.is_simulated,
            "most_submits_per_minute": int(self.most_per_minute.value) if self.most_per_minute else None,
            "most_tasks_alive": int(self.most_alive.value) if self.most_alive else None,
            "polls": self.polls_per_job.as_json("per_job") if self.polls_per_job else None,
            "waited_seconds": {kind: round(seconds, 3) for kind, seconds in self.waited_s.items()},
            "by_model": {model: seen.as_json() for model, seen in self.by_model.items()},
        }


@dataclass(slots=True)
class FolderTally:
    """Takes the tasks and images of a folder one by one, and tells what they come to."""

    _tasks: defaultdict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    """When each began and how long it took, by model."""
    _sizes: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """How many images, and their bytes."""
    _cpu: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, task: SeenTask) -> None:
        """Count a task."""
        self._tasks[task.model].append((task.submitted_at, task.seconds))

    def take_image(self, model: str, size_bytes: int) -> None:
        """Count an image."""
        sums = self._sizes[model]
        sums[0] += 1
        sums[1] += size_bytes

    def take_check(self, model: str, cpu_s: float) -> None:
        """Count an image that was checked on this machine."""
        self._cpu[model].append(cpu_s)

    def measures(
        self,
        *,
        folder: str,
        is_simulated: bool,
        throttled: Mapping[str, int],
        polls_per_job: float | None,
        waited_s: Mapping[str, float],
    ) -> FolderMeasures:
        """Return what all of it comes to, with what the summary of the newest run says."""
        every = [task for tasks in self._tasks.values() for task in tasks]
        models = dict.fromkeys((*self._tasks, *self._sizes, *throttled))
        return FolderMeasures(
            folder=folder,
            is_simulated=is_simulated,
            by_model={model: self._of(model, throttled.get(model, 0)) for model in models},
            most_per_minute=_most_per_minute(every),
            most_alive=_most_alive(every),
            polls_per_job=None if polls_per_job is None else measured(polls_per_job, len(every)),
            waited_s=dict(waited_s),
        )

    def _of(self, model: str, throttled: int) -> SeenModel:
        tasks, (images, size_bytes), cpu = self._tasks.get(model, []), self._sizes[model], self._cpu.get(model, [])
        took = sorted(seconds for _, seconds in tasks)
        return SeenModel(
            latency=measured(sum(took) / len(took), len(took)) if took else None,
            latency_p95_s=took[min(len(took) - 1, int(len(took) * 0.95))] if took else None,
            image_bytes=measured(size_bytes / images, images) if images else None,
            image_cpu=measured(sum(cpu) / len(cpu), len(cpu)) if cpu else None,
            most_per_minute=_most_per_minute(tasks),
            most_alive=_most_alive(tasks),
            throttled=throttled,
        )


def _most_per_minute(tasks: list[tuple[float, float]]) -> KnownFigure | None:
    """Return the most tasks that began within a minute."""
    begun, oldest, most = sorted(at for at, _ in tasks), 0, 0
    for newest, at in enumerate(begun):
        while begun[oldest] <= at - _WINDOW_S:
            oldest += 1
        most = max(most, newest - oldest + 1)
    return measured(most, len(begun)) if begun else None


def _most_alive(tasks: list[tuple[float, float]]) -> KnownFigure | None:
    """Return the most tasks that were alive at one moment; one that ends as another begins makes room for it."""
    changes = sorted([(at, 1) for at, _ in tasks] + [(at + seconds, -1) for at, seconds in tasks])
    alive = most = 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    return measured(most, len(tasks)) if tasks else None
