"""Exporting run folders: opened, selected, and written by a format."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qwave_batch import quality
from qwave_batch.api.folder_inputs import inputs_of_folders
from qwave_batch.api.worker_opening import Executor, opened_workers
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import UsageError
from qwave_batch.executors.workers import Workers
from qwave_batch.export.author_card import NO_CARD, read_card
from qwave_batch.export.export_notes import Notes
from qwave_batch.export.export_request import ExportRequest, FileMode
from qwave_batch.export.formats import Format, Option, format_named
from qwave_batch.export.image_change import ImageChange
from qwave_batch.export.image_loading import ImageLoader
from qwave_batch.export.open_export import OpenExport
from qwave_batch.export.origin import origin_of
from qwave_batch.export.out_file import OutFile, check_out_file
from qwave_batch.export.out_folder import ORIGIN, OutCounts, check_out_folder, check_outside_of_runs, out_folder
from qwave_batch.export.row_spool import row_spool
from qwave_batch.export.selection import IsDropped, LeftOut, select_rows
from qwave_batch.export.worker_loading import WorkerImageLoader, reaches_output
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader, open_folder
from qwave_batch.output.versions import PROGRAM, version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """The result of an export."""

    out: Path
    rows: int
    splits: Mapping[str, int]
    """Rows by split."""
    left_out: Mapping[LeftOut, int]
    """Jobs and images without a row, by reason."""
    notes: Notes = field(repr=False)
    files: OutCounts
    """Files that were written, unchanged and removed."""
    takes_failed: bool = field(repr=False)
    """Whether the format has a place for jobs without an image."""

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``export --json`` prints."""
        return {
            "out": str(self.out),
            "rows": self.rows,
            "splits": dict(self.splits),
            "left_out": {reason.value: number for reason, number in self.left_out.items()},
            "files": {"written": self.files.written, "unchanged": self.files.unchanged, "removed": self.files.removed},
            "notes": self.notes.as_json(),
        }

    @property
    def is_complete(self) -> bool:
        """Whether every selected image is in the export: exit status 0."""
        return self.notes.is_complete


def export_folders(
    request: ExportRequest,
    on_work: OnWork = ignore_work,
    *,
    catalogs: CatalogSource = SHIPPED,
    executor: Executor | None = None,
) -> ExportReport:
    """Make a dataset of run folders, or bring one up to date.

    Args:
        request: The dataset to make.
        on_work: Told of its progress.
        catalogs: The catalogs to look in for those that the folders were made with, which say where input images are.
        executor: Reads, checks and changes the images; None for this process. The export is the same.

    Raises:
        WorkersUnusable: the workers can't be reached; nothing was written.
        UsageError: the format, an option, the condition, the split or the output is not right; nothing was written.
        FolderError: a folder is not a run folder.
        MissingExtra: the format needs what is not installed.
        StorageError: the disk fails.
    """
    form = format_named(request.format, request.out)
    write = form.writer_of(request.format)
    _check_options(request, form)
    _check_places(request, form)
    card = NO_CARD if request.card is None else read_card(request.card)
    with ExitStack() as stack:
        readers = [stack.enter_context(open_folder(Path(folder))) for folder in request.folders]
        if request.files is FileMode.SYMLINK and any(reader.layout.artifacts.is_remote for reader in readers):
            raise UsageError("a symbolic link can't lead into an object store; copy the images")
        workers = stack.enter_context(opened_workers(executor, [reader.layout for reader in readers]))
        dropped = _findings(request, readers)
        spool = stack.enter_context(row_spool(folder_labels(readers)))
        selected = select_rows(request, readers, dropped, spool, on_work)
        export = OpenExport(
            request=request,
            readers=readers,
            selected=selected,
            loader=_loader(request, readers, workers),
            origin=origin_of(request, readers, selected, version=version_of(PROGRAM)),
            on_work=on_work,
            card=card,
            inputs=stack.enter_context(inputs_of_folders(readers, catalogs, os.environ, is_fetching=form.has_edits)),
        )
        counts = _write(export, form, write)
        return ExportReport(
            out=request.out,
            rows=sum(export.written_splits.values()),
            splits=export.written_splits,
            left_out={**selected.left_out, **export.left_out},
            notes=export.notes,
            files=counts,
            takes_failed=Option.FAILED in form.options,
        )


