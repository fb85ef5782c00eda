"""The thumbnail of one image, made of its file in a run folder: here, or by workers in shards."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from qwave_batch.errors import QwaveError, StorageError
from qwave_batch.executors.image_shards import map_tagged, requested, shard_span, shards_of
from qwave_batch.executors.shared_folder import SharedFolder
from qwave_batch.executors.workers import Work, Workers
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import reason_of
from qwave_batch.imaging.image_inspection import BadImage
from qwave_batch.imaging.thumbnail import Thumbnail, ThumbnailFault, inspect_with_picture, thumbnail_of
from qwave_batch.model.record import ImageFile
from qwave_batch.output.folder_reader import FolderReader
from qwave_batch.report.reported_images import ReportedImage

ImagePlaces: TypeAlias = Sequence[tuple[int, ImageFile]]
"""The places of one image: which of the folders, and the file on record; never empty."""


def thumbnail_from(readers: Sequence[FolderReader], places: ImagePlaces) -> Thumbnail | str:
    """Return the thumbnail of an image, from the first of its places that has it; else why the first one has not.

    Raises:
        StorageError: a store can't be reached.
    """
    reasons: list[str] = []
    for folder, image in places:
        made = _thumbnail_at(readers[folder], image)
        if isinstance(made, Thumbnail):
            return made
        reasons.append(made)
    return reasons[0]


def _thumbnail_at(reader: FolderReader, image: ImageFile) -> Thumbnail | str:
    try:
        file = reader.open_image(image)
        if file is None:
            return "the file is not there"
        with file:
            info, shrinker = inspect_with_picture(file)
        if info.sha256 != image.sha256:
            return "it has other bytes than were recorded"
        return thumbnail_of(shrinker)
    except (BadImage, ThumbnailFault) as fault:
        return str(fault)
    except OSError as error:
        return f"it can't be read: {reason_of(error)}"
    except QwaveError as error:
        if isinstance(error, StorageError) and reader.layout.artifacts.is_remote:
            raise  # a store that is not reached says nothing about its images
        return str(error)


def made_by_workers(
    workers: Workers, layouts: Sequence[RunLayout], images: Sequence[Sequence[ReportedImage]]
) -> Iterator[tuple[Sequence[ReportedImage], Thumbnail | str]]:
    """Yield the places of each image with its thumbnail, or the reason why there is none, in order.

    Raises:
        WorkersGone, StorageError: as ``Workers.map`` and ``thumbnail_from`` do.
    """
    work = Work(_making, tuple(map(SharedFolder.of, layouts)))
    shards = ((shard, tuple(map(_places_of, shard))) for shard in shards_of(images))
    for shard, made in map_tagged(
        workers, work, shards, named=lambda shard: shard_span([places[0].file.path for places in shard])
    ):
        yield from zip(shard, made, strict=True)


def _places_of(images: Sequence[ReportedImage]) -> ImagePlaces:
    """Return the places of an image for workers, who have no use for the signed address that it came from."""
    return tuple((image.folder, replace(image.file, source_url="")) for image in images)


def _making(folders: Sequence[SharedFolder]) -> Callable[[Sequence[ImagePlaces]], list[Thumbnail | str]]:
    """Return what makes the thumbnails of a shard, on a worker."""
    readers = [FolderReader(folder.layout(), None) for folder in folders]

    is_remote = any(reader.layout.artifacts.is_remote for reader in readers)

    def make(shard: Sequence[ImagePlaces]) -> list[Thumbnail | str]:
        make_one = partial(thumbnail_from, readers)
        made = requested(make_one, shard) if is_remote else [make_one(places) for places in shard]
        if any(isinstance(each, str) for each in made):
            for folder, reader in zip(folders, readers, strict=True):
                folder.check_is_there(reader.layout)
        return [_shown(each, folders) if isinstance(each, str) else each for each in made]

    return make


def _shown(reason: str, folders: Sequence[SharedFolder]) -> str:
    for folder in folders:
        reason = folder.as_shown(reason)
    return reason
