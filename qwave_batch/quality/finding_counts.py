"""How many findings there are, by kind, model and tag."""

from collections import Counter
from dataclasses import dataclass, field

from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.quality.check_spool import CheckedFinding
from qwave_batch.quality.finding import FindingKind


@dataclass(slots=True)
class FindingCounts:
    """Counts of the lines that were asked for."""

    jobs: int = 0
    images: int = 0
    jobs_of_models: Counter[str] = field(default_factory=Counter)
    images_of_models: Counter[str] = field(default_factory=Counter)
    jobs_of_tags: Counter[str] = field(default_factory=Counter)
    images_of_tags: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[FindingKind] = field(default_factory=Counter)
    by_model: Counter[tuple[FindingKind, str]] = field(default_factory=Counter)
    by_tag: Counter[tuple[FindingKind, str]] = field(default_factory=Counter)
    codes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Failed jobs by model and the code of their error."""

    def add_line(self, line: ManifestLine) -> None:
        """Count a line and its images."""
        images = len(line.images)
        self.jobs += 1
        self.images += images
        self.jobs_of_models[line.model] += 1
        self.images_of_models[line.model] += images
        for tag in line.tags:
            self.jobs_of_tags[tag] += 1
            self.images_of_tags[tag] += images

    def add(self, found: CheckedFinding) -> None:
        """Count a finding, if its line was asked for."""
        if not found.is_shown:
            return
        kind = found.finding.kind
        self.by_kind[kind] += 1
        self.by_model[kind, found.model] += 1
        for tag in found.tags:
            self.by_tag[kind, tag] += 1
        if kind is FindingKind.REFUSED:
            self.codes[found.model, found.code or "unknown"] += 1