def _loader(request: ExportRequest, readers: Sequence[FolderReader], workers: Workers | None) -> ImageLoader:
    catalogs = tuple(map(_catalog_of, readers)) if request.image.marks else ()
    if workers is None:
        return ImageLoader(readers, request.image, catalogs)
    return WorkerImageLoader(readers, request.image, catalogs, workers=workers)


def _write(export: OpenExport, form: Format, write: Callable[[OpenExport, Any], None]) -> OutCounts:
    """Bring the output to what is selected; return how many of its files that has changed."""
    request = export.request
    if form.is_folder:
        with out_folder(request.out, format_name=request.format, loader=export.loader, mode=request.files) as folder:
            if isinstance(export.loader, WorkerImageLoader) and reaches_output(export.loader.workers, folder.tree):
                out = os.path.abspath(folder.tree.root)  # noqa: PTH100 - without ..
                export.loader = folder.loader = replace(export.loader, out=out)
            write(export, folder)
            folder.write(ORIGIN, export.origin.as_bytes())
            folder.finish()
            return folder.counts
    file = OutFile(request.out)
    write(export, file)
    file.write_origin(export.origin.as_bytes())
    return OutCounts(written=int(file.is_changed), unchanged=int(not file.is_changed))


def _catalog_of(reader: FolderReader) -> str | None:
    """Return the date of a folder's catalog; None where its summary does not say."""
    date = (reader.header().summary or {}).get("catalog")
    return date if isinstance(date, str) else None


def _check_options(request: ExportRequest, form: Format) -> None:
    asked = {
        Option.IMAGE: request.image != ImageChange(),
        Option.FILES: request.files is not FileMode.COPY,
        Option.NO_IMAGES: not request.has_images,
        Option.JSON: request.has_json,
        Option.CARD: request.card is not None,
        Option.FAILED: request.has_failed,
    }
    unread = sorted(option.value for option, is_asked in asked.items() if is_asked and option not in form.options)
    if unread:
        raise UsageError(f"the format {request.format} {_HAS_NO_USE[Option(unread[0])]}")
    if request.files is not FileMode.COPY and not request.image.keeps_bytes:
        raise UsageError("links share the run folder's bytes, so images that are changed or marked must be copied")
    if not request.has_images and request.image != ImageChange():
        raise UsageError("without the images there is nothing to change or mark in them")


_HAS_NO_USE: Mapping[Option, str] = {
    Option.IMAGE: "names the run folder's images and does not change or mark them",
    Option.FILES: "makes no files of images that could be links",
    Option.NO_IMAGES: "is nothing without its images; for a table alone use parquet, csv or jsonl",
    Option.JSON: "has no JSON files beside its images",
    Option.CARD: "has no place for the author's words; hf and croissant have",
    Option.FAILED: "is made of images, and has no place for a job without one",
}


def _check_places(request: ExportRequest, form: Format) -> None:
    if not request.folders:
        raise UsageError("there is no run folder to export")
    check_outside_of_runs(request.out)
    if form.is_folder:
        check_out_folder(request.out)
    else:
        check_out_file(request.out)


def _findings(request: ExportRequest, readers: Sequence[FolderReader]) -> Sequence[IsDropped]:
    if not request.drop:
        return [lambda _line, _image: False for _ in readers]
    kinds = quality.checks_file.kinds_named(request.drop)
    return [_dropper(quality.checks_file.read_checks(reader).dropping(kinds)) for reader in readers]


def _dropper(dropping: "quality.checks_file.Dropping") -> IsDropped:
    return lambda _line, image: not dropping.keeps(image.path)
