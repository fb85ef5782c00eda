"""The changes from the first folder of a report to each other one, as the page reads them."""

from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_matching import MatchedJob, match_folders, matched_job
from qwave_batch.output.manifest_line import ManifestLine


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
