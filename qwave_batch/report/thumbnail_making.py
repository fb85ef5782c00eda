"""Makes the thumbnails of run folders, on all cores: those that are not there yet, and no more."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from qwave_batch.errors import QwaveError
from qwave_batch.executors.workers import Workers
from qwave_batch.folder.inspection_processes import cores
from qwave_batch.imaging.thumbnail import Thumbnail
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.output.image_files import in_threads, threads_over
from qwave_batch.report.kept_thumbnails import MADE, KeptThumbnail, path_of_name, read_thumbnail_record, still_there
from qwave_batch.report.reported_images import ReportedImage, images_of
from qwave_batch.report.thumbnail_images import made_by_workers, thumbnail_from
from qwave_batch.report.thumbnail_store import ThumbnailStore

_DOING = "making thumbnails"
_BESIDE = "report/"
"""The place in a run folder of its own report."""
_AHEAD_OF_A_THREAD = 4

_Places: TypeAlias = Sequence[ReportedImage]
"""Of one image; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmadeThumbnail:
    """An image that has no thumbnail, and why."""

    folder: int
    """Which of the readers has it, from 0."""
    job_id: str
    path: str
    """Relative to the run folder."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnails:
    """The thumbnails of some run folders."""

    store: ThumbnailStore = field(repr=False)
    unmade: Sequence[UnmadeThumbnail]
    made: int
    taken: int
    """Those that another report had already."""
    kept: int
    """Those that were there."""
    removed: int
    """Those of images that are in none of the folders any more."""

    def tiny_of(self, sha256: str) -> str | None:
        """Return the nine pixels that stand in for an image; None for one that has no thumbnail."""
        return self.store.tiny(sha256)


def make_thumbnails(
    readers: Sequence[FolderReader],
    store: ThumbnailStore,
    on_work: OnWork = ignore_work,
    *,
    threads: int | None = None,
    workers: Workers | None = None,
) -> Thumbnails:
    """Make the thumbnails of all images of some run folders that ``store`` lacks; it removes those of no image.

    An image that is missing, damaged or can't be decoded ends nothing: it has no thumbnail.

    Args:
        readers: The run folders.
        store: The thumbnails of the report. Images of a run at work may add theirs meanwhile.
        on_work: Told how many are made.
        threads: How many images are decoded at once; None for as many as there are cores.
        workers: They make the thumbnails, which are kept here as they come, of folders that they reach; None for
            threads.

    Raises:
        StorageError: the disk fails, or a store can't be reached.
        FolderError: a folder's lines can't be read.
    """
    before = store.refresh()
    wanted = images_of(readers)
    taken = _take(readers, store, [name for name in wanted if not store.has(name)])
    lacking = [places for name, places in wanted.items() if not store.has(name)]
    unmade: list[UnmadeThumbnail] = []
    for number, ((image, *_), fault) in enumerate(_made(readers, store, lacking, threads, workers), start=1):
        if fault is not None:
            unmade.append(UnmadeThumbnail(folder=image.folder, job_id=image.job_id, path=image.file.path, reason=fault))
        on_work(WorkProgress(done=number, total=len(lacking), doing=_DOING))
    return Thumbnails(
        store=store,
        unmade=unmade,
        made=len(lacking) - len(unmade),
        taken=taken,
        kept=len(before & wanted.keys()),
        removed=store.remove(before - wanted.keys()),
    )


def _made(
    readers: Sequence[FolderReader],
    store: ThumbnailStore,
    lacking: Sequence[_Places],
    threads: int | None,
    workers: Workers | None,
) -> Iterator[tuple[_Places, str | None]]:
    """Make thumbnails, and yield the places of each image with the reason why there is none, or None."""

    def keep(places: _Places, made: Thumbnail | str) -> str | None:
        if isinstance(made, str):
            return made
        store.add(places[0].sha256, made)
        return None

    if workers is not None:
        by_workers = made_by_workers(workers, [reader.layout for reader in readers], lacking)
        return ((places, keep(places, made)) for places, made in by_workers)
    if threads is None:
        is_remote = any(reader.layout.artifacts.is_remote for reader in readers)
        threads = threads_over(*(reader.layout.artifacts for reader in readers)) if is_remote else cores()

    def make(places: _Places) -> str | None:
        return keep(places, thumbnail_from(readers, [(image.folder, image.file) for image in places]))

    return in_threads(make, lacking, threads=threads, ahead=_AHEAD_OF_A_THREAD * threads)


def _take(readers: Sequence[FolderReader], store: ThumbnailStore, lacking: Sequence[str]) -> int:
    """Take what the run folders' own reports have already, by name, and return how many those are."""
    taken = 0
    for reader in readers if lacking else ():
        others = _beside(reader, store)
        for name in lacking:
            if name in others and not store.has(name):
                taken += store.take(reader.layout.tree, _BESIDE + path_of_name(name), name, others[name])
    return taken


def _beside(reader: FolderReader, store: ThumbnailStore) -> dict[str, KeptThumbnail]:
    """Return the thumbnails in the report that lies in a run folder; none where that is the report at hand."""
    tree = reader.layout.tree
    if reader.layout.is_view or (reader.layout.root / _BESIDE).resolve() == store.path.resolve():
        return {}
    with suppress(OSError, QwaveError):  # a link stands there, or the like
        return still_there(tree, read_thumbnail_record(tree, _BESIDE + MADE), _BESIDE)
    return {}
