"""``check``: finds what spoils a dataset in a run folder, and leaves it there as checks.jsonl."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from qwave_batch import lazy
from qwave_batch.errors import FolderError, StorageError, UsageError
from qwave_batch.executors.image_shards import ask_workers
from qwave_batch.executors.sharded_work import in_batches
from qwave_batch.executors.workers import Workers
from qwave_batch.folder.artifacts import CHECKS, Artifact, LocalArtifacts
from qwave_batch.folder.inspection_processes import ask_processes, cores
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.stored_images import FileFault
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.portable_paths import path_fault
from qwave_batch.model.record import JobStatus
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_reader import EVERY_LINE, FolderReader, LineFilter
from qwave_batch.output.image_files import in_threads
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.quality.alike_search import DEFAULT_DISTANCE, MOST_DISTANCE, AlikeSearch
from qwave_batch.quality.check_spool import CheckedFinding, CheckSpool
from qwave_batch.quality.checks_file import ImagesDigest, remember_checks
from qwave_batch.quality.expected_size import expected_size, has_sources
from qwave_batch.quality.finding import FindingKind
from qwave_batch.quality.finding_counts import FindingCounts
from qwave_batch.quality.image_look import INSPECTION, ImageLook, look_at
from qwave_batch.quality.look_cache import LookCache, open_looks

_BATCH = 500
"""Images that are looked up together."""
_MANY = 64
"""Images that are worth a process for each core."""

EVERY_KIND = frozenset(FindingKind)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check, while its block is open."""

    _spool: CheckSpool
    counts: FindingCounts
    """Of the lines that were asked for, and their findings."""
    not_compared: int
    """Images that begin with other pictures: alike by intention, so only exact duplicates are found among them."""
    unwritten: str | None
    """Why checks.jsonl could not be written; None when it was."""

    def findings(self, kinds: Collection[FindingKind] = EVERY_KIND) -> Iterator[CheckedFinding]:
        """Yield the findings of the lines that were asked for, in plan order."""
        return (each for each in self._spool.findings() if each.is_shown and each.finding.kind in kinds)


@contextmanager
def check_folder(
    reader: FolderReader,
    *,
    near: int = DEFAULT_DISTANCE,
    where: LineFilter = EVERY_LINE,
    on_work: OnWork = ignore_work,
    workers: Workers | None = None,
) -> Iterator[CheckReport]:
    """Check all jobs and images of a run folder, write checks.jsonl, and yield what was found.

    Images are read and decoded, unless an earlier check did so and they are unchanged. It blocks: call it in a thread.

    Args:
        reader: The folder, live or ended.
        near: In how many bits of 64 the hashes of near duplicates may differ, from 0 to ``MOST_DISTANCE``.
        where: The lines whose findings are shown; all of them are checked, compared and written.
        on_work: Called with how many images are looked at.
        workers: They look at the images, in a folder that they reach; None for processes here.

    Raises:
        FolderError: there is no ledger, and the manifest is missing or torn.
        StorageError: the disk or the ledger fails.
        UsageError: the filter's expression fails on a line, or ``near`` is out of its range.
    """
    if not 0 <= near <= MOST_DISTANCE:  # each bit more takes several times as long
        raise UsageError(f"near duplicates differ in 0 to {MOST_DISTANCE} bits, and {near} were asked for")
    with _spool_errors(), closing(CheckSpool()) as spool:
        check = _Check(reader.layout, spool, on_work, workers)
        counts = FindingCounts()
        images = check.read(reader, where, counts)
        check.look()
        spool.find_blank()
        spool.find_copies()
        check.find_alike(near)
        for found in spool.findings():
            counts.add(found)
        unwritten = _write(reader.layout, spool, images)
        yield CheckReport(spool, counts, spool.not_compared(), unwritten)


@contextmanager
def _spool_errors() -> Iterator[None]:
    try:
        yield
    except lazy.sqlite3.Error as error:
        raise StorageError(f"the temporary database of the check fails: {error}") from error


