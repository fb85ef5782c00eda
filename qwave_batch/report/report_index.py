"""The page's index: what the grid, the filters, votes and comparisons know of every job, without its details."""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Generic, TypeVar

from qwave_batch.model.axis_labels import axis_label, model_label
from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.model.refusals import is_content_refusal
from qwave_batch.model.signed_links import unsigned_text
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.report.folder_changes import FolderChanges
from qwave_batch.report.job_lineage import JobLineage
from qwave_batch.report.reported_images import name_of_image
from qwave_batch.report.reported_scores import ReportedScores
from qwave_batch.voting.judged_jobs import does_model_follow

FORMAT = 1
"""To be raised whenever the page of today can't read the data of before."""
BUILT_IN = ("prompt", "model", "tag", "folder")
"""Axes that every folder has; an axis of a spec with such a name is shown as ``NAME (axis)``."""
STAGE, PROMPT_ID = "stage", "prompt_id"
"""The axes that folders have besides where a spec has stages."""
REFUSED = "refused"
"""The status of a failed job whose content was refused; the others are those of the manifest."""
NO_VALUE = -1
"""Stands for the value of an axis that a job does not have."""

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFolder:
    """A run folder as the page names it."""

    folder_id: str | None
    name: str | None
    """The spec's name."""
    label: str
    """Its own name, told apart from the others."""
    spec_sha256: str | None


def reported_folders(readers: Sequence[FolderReader]) -> list[ReportedFolder]:
    """Return the folders of a report as the page names them, in order."""
    headers = [reader.header() for reader in readers]
    hashes = [(header.summary or {}).get("spec_sha256") for header in headers]
    return [
        ReportedFolder(
            folder_id=header.folder_id,
            name=header.name,
            label=label,
            spec_sha256=sha256 if isinstance(sha256, str) else None,
        )
        for header, label, sha256 in zip(headers, folder_labels(readers), hashes, strict=True)
    ]


def shown_status(status: JobStatus, error: JobError | None) -> str:
    """Return the status that the page shows."""
    is_refusal = status is JobStatus.FAILED and error is not None and is_content_refusal(error)
    return REFUSED if is_refusal else status.value


@dataclass(frozen=True, slots=True)
class _MatrixPlace:
    """The place of a job in the matrix; a folded job has several."""

    prompt: int
    model: int
    axes: Mapping[str, int]
    tags: tuple[int, ...]
    repeat: int
    does_model_follow: bool

    def as_json(self, axes: Sequence[str]) -> JsonObject:
        values = [self.axes.get(name, NO_VALUE) for name in axes]
        told: JsonObject = {"modelFollows": True} if self.does_model_follow else {}
        return {
            "prompt": self.prompt,
            "model": self.model,
            "axes": values,
            "tags": self.tags,
            "repeat": self.repeat,
            **told,
        }


@dataclass(slots=True)
class _Interned(Generic[K]):
    """Values by the order in which they came."""

    numbers: dict[K, int] = field(default_factory=dict)

    def __call__(self, value: K) -> int:
        return self.numbers.setdefault(value, len(self.numbers))

    def __iter__(self) -> Iterator[K]:
        return iter(self.numbers)


