"""Jobs of two runs that stand in the same place and ask for something else, as after a change of the spec."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.jsontypes import Json
from qwave_batch.output.folder_matching import MatchedJob, match_folders, matched_job
from qwave_batch.output.manifest_line import ManifestLine


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherRequests:
    """Places (prompt, model, axes, repeat) that two runs fill with different requests."""

    jobs: int
    fields: Mapping[str, int]
    """By the name of a request field, in how many of them it differs; the most frequent first."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that is printed."""
        return {"jobs": self.jobs, "fields": dict(self.fields)}


@dataclass(slots=True)
class RequestPlaces:
    """The jobs of a run that the other one does not have."""

    jobs: list[MatchedJob] = field(default_factory=list)
    requests: list[dict[str, int]] = field(default_factory=list)
    """By field a hash of its value, which is all that is kept of a request."""

    def add(self, line: ManifestLine) -> None:
        """Take in a job."""
        self.jobs.append(matched_job(line))
        self.requests.append({name: hash(str(value)) for name, value in line.request.items()})


def other_requests(before: RequestPlaces, after: RequestPlaces) -> OtherRequests:
    """Return which jobs stand in the same place in both runs, and in what their requests differ."""
    fields: Counter[str] = Counter()
    jobs = 0
    for change in match_folders(before.jobs, after.jobs):
        if change.before is not None and change.after is not None:
            jobs += 1
            fields.update(_differing(before.requests[change.before], after.requests[change.after]))
    return OtherRequests(jobs=jobs, fields=dict(fields.most_common()))


def _differing(before: Mapping[str, int], after: Mapping[str, int]) -> Sequence[str]:
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]