@dataclass(frozen=True, slots=True)
class _Check:
    layout: RunLayout
    spool: CheckSpool
    on_work: OnWork
    workers: Workers | None

    def read(self, reader: FolderReader, where: LineFilter, counts: FindingCounts) -> ImagesDigest:
        """Take in all lines, with what can be said of them without reading an image."""
        at_scale, images = reader.header().backend != SIMULATOR, ImagesDigest()
        stage = ""
        for line in reader.lines():
            if line.stage != stage:
                images.end_stage(stage)
                stage = line.stage
            is_shown, begins_with_others = where.takes(line), has_sources(line.request)
            job = self.spool.add_job(line, is_shown=is_shown, has_sources=begins_with_others)
            if is_shown:
                counts.add_line(line)
            if line.status is JobStatus.FAILED:
                self.spool.add_finding(FindingKind.REFUSED, job=job)
            self._take_images(line, job, images, at_scale=at_scale)
        images.end_stage(stage)
        return images

    def _take_images(self, line: ManifestLine, job: int, images: ImagesDigest, *, at_scale: bool) -> None:
        expected = expected_size(line.request)
        for image in line.images:
            images.add(image)
            number = self.spool.add_image(job, image)
            if not expected.fits(image.width, image.height, at_scale=at_scale):
                self.spool.add_finding(FindingKind.DIMENSIONS, job=job, image=number)

    def look(self) -> None:
        """Take in how every image looks."""
        with open_looks(self.layout) as cache:
            done = self._take_known(cache)
            total = self.spool.images
            self.on_work(WorkProgress(done=done, total=total))
            for image, artifact, found in self._looked_at(total - done, cache):
                number, job, sha256, path = image
                if isinstance(found, FileFault) or found.sha256 != sha256:
                    self.spool.add_look(number, None)
                    self.spool.add_finding(FindingKind.UNDECODABLE, job=job, image=number)
                else:
                    self.spool.add_look(number, found)
                    if artifact is not None:
                        cache.put(path, artifact, found)
                done += 1
                self.on_work(WorkProgress(done=done, total=total))

    def _take_known(self, cache: LookCache) -> int:
        """Take in the looks of an earlier check; return how many there are."""
        known = 0
        for batch in in_batches(self.spool.unseen(), _BATCH):
            for ((number, _, sha256), path), artifact in zip(
                batch, self._files(path for _, path in batch), strict=True
            ):
                look = None if artifact is None else cache.get(path, sha256, artifact)
                if look is not None:
                    self.spool.add_look(number, look)
                    known += 1
        return known

    def _looked_at(
        self, expected: int, cache: LookCache
    ) -> Iterator[tuple[tuple[int, int, str, str], Artifact | None, ImageLook | FileFault]]:
        artifacts = self.layout.artifacts
        asked = (((image, artifact), image[-1]) for image, artifact in self._unknown())
        if self.workers is not None:
            by_workers = ask_workers(self.workers, self.layout, asked, look_at, on_shard=cache.flush)
            yield from ((image, artifact, look) for (image, artifact), look in by_workers)
        elif expected > _MANY and isinstance(artifacts, LocalArtifacts) and (processes := cores()) > 1:
            found = ask_processes(artifacts.tree, asked, INSPECTION, processes=processes)
            yield from ((image, artifact, look) for (image, artifact), look in found)
        else:
            for ((image, artifact), _), look in in_threads(lambda each: look_at(artifacts, each[1]), asked):
                yield image, artifact, look

    def _unknown(self) -> Iterator[tuple[tuple[int, int, str, str], Artifact | None]]:
        """Yield the images without a look, with their files as they are before they are read."""
        for batch in in_batches(self.spool.unseen(), _BATCH):
            for (facts, path), artifact in zip(batch, self._files(path for _, path in batch), strict=True):
                yield (*facts, path), artifact

    def _files(self, paths: Iterable[str]) -> Iterable[Artifact | None]:
        """Return what can be seen of the files; None for what is not a file."""
        asked = list(paths)
        if any(path_fault(path) is not None for path in asked):  # not the paths of any run
            return [None] * len(asked)
        return [
            artifact if artifact is not None and artifact.is_file else None
            for artifact in self.layout.artifacts.look_all(asked)
        ]

    def find_alike(self, near: int) -> None:
        """Take in a finding for each picture that looks like an earlier one that stays."""
        looks = self.spool.looks()
        search = AlikeSearch(near, expected=len(looks), sample=looks, cells_of=self.spool.cells_of)
        total, doing = len(looks), "comparing"
        del looks
        for done, (image, job, look, cells) in enumerate(self.spool.compared()):
            first = search.first_like(image, look, cells)
            if first is not None:
                self.spool.add_finding(FindingKind.NEAR_DUPLICATE, job=job, image=image, first=first)
            if not done % _BATCH:
                self.on_work(WorkProgress(done=done, total=total, doing=doing))


def _write(layout: RunLayout, spool: CheckSpool, images: ImagesDigest) -> str | None:
    """Write checks.jsonl, all of it or nothing; return why it could not be written."""
    digest = hashlib.sha256()

    def lines() -> Iterator[bytes]:
        for found in spool.findings():
            line = json.dumps(found.finding.as_json()).encode() + b"\n"
            digest.update(line)
            yield line

    try:
        layout.artifacts.put(CHECKS, lines())
    except (StorageError, FolderError, UsageError) as error:  # a read-only folder, or a full disk
        return str(error)
    remember_checks(layout, checks_sha256=digest.hexdigest(), images=images)
    return None
