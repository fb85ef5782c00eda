"""Writing a report: the folders are read, thumbnails made, and the page's files written."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.api.restored_specs import SpecRestorer
from qwave_batch.api.worker_opening import Executor, opened_workers
from qwave_batch.errors import UsageError
from qwave_batch.executors.workers import Workers
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobStatus
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader, open_folder
from qwave_batch.output.image_search import all_jobs
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.output.times import iso_from_unix
from qwave_batch.report.figure_counting import figure_numbers
from qwave_batch.report.folder_picks import picks_json
from qwave_batch.report.job_details import job_details
from qwave_batch.report.original_files import Originals, keep_originals
from qwave_batch.report.report_folder import DetailFiles, ReportFolder, report_folder, revision_of
from qwave_batch.report.report_index import ReportIndex, reported_folders
from qwave_batch.report.report_request import DEFAULT_NAME, ReportRequest, ReportWritten
from qwave_batch.report.reported_scores import ReportedScores
from qwave_batch.report.score_remarks import ScoreRemarks, open_score_remarks
from qwave_batch.report.thumbnail_making import make_thumbnails
from qwave_batch.report.thumbnail_store import ThumbnailStore, open_thumbnails
from qwave_batch.scoring.kept_scores import KeptScores, read_kept_scores
from qwave_batch.voting.voting_results import voting_results


def write_report(
    request: ReportRequest,
    on_work: OnWork = ignore_work,
    *,
    clock: Clock | None = None,
    thumbnails: ThumbnailStore | None = None,
    threads: int | None = None,
    executor: Executor | None = None,
) -> ReportWritten:
    """Write a report of run folders, or bring one up to date. It blocks: call it in a thread.

    Args:
        request: The folders, and where the report goes.
        on_work: Told of its progress.
        clock: For the time at which it is made; the system's without it.
        thumbnails: The open thumbnails of the report, which a run at work adds to; opened here without them.
        threads: How many images are decoded at once; None for as many as there are cores.
        executor: The Ray whose workers make thumbnails; None for threads.

    Raises:
        UsageError: the place of the report is not right; nothing was written.
        FolderError: a folder is not a run folder.
        BrokenVotes: a folder's votes or picks are not as an import leaves them.
        FolderBusy: another report is writing into the same place.
        StorageError: the disk fails.
    """
    if not request.folders:
        raise UsageError("there is no run folder to report on")
    with ExitStack() as stack:
        readers = [stack.enter_context(open_folder(folder)) for folder in request.folders]
        out = _place_of(request, readers)
        workers = stack.enter_context(opened_workers(executor, [reader.layout for reader in readers]))
        folder = stack.enter_context(report_folder(out))
        store = thumbnails or stack.enter_context(open_thumbnails(out))
        return _Report(readers, folder, store, on_work, clock or SystemClock(), threads, workers).write()


def _place_of(request: ReportRequest, readers: Sequence[FolderReader]) -> Path:
    if request.out is not None:
        return request.out.absolute()
    layout = readers[0].layout
    if layout.store is not None:
        raise UsageError(f"a report is a folder on this machine: name one for {layout.address}")
    return layout.root.absolute() / DEFAULT_NAME


@dataclass(slots=True)
class _Report:
    readers: Sequence[FolderReader]
    folder: ReportFolder
    store: ThumbnailStore
    on_work: OnWork
    clock: Clock
    threads: int | None
    workers: Workers | None
    images: int = 0
    index: ReportIndex = field(init=False)
    scores: list[KeptScores] = field(init=False)
    said: str = ""
    """Differs when scorers said something else, which the index does not hold."""

    def write(self) -> ReportWritten:
        self.scores = [read_kept_scores(reader) for reader in self.readers]
        thumbnails = make_thumbnails(self.readers, self.store, self.on_work, threads=self.threads, workers=self.workers)
        originals = keep_originals(self.readers, self.folder.path, self.on_work)
        self.index = ReportIndex(
            folders=reported_folders(self.readers), tiny_of=thumbnails.tiny_of, scores=ReportedScores(self.scores)
        )
        details = DetailFiles(self.folder)
        picks = picks_json(self.readers)
        for number, reader in enumerate(self.readers):
            with open_score_remarks(reader, self.scores[number]) as remarks:
                self._add(number, reader, details, originals, remarks)
        details.flush()
        is_live = any(reader.header().holder is not None for reader in self.readers)
        self._write_data(picks, is_live=is_live)
        return ReportWritten(
            out=self.folder.path,
            jobs=len(self.index.jobs),
            images=self.images,
            without_thumbnail=thumbnails.unmade,
            without_original=[
                each.file.path for each in originals.missing if thumbnails.tiny_of(each.sha256) is not None
            ],
            is_live=is_live,
            files_written=self.folder.written,
        )

    def _write_data(self, picks: list[Json], *, is_live: bool) -> None:
        index = self.index.as_json()
        figures = figure_numbers(self.readers, folder_labels(self.readers), self.scores).as_json()
        results = voting_results(self.readers)
        revision = revision_of([index, picks, results, figures, *filter(None, [self.said])])
        self.folder.write_data("index", {"revision": revision, **index})
        self.folder.write_data("picks", picks)
        self.folder.write_data("results", results)
        self.folder.write_data("figures", figures)
        self.folder.write_page()
        made_at = iso_from_unix(self.clock.now())
        self.folder.write_data("revision", {"revision": revision, "live": is_live, "made_at": made_at})
        self.folder.finish()

    def _add(
        self, number: int, reader: FolderReader, details: DetailFiles, originals: Originals, remarks: ScoreRemarks
    ) -> None:
        layout = reader.layout
        root = None if layout.store is not None else layout.root.absolute()
        specs = SpecRestorer(layout, reader.header().summary or {}, self.folder.path.parent, ParentLines(reader))
        for found in all_jobs(reader):
            spec = specs.spec_of(found)
            line = _as_far_as_brought(found.line, originals)
            self.index.add(number, line)
            said = [remarks.of(line.job_id, at, image.sha256) for at, image in enumerate(line.images)]
            told = [each.as_json() for each in said]
            self.said = revision_of([self.said, told]) if any(told) else self.said
            details.add(job_details(line, folder=root, out=self.folder.path, spec=spec, said=said))
            self.images += len(line.images)
            self.on_work(WorkProgress(done=len(self.index.jobs), doing="reading the folders"))


def _as_far_as_brought(line: ManifestLine, originals: Originals) -> ManifestLine:
    """Return the line of a job; one whose images a run has stored since they were brought here is still pending."""
    if all(originals.was_looked_for(image.sha256) for image in line.images):
        return line
    return replace(line, status=JobStatus.PENDING, images=())
