"""The facts that a run folder holds about the images of a job: scores, findings, picks and ratings.

A job with several images has the mean of each score, as in gates and in the report's order, once every image has the
number. It is kept if one of its images is, and has what was found of any of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.plan.expand.later_where import LaterFacts
from qwave_batch.quality.checks_file import ImagesDigest, StageChecks, read_stage_checks
from qwave_batch.quality.finding import FindingKind
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.voting.image_picks import PickedImage, picked_images
from qwave_batch.voting.kept_votes import read_kept_picks
from qwave_batch.voting.vote_lines import PickVerdict, VotedImage


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """The facts about the images of a folder."""

    scores: KeptScores
    checks: StageChecks
    picks: Mapping[VotedImage, PickedImage]

    def of(self, job_id: str, stage: str, images: Sequence[ImageFile]) -> LaterFacts:
        """Return the facts about a job that is made."""
        numbers = [self.scores.of(job_id, number, image.sha256) for number, image in enumerate(images)]
        refused = {
            scorer
            for number, image in enumerate(images)
            for scorer in self.scores.refused_by(job_id, number, image.sha256)
        }
        picked = [self.picks.get(VotedImage(job_id=job_id, image=number)) for number in range(len(images))]
        return LaterFacts(
            scores=_means(numbers),
            unscorable=frozenset(name for name in self.scores.outputs if name.partition(".")[0] in refused),
            findings=self._findings(images) if stage in self.checks.stages else None,
            pick=_pick(picked),
            rating=_mean([each.rating for each in picked if each is not None and each.rating is not None]),
        )

    def _findings(self, images: Sequence[ImageFile]) -> tuple[str, ...]:
        found = frozenset[FindingKind]().union(*(self.checks.checks.kinds_of(image.path) for image in images))
        return tuple(kind.value for kind in FindingKind if kind in found)


def read_known_facts(reader: FolderReader, images: ImagesDigest) -> KnownFacts:
    """Return the facts about the images of a folder.

    Args:
        reader: The folder.
        images: The hash of its images by stage.

    Raises:
        FolderError: a file is not as the command left it that wrote it.
        BrokenVotes: the file of picks is not as an import leaves it.
        StorageError: a file can't be read.
    """
    return KnownFacts(
        read_kept_scores(reader), read_stage_checks(reader, images), picked_images(read_kept_picks(reader.layout))
    )


def _means(numbers: Sequence[Mapping[str, float]]) -> dict[str, float]:
    if not numbers:
        return {}
    names = [name for name in numbers[0] if all(name in each for each in numbers)]
    return {name: fmean(each[name] for each in numbers) for name in names}


def _mean(numbers: Sequence[float]) -> float | None:
    return fmean(numbers) if numbers else None


def _pick(picked: Sequence[PickedImage | None]) -> str | None:
    verdicts = {each.verdict for each in picked if each is not None}
    if PickVerdict.KEEP in verdicts:
        return PickVerdict.KEEP.value
    return PickVerdict.REJECT.value if PickVerdict.REJECT in verdicts else None
