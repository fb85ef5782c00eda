"""Makes the pictures of a layout out of the images of run folders; several at a time."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from qwave_batch.bench.layouts.bench_spool import SpooledJob
from qwave_batch.bench.layouts.picture_plan import MissingRule, PicturePlan, SquareRule
from qwave_batch.bench.layouts.picture_record import as_text, changes_in, told_of_part, told_of_row
from qwave_batch.bench.layouts.plain_picture import (
    BLACK,
    PictureChange,
    PlainPicture,
    encoded_picture,
    is_as_wanted,
    lifted_from_black,
    plain_picture,
    square,
)
from qwave_batch.bench.layouts.row_images import FoundImage, MissingImage, MissingKind, RowImage
from qwave_batch.bench.layouts.scorer_layout import GRID, ScorerLayout
from qwave_batch.export.edit_inputs import InputRole, with_role
from qwave_batch.export.export_inputs import ExportInputs, InputMissing
from qwave_batch.export.export_rows import ExportRow
from qwave_batch.export.image_encoding import UnreadableImage
from qwave_batch.export.image_loading import ImageLoader, UnusableImage
from qwave_batch.export.splits import TRAIN
from qwave_batch.model.jsontypes import Json

_RECIPE = 1
"""Grows with each change in how a picture is made, so that pictures of an earlier version are made anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeFile:
    """A file of the output."""

    path: str
    data: bytes | None
    """None for one that an earlier export has made already."""
    key: str
    """Stands for all that it is made of."""
    told: str
    """The record's words on it, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePicture:
    """A picture, or what is missing of it."""

    files: tuple[MadeFile, ...] = ()
    """None where it is left out, or nothing is to be exported."""
    missing: tuple[MissingImage, ...] = ()
    """The images that are not there."""
    is_blocked: bool = False
    """Whether it can't be made, and black can't take its place."""
    changes: tuple[PictureChange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """An image that was read, with what the record says of it."""

    told: dict[str, Json]
    data: bytes | None
    """None for one that is missing."""


@dataclass(slots=True, kw_only=True)
class PictureMaker:
    """Makes pictures; its calls may come from many threads."""

    layout: ScorerLayout
    loader: ImageLoader
    inputs: ExportInputs
    runs: Sequence[str]
    """The names of the run folders."""
    missing: MissingRule
    square: SquareRule
    is_only_looking: bool = False
    """Whether images are only read, to find all that are missing: nothing will be exported."""

    def key_of(self, plan: PicturePlan) -> str:
        """Return what stands for the picture if all of its images are there that are on record."""
        images = enumerate(plan.images, start=plan.first)
        return self._key(plan, [told_of_part(self.runs, number, image) for number, image in images])

    def make(self, plan: PicturePlan, known: str | None) -> MadePicture:
        """Return a picture.

        Args:
            plan: The picture.
            known: The record's words on the file that an earlier export has made by ``key_of``; None without one.

        Raises:
            StorageError: a store is not reached.
        """
        parts: list[_Part] = []
        missing: list[MissingImage] = []
        for number, image in enumerate(plan.images, start=plan.first):
            found = self._read(plan, number, image)
            if isinstance(found, MissingImage):
                missing.append(found)
                found = _Part(told_of_part(self.runs, number, image, found), None)
            parts.append(found)
        edited = self._edited(plan)
        if isinstance(edited, MissingImage):
            return MadePicture(missing=(*missing, edited), is_blocked=True)
        if self.is_only_looking or (missing and self.missing is not MissingRule.BLACK):
            return MadePicture(missing=tuple(missing))
        key = self._key(plan, [part.told for part in parts])
        try:
            if known is not None and key == self.key_of(plan):
                file, changes = MadeFile(path=plan.path, data=None, key=key, told=known), changes_in(known)
            else:
                file, changes = self._drawn(plan, parts, key)
        except _PartUnreadable as error:
            return self.make(_without(plan, error), None)
        return MadePicture(files=(file, *([] if edited is None else [edited])), missing=tuple(missing), changes=changes)

    def _read(self, plan: PicturePlan, number: int, image: RowImage) -> _Part | MissingImage:
        if isinstance(image, MissingImage):
            return image
        reasons: list[str] = []
        for folder in (image.job.folder, *image.job.also):
            found = self.loader.load(_row_of(image, folder, self.runs))
            if not isinstance(found, UnusableImage):
                return _Part({**told_of_part(self.runs, number, image), "folder": self.runs[folder]}, found.data)
            reasons.append(found.reason)
        return _unusable(plan, number, image, reasons[0])

    def _edited(self, plan: PicturePlan) -> MadeFile | MissingImage | None:
        """Return the image that was edited, as a file; None in a layout without it."""
        if plan.edited_path is None:
            return None
        job = plan.edited_by
        if job is None:
            return _lost_input(plan, "no job says which image was to be edited")
        row = _row_of_job(job, self.runs)
        images = with_role(self.inputs.of(row), InputRole.INPUT)
        if not images or not images[0].is_stored:
            return _lost_input(plan, "the image that was to be edited is not in inputs/")
        try:
            data = self.inputs.stored(row, images[0])
            picture = plain_picture(data)
        except (InputMissing, UnreadableImage) as error:
            return _lost_input(plan, str(error))
        made = (
            data if is_as_wanted(data, picture, self.layout.form) else encoded_picture(picture.image, self.layout.form)
        )
        told: dict[str, Json] = {
            "path": plan.edited_path,
            **told_of_row(plan, made),
            "parts": [
                {
                    "folder": row.run,
                    "job_id": row.line.job_id,
                    "input": images[0].field,
                    "sha256": images[0].source.partition(":")[2],
                    "changes": [*picture.changes, *([] if made is data else [PictureChange.CONVERTED])],
                }
            ],
        }
        return MadeFile(path=plan.edited_path, data=made, key="", told=as_text(told))

    def _drawn(self, plan: PicturePlan, parts: Sequence[_Part], key: str) -> tuple[MadeFile, tuple[PictureChange, ...]]:
        pictures = list(self._pictures(plan, parts))
        data = self._own_bytes(parts, pictures)
        if data is None:
            data = encoded_picture(_tiled(pictures) if self.layout.is_grid else pictures[0].image, self.layout.form)
        changes: list[PictureChange] = []
        for part, picture in zip(parts, pictures, strict=True):
            done = [*picture.changes, *self._encoding_changes(part, data)]
            part.told["changes"] = [*done]
            changes += done
        told: dict[str, Json] = {
            "path": plan.path,
            **told_of_row(plan, data),
            "parts": [part.told for part in parts],
        }
        return MadeFile(path=plan.path, data=data, key=key, told=as_text(told)), tuple(changes)

    def _pictures(self, plan: PicturePlan, parts: Sequence[_Part]) -> Iterator[PlainPicture]:
        for at, part in enumerate(parts):
            if part.data is None:
                yield PlainPicture(Image.new("RGB", plan.size, BLACK), (PictureChange.BLACK,))
                continue
            try:
                picture = plain_picture(part.data)
            except UnreadableImage as error:
                raise _PartUnreadable(at, str(error)) from error
            if self.layout.is_grid:
                picture = square(picture, plan.size[0], is_padded=self.square is SquareRule.PAD)
            yield lifted_from_black(picture) if self.layout.drops_black else picture

    def _own_bytes(self, parts: Sequence[_Part], pictures: Sequence[PlainPicture]) -> bytes | None:
        """Return the bytes of the run's file where they are what the layout wants."""
        data = parts[0].data
        if self.layout.is_grid or data is None or not is_as_wanted(data, pictures[0], self.layout.form):
            return None
        return data

    def _encoding_changes(self, part: _Part, data: bytes) -> Iterator[PictureChange]:
        if self.layout.is_grid:
            yield PictureChange.TILED
        if part.data is not None and part.data is not data:
            yield PictureChange.CONVERTED

    def _key(self, plan: PicturePlan, parts: Sequence[dict[str, Json]]) -> str:
        """Return what stands for a picture: its parts, the row that it is of, and all that shapes its pixels."""
        layout = self.layout
        shape: list[Json] = [_RECIPE, layout.form.value, layout.is_grid, layout.drops_black, *plan.size]
        row: list[Json] = [plan.path, plan.model, plan.row.prompt_id]
        return hashlib.sha256(as_text([*shape, self.square.value, *row, *parts]).encode()).hexdigest()


