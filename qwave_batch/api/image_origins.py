"""The origin of an image: the job, the line and the folder that made it, and the spec that asks for it again."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.api.restored_specs import OriginNote, SpecRestorer
from qwave_batch.api.run_folders_near import run_folders_at, run_folders_near
from qwave_batch.errors import QwaveError, StorageError, UsageError
from qwave_batch.export.export_record import recorded_source
from qwave_batch.export.marks.mark_reading import read_mark
from qwave_batch.files.regular_files import open_regular, system_reason
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.folder_reader import FolderReader, open_folder
from qwave_batch.output.image_search import FoundJob, WantedImage, jobs_of_image
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.output.summary import read_summary
from qwave_batch.spec.loading import load_spec

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})", re.IGNORECASE)
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOrigin:
    """A job that made an image."""

    folder: str
    """The run folder as it was found or named, or the address of a store."""
    job_id: str
    number: int | None
    """The number of its line in ``manifest.jsonl``, from 1; None when the plan no longer holds it."""
    path: str | None
    """The run's file, in the folder; None where only the job is known, by a mark."""
    prompt_id: str
    model: str
    spec_name: str | None
    spec_sha256: str | None
    """The hash of the folder's spec; None where the folder does not say."""
    catalog: str | None
    spec: str | None = field(repr=False)
    """The smallest spec that gives the same job id; None where it can't be written."""
    notes: tuple[OriginNote, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Return the object that programs get."""
        return {
            "job_id": self.job_id,
            "folder": self.folder,
            "spec_sha256": self.spec_sha256,
            "line": self.number,
            "spec": self.spec,
        }


@dataclass(frozen=True, slots=True)
class OriginSearch:
    """All that was found out about an image."""

    origins: tuple[ImageOrigin, ...]
    """By folder in the order in which they were searched, then by line."""
    searched: int
    """The number of folders."""
    unread: tuple[QwaveError, ...] = ()
    """Errors of folders that nobody named, which were passed over."""

    def as_json(self) -> dict[str, Json] | None:
        """Return the first origin, with the ``others`` where there are more; None when nobody made the image."""
        if not self.origins:
            return None
        first, *others = (origin.as_json() for origin in self.origins)
        return {**first, "others": [*others]} if others else first


def _wanted_image(text: str) -> tuple[WantedImage, Path | None]:
    """Return what to look for by the name of a file or a SHA-256, and the path of the file.

    Raises:
        UsageError: it is neither.
        StorageError: the file can't be read.
    """
    path = Path(text)
    try:
        with open_regular(path) as file:
            start = file.read(MAX_IMAGE_BYTES + 1)
            digest = hashlib.sha256(start)
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        if found := _SHA256.fullmatch(text):
            return WantedImage(frozenset({found[1].lower()})), None
        raise UsageError(f"there is no file {text}, and it is not a SHA-256 of 64 hex digits") from None
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        raise StorageError(f"cannot read {text}: {reason}") from error
    mark = read_mark(start) if len(start) <= MAX_IMAGE_BYTES else None
    sources = (digest.hexdigest(), mark.source_sha256 if mark else None, recorded_source(path, digest.hexdigest()))
    return WantedImage(frozenset(filter(None, sources)), mark.job_id if mark else None), path


def find_origins(image: str | Path, folders: Sequence[str | Path] = (), *, beside: Path | None = None) -> OriginSearch:
    """Return the jobs that made an image.

    Args:
        image: A file, or a SHA-256 in hex. A file is known by its bytes, by the mark in an exported copy, or by the
            record of the export that it lies in.
        folders: Run folders, addresses of stores, or folders with run folders directly in them. Without any, the run
            folder around the file is searched and all below the current folder, and those that can't be read are
            passed over.
        beside: The folder that specs name files from; the current one if it is None.

    Raises:
        UsageError: the image is neither a file nor a hash, or a folder is not a run folder.
        StorageError: the file or a folder that was named can't be read.
    """
    wanted, file = _wanted_image(str(image))
    here = Path.cwd() if beside is None else beside
    named = [found for folder in folders for found in run_folders_at(folder)]
    return _search(wanted, named or run_folders_near(file, here), here, passes_over_broken=not named)


def _search(
    wanted: WantedImage, folders: Sequence[str | Path], beside: Path, *, passes_over_broken: bool
) -> OriginSearch:
    unread: list[QwaveError] = []
    origins: list[ImageOrigin] = []
    for asked in _by_what_is_surer(wanted):
        unread = []
        for folder in folders:
            try:
                with open_folder(folder) as reader:
                    origins += _OriginsInFolder(reader, asked, beside).found()
            except (UsageError, StorageError) as error:
                if not passes_over_broken:
                    raise
                unread.append(error)
        if origins:
            break
    return OriginSearch(tuple(origins), len(folders), tuple(unread))


def _by_what_is_surer(wanted: WantedImage) -> Iterator[WantedImage]:
    """Yield what to look for, the surer first: folders that share a job have different images of it."""
    yield replace(wanted, job_id=None)
    if wanted.job_id is not None:
        yield WantedImage(frozenset(), wanted.job_id)


@dataclass(frozen=True, slots=True)
class _OriginsInFolder:
    reader: FolderReader
    wanted: WantedImage
    beside: Path

    def found(self) -> Iterator[ImageOrigin]:
        summary: JsonObject | None = None
        for job in jobs_of_image(self.reader, self.wanted):
            summary = summary or read_summary(self.reader.layout) or self._told_by_spec()
            yield self._origin(job, summary)

    def _told_by_spec(self) -> dict[str, Json]:
        """Return what a summary would say, of a folder whose first run was killed before it wrote one."""
        with suppress(QwaveError):
            spec = load_spec(self.reader.layout.spec)  # of a store only a path that is not there
            return {"name": spec.name, "catalog": spec.catalog, "spec_sha256": spec.sha256}
        return {"name": None}

    def _origin(self, found: FoundJob, summary: JsonObject) -> ImageOrigin:
        file = self.wanted.file_of(found.line)
        restorer = SpecRestorer(self.reader.layout, summary, self.beside, ParentLines(self.reader))
        spec, notes = restorer.restored(found)
        if found.number is None:
            notes = (OriginNote.LEFT_PLAN, *notes)
        return ImageOrigin(
            folder=self.reader.layout.address,
            job_id=found.line.job_id,
            number=found.number,
            path=file.path if file else None,
            prompt_id=found.line.prompt_id,
            model=found.line.model,
            spec_name=_text_at(summary, "name"),
            spec_sha256=_text_at(summary, "spec_sha256"),
            catalog=_text_at(summary, "catalog"),
            spec=spec,
            notes=notes,
        )


def _text_at(summary: JsonObject, key: str) -> str | None:
    value = summary.get(key)
    return value if isinstance(value, str) else None