@dataclass(slots=True)
class ReportIndex:
    """Takes in the lines of one folder after the other."""

    folders: Sequence[ReportedFolder]
    tiny_of: Callable[[str], str | None]
    """By the SHA-256 of an image its placeholder, as text; None for one that has no thumbnail."""
    scores: ReportedScores = field(default_factory=lambda: ReportedScores(()))
    jobs: list[tuple[JsonObject, list[_MatrixPlace]]] = field(default_factory=list)
    prompts: _Interned[tuple[str, str]] = field(default_factory=_Interned)
    models: _Interned[str] = field(default_factory=_Interned)
    tags: _Interned[str] = field(default_factory=_Interned)
    errors: _Interned[tuple[str, str]] = field(default_factory=_Interned)
    axes: dict[str, _Interned[str]] = field(default_factory=dict)
    changes: FolderChanges = field(default_factory=FolderChanges)
    lineage: JobLineage = field(default_factory=JobLineage)

    def add(self, folder: int, line: ManifestLine) -> None:
        """Take in a job; its number in the details is its place here."""
        places = [self._place(line, line.prompt_id, line.axes, line.tags)]
        for each in line.also:
            place = self._place(line, each.prompt_id, each.axes, each.tags)
            if place not in places:
                places.append(place)
        error = line.error
        job: JsonObject = {
            "id": line.job_id,
            "folder": folder,
            "model": places[0].model,
            "status": shown_status(line.status, error),
            "error": None if error is None else self.errors((error.code, unsigned_text(error.message))),
            "cost": line.cost_usd,
            "seconds": line.seconds,
            "detail": len(self.jobs),
            "images": [self._image(folder, line.job_id, at, image) for at, image in enumerate(line.images)],
        }
        if len(self.folders) > 1:
            self.changes.add(folder, len(self.jobs), line)
        self.lineage.add(folder, len(self.jobs), line)
        self.jobs.append((job, places))

    def as_json(self) -> dict[str, Json]:
        """Return the object of ``data/index.js`` but for its revision."""
        names, stages = tuple(self.axes), self.lineage.ordered_stages()
        built_in = (*BUILT_IN, "none", *([STAGE, PROMPT_ID] if stages else []))
        lineage = chain(self.lineage.as_json(), repeat({}))
        return {
            "format": FORMAT,
            "title": _title(self.folders),
            "folders": [
                {"id": each.folder_id, "name": each.name, "label": each.label, "spec_sha256": each.spec_sha256}
                for each in self.folders
            ],
            "prompts": [{"id": prompt_id, "text": text} for prompt_id, text in self.prompts],
            "models": list(self.models),
            "tags": list(self.tags),
            "axes": [
                {"name": _shown_axis(name, built_in), "values": list(values)} for name, values in self.axes.items()
            ],
            **({"stages": list[Json](stages)} if stages else {}),
            "errors": [{"code": code, "message": message} for code, message in self.errors],
            "jobs": [
                {**job, **told, "places": [each.as_json(names) for each in places]}
                for (job, places), told in zip(self.jobs, lineage, strict=False)
            ],
            **({"scores": self.scores.as_json()} if self.scores.outputs else {}),
            **({"changes": self.changes.as_json(len(self.folders))} if len(self.folders) > 1 else {}),
        }

    def _place(self, line: ManifestLine, prompt_id: str, axes: Mapping[str, Json], tags: Sequence[str]) -> _MatrixPlace:
        values = {
            name: self.axes.setdefault(name, _Interned())(axis_label(value))
            for name, value in axes.items()
            if name != "model"
        }
        return _MatrixPlace(
            prompt=self.prompts((prompt_id, line.prompt)),
            model=self.models(model_label(axes, line.model)),
            axes=values,
            tags=tuple(sorted({self.tags(tag) for tag in tags})),
            repeat=line.repeat,
            does_model_follow=does_model_follow(line, axes),
        )

    def _image(self, folder: int, job_id: str, at: int, image: ImageFile) -> JsonObject:
        tiny = self.tiny_of(image.sha256)
        scores = self.scores.of(folder, job_id, at, image.sha256)
        return {
            "hash": name_of_image(image.sha256),
            "width": image.width,
            "height": image.height,
            "tiny": tiny or "",
            "thumb": tiny is not None,
            **({} if scores is None else {"scores": scores}),
        }


def _shown_axis(name: str, built_in: Sequence[str]) -> str:
    return f"{name} (axis)" if name in built_in else name


def _title(folders: Sequence[ReportedFolder]) -> str:
    return ", ".join(dict.fromkeys(each.name or each.label for each in folders))