class _PartUnreadable(Exception):
    def __init__(self, at: int, reason: str) -> None:
        self.at = at
        super().__init__(reason)


def _without(plan: PicturePlan, error: _PartUnreadable) -> PicturePlan:
    """Return a picture's plan without an image that is whole by its hash, and still does not decode."""
    image = plan.images[error.at]
    assert isinstance(image, FoundImage)  # noqa: S101 - it had bytes
    lost = _unusable(plan, plan.first + error.at, image, str(error))
    return replace(plan, images=tuple(lost if at == error.at else each for at, each in enumerate(plan.images)))


def _tiled(pictures: Sequence[PlainPicture]) -> Image.Image:
    """Return a grid of two rows: top left, top right, bottom left, bottom right."""
    assert len(pictures) == GRID, len(pictures)  # noqa: S101 - the layout's check has seen to it
    side = pictures[0].image.width
    grid = Image.new("RGB", (2 * side, 2 * side), BLACK)
    for at, picture in enumerate(pictures):
        grid.paste(picture.image, (at % 2 * side, at // 2 * side))
    return grid


def _row_of(image: FoundImage, folder: int, runs: Sequence[str]) -> ExportRow:
    return ExportRow(
        folder=folder,
        run=runs[folder],
        line=image.job.line,
        image=image.job.line.images[image.index],
        image_index=image.index,
        split=TRAIN,
    )


def _row_of_job(job: SpooledJob, runs: Sequence[str]) -> ExportRow:
    return ExportRow(folder=job.folder, run=runs[job.folder], line=job.line, image=None, image_index=None, split=TRAIN)


def _unusable(plan: PicturePlan, number: int, image: FoundImage, reason: str) -> MissingImage:
    line = image.job.line
    return MissingImage(
        model=plan.model,
        part=plan.row.part,
        number=plan.row.number,
        image=number,
        kind=MissingKind.UNUSABLE,
        job_id=line.job_id,
        prompt_id=line.prompt_id,
        prompt=line.prompt,
        reason=f"{line.images[image.index].path}: {reason}",
    )


def _lost_input(plan: PicturePlan, reason: str) -> MissingImage:
    return MissingImage(
        model=plan.model,
        part=plan.row.part,
        number=plan.row.number,
        image=plan.first,
        kind=MissingKind.UNUSABLE,
        job_id=None if plan.edited_by is None else plan.edited_by.line.job_id,
        prompt_id=plan.row.prompt_id,
        prompt=plan.row.prompt,
        reason=reason,
    )
