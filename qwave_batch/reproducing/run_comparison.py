"""Compares the images of jobs that are in two run folders, some at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import starmap
from typing import Final

from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.reproducing.control_search import ControlPair
from qwave_batch.reproducing.image_pairs import StoredImage, Uncompared, compare_images
from qwave_batch.reproducing.likeness import ImageDifference
from qwave_batch.reproducing.model_comparison import ComparisonTally
from qwave_batch.reproducing.repeated_jobs import JobFacts, UncomparedJob, Unfit

CONTROL_JOBS: Final = 50
"""The jobs of each model at most for which a control is looked for."""


@dataclass(slots=True)
class RunComparison:
    """Two open run folders, and what was found so far."""

    before: FolderReader
    after: FolderReader
    on_work: OnWork = ignore_work
    tally: ComparisonTally = field(default_factory=ComparisonTally)
    uncompared: list[UncomparedJob] = field(default_factory=list)

    def compare(self, pairs: Sequence[tuple[JobFacts, JobFacts]]) -> None:
        """Take in jobs that are fit to be compared. It blocks.

        Raises:
            StorageError: a remote store can't be reached.
        """
        for done, ((before, after), found) in enumerate(in_threads(self._differences, pairs, threads=self._threads)):
            self.on_work(WorkProgress(done=done, total=len(pairs)))
            known = [each for each in found if isinstance(each, ImageDifference)]
            reason = next((each.reason for each in found if isinstance(each, Uncompared)), None)
            if reason is not None:
                self.uncompared.append(
                    UncomparedJob(job_id=after.job_id, model=after.model, prompt_id=after.prompt_id, reason=reason)
                )
            if reason is not None or not known:
                self.tally.add_unfit(after.model, Unfit.UNREADABLE)
            else:
                self.tally.add_job(before, after, known)

    def compare_control(self, pairs: Iterable[ControlPair]) -> None:
        """Take in the control, pairs of images of the earlier folder; those that can't be read are passed over."""
        for pair, found in in_threads(self._control, pairs, threads=self._threads):
            if isinstance(found, ImageDifference):
                self.tally.add_control(pair.model, found)

    @property
    def _threads(self) -> int:
        return threads_over(self.before.layout.artifacts, self.after.layout.artifacts)

    def _differences(self, pair: tuple[JobFacts, JobFacts]) -> list[ImageDifference | Uncompared]:
        before, after = pair
        images = zip(before.images, after.images, strict=False)  # one run may have brought fewer
        stored = ((StoredImage(self.before, one), StoredImage(self.after, other)) for one, other in images)
        return list(starmap(compare_images, stored))

    def _control(self, pair: ControlPair) -> ImageDifference | Uncompared:
        image = partial(StoredImage, self.before)
        return compare_images(image(pair.one), image(pair.other))
