"""The changes from the first folder of a report to each other one, as the page reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from qwave_batch.model.axis_labels import axis_label, model_label
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.report.folder_matching import MatchedJob, MatchedPlace, match_folders


@dataclass(slots=True)
class FolderChanges:
    """Takes in the jobs of one folder after the other."""

    folders: dict[int, list[tuple[int, MatchedJob]]] = field(default_factory=dict)
    """By folder its jobs, each with its number in the report."""

    def add(self, folder: int, number: int, line: ManifestLine) -> None:
        """Take in a job."""
        self.folders.setdefault(folder, []).append((number, matched_job(line)))

    def as_json(self, count: int) -> list[Json]:
        """Return what ``changes`` of the index holds for so many folders."""
        first = self.folders.get(0, [])
        found: list[Json] = []
        for folder in range(1, count):
            later = self.folders.get(folder, [])
            for change in match_folders([job for _, job in first], [job for _, job in later]):
                before = None if change.before is None else first[change.before][0]
                after = None if change.after is None else later[change.after][0]
                found.append({"folder": folder, "kind": change.kind.value, "before": before, "after": after})
        return found


def matched_job(line: ManifestLine) -> MatchedJob:
    """Return what a job is told apart by from those of another folder."""
    own = _place(line, line.prompt_id, line.axes)
    also = (_place(line, each.prompt_id, each.axes) for each in line.also)
    return MatchedJob(
        job_id=line.job_id,
        status=line.status.value,
        images=tuple(image.sha256 for image in line.images),
        places=(own, *also),
    )


def _place(line: ManifestLine, prompt_id: str, axes: Mapping[str, Json]) -> MatchedPlace:
    texts = tuple(sorted((name, axis_label(value)) for name, value in axes.items() if name != "model"))
    setting = (model_label(axes, line.model), texts, line.repeat)
    return MatchedPlace(prompt_id=prompt_id, prompt=line.prompt, setting=setting)
