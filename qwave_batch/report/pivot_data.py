"""The jobs of a report, and the axes that rows and columns of its grid can go along, as Python draws it. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.report.grid_view import NONE
from qwave_batch.report.pivot_scores import ImageScores, PivotScore
from qwave_batch.report.report_index import NO_VALUE, PROMPT_ID, STAGE

NO_TAG = "no tag"


@dataclass(frozen=True, slots=True)
class PivotPlace:
    """A place of a job in the matrix."""

    prompt: int
    model: int
    axes: tuple[int, ...]
    """For each axis the number of the value, or ``NO_VALUE``."""
    tags: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PivotJob:
    """A job with the places that it is seen in."""

    folder: int
    status: str
    places: tuple[PivotPlace, ...]
    scores: ImageScores = ()
    stage: int = NO_VALUE
    parents: tuple[tuple[int, int | None], ...] = ()
    """The jobs that it is made from, by their number, and the place of the image there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PivotData:
    """The part of ``data/index.js`` that decides where a job stands."""

    folders: tuple[str, ...]
    prompts: tuple[tuple[str, str], ...]
    """Ids and texts."""
    models: tuple[str, ...]
    tags: tuple[str, ...]
    axes: tuple[tuple[str, tuple[str, ...]], ...]
    """Names and values."""
    jobs: tuple[PivotJob, ...]
    scores: tuple[PivotScore, ...] = ()
    stages: tuple[str, ...] = ()

    @classmethod
    def of_index(cls, index: JsonObject) -> "PivotData":
        """Return the part of the object that ``ReportIndex.as_json`` returns."""
        told: Any = index
        scores = tuple(PivotScore(score["name"], score["better"]) for score in told.get("scores", ()))
        return cls(
            folders=tuple(folder["label"] for folder in told["folders"]),
            prompts=tuple((prompt["id"], prompt["text"]) for prompt in told["prompts"]),
            models=tuple(told["models"]),
            tags=tuple(told["tags"]),
            axes=tuple((axis["name"], tuple(axis["values"])) for axis in told["axes"]),
            jobs=tuple(
                PivotJob(
                    job["folder"],
                    job["status"],
                    tuple(
                        PivotPlace(place["prompt"], place["model"], tuple(place["axes"]), tuple(place["tags"]))
                        for place in job["places"]
                    ),
                    tuple(image.get("scores") or (None,) * len(scores) for image in job["images"]),
                    job.get("stage", NO_VALUE),
                    tuple((parent, image) for parent, image in job.get("parents", ())),
                )
                for job in told["jobs"]
            ),
            scores=scores,
            stages=tuple(told.get("stages", ())),
        )


ValuesOf = Callable[[PivotJob, PivotPlace], Sequence[int]]


@dataclass(frozen=True, slots=True)
class PivotAxis:
    """An axis that rows or columns can go along."""

    name: str
    labels: tuple[str, ...]
    """Of its values."""
    keys: tuple[str, ...]
    """The short names of its values, each another, as a view says them."""
    without: str
    """The label of places without a value."""
    values_of: ValuesOf

    def label(self, value: int) -> str:
        """Return the label of a value."""
        return self.without if value == NO_VALUE else self.labels[value]

    def value_with(self, key: str | None) -> int | None:
        """Return the value that a key names; None for a key that names none."""
        if key is None:
            return NO_VALUE
        return self.keys.index(key) if key in self.keys else None


def pivot_axes(data: PivotData) -> dict[str, PivotAxis]:
    """Return all axes by name, without ``none``."""
    axes = [
        PivotAxis(
            "prompt",
            tuple(text or name for name, text in data.prompts),
            _distinct([name for name, _ in data.prompts]),
            NONE,
            lambda _, place: (place.prompt,),
        ),
        PivotAxis("model", data.models, data.models, NONE, lambda _, place: (place.model,)),
        *(_axes_of_stages(data) if data.stages else ()),
        *(_spec_axis(number, name, values) for number, (name, values) in enumerate(data.axes)),
        PivotAxis("tag", data.tags, data.tags, NO_TAG, lambda _, place: place.tags or (NO_VALUE,)),
        PivotAxis("folder", data.folders, data.folders, NONE, lambda job, _: (job.folder,)),
    ]
    return {axis.name: axis for axis in axes}


def _axes_of_stages(data: PivotData) -> Iterator[PivotAxis]:
    """Yield the stages, and an axis along which prompts of one id are one: each stage has texts of its own under it."""
    yield PivotAxis(STAGE, data.stages, data.stages, NONE, lambda job, _: (job.stage,))
    texts: dict[str, str] = {}
    for name, text in data.prompts:
        texts.setdefault(name, text or name)
    numbers = {name: number for number, name in enumerate(texts)}
    of_prompt = [numbers[name] for name, _ in data.prompts]
    yield PivotAxis(PROMPT_ID, tuple(texts.values()), tuple(texts), NONE, lambda _, place: (of_prompt[place.prompt],))


def _spec_axis(number: int, name: str, values: tuple[str, ...]) -> PivotAxis:
    return PivotAxis(name, values, values, NONE, lambda _, place: (place.axes[number],))


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of prompts; where one stands for several texts, ``id~2`` and so on."""
    seen: dict[str, int] = {}
    keys = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        keys.append(name if seen[name] == 1 else f"{name}~{seen[name]}")
    return tuple(keys)
