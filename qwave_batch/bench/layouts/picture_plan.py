"""The pictures of a layout: which images each is made of, and where it goes. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from qwave_batch.bench.layouts.bench_rows import BenchRow, PlaceFault
from qwave_batch.bench.layouts.bench_spool import BenchSpool, SpooledJob
from qwave_batch.bench.layouts.row_images import MissingImage, RowImage, images_of_row
from qwave_batch.bench.layouts.row_places import RowPlace, row_place, shared_beginning
from qwave_batch.bench.layouts.scorer_layout import ScorerLayout
from qwave_batch.errors import UsageError
from qwave_batch.model.portable_paths import component, path_key

DEFAULT_SIDE = 1024
"""Pixels of each side of black pictures, where there is no image to go by."""


class MissingRule(StrEnum):
    """The ways to deal with an image that is missing."""

    FAIL = "fail"
    """Nothing is exported."""
    BLACK = "black"
    """A picture or tile that is black all over takes its place."""
    SKIP = "skip"
    """Its picture is left out, a grid as a whole."""


class SquareRule(StrEnum):
    """The way an image becomes a square."""

    CROP = "crop"
    """Its middle is cut out."""
    PAD = "pad"
    """It is laid in the middle of a black square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PicturePlan:
    """A picture that is to be made."""

    path: str
    """Relative to the output."""
    row: BenchRow
    model: str
    first: int
    """The number of its first image among those of the row."""
    images: tuple[RowImage, ...]
    """One, or the tiles of a grid."""
    size: tuple[int, int]
    """Pixels of a black one; of a grid the size of each tile, black or not."""
    edited_path: str | None = None
    """The path of the image that was edited; None in layouts without it."""
    edited_by: SpooledJob | None = None
    """A job that edited it; None where the folders plan none."""

    @property
    def missing(self) -> tuple[MissingImage, ...]:
        """Its images that no run folder has a record of."""
        return tuple(image for image in self.images if isinstance(image, MissingImage))


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlan:
    """The pictures of a model."""

    layout: ScorerLayout
    model: str
    folder: str
    """The folder of its files below the output, with a slash at the end; empty for the output itself."""
    side: int
    """Pixels of each side of a tile."""
    size: tuple[int, int]
    """Pixels of a black picture that is not a tile."""

    def pictures(self, spool: BenchSpool) -> Iterator[PicturePlan]:
        """Yield the pictures in the benchmark's order.

        Raises:
            UsageError: a row can't be placed, or has more images than places.
        """
        most = spool.most_images(self.model)
        for row, jobs in spool.rows(self.model):
            self.layout.check(row)
            images = images_of_row(row, self.model, jobs, most=most)
            for number in self.layout.firsts(row):
                yield self._picture(row, jobs, number, images if self.layout.is_grid else (images[number],))

    def beside(self, row: BenchRow) -> tuple[str, bytes] | None:
        """Return the path and the content of the file that belongs to a row; None in layouts without one."""
        try:
            found = self.layout.beside_row(row)
        except PlaceFault as fault:
            raise UsageError(f"{row}: {fault}") from fault
        return None if found is None else (f"{self.folder}{found[0]}", found[1])

    def place(self, row: BenchRow, number: int) -> RowPlace:
        """Return the place of a picture.

        Raises:
            UsageError: its scorer could not read it in any.
        """
        try:
            return row_place(self.layout, row, number, folder=self.folder, model=component(self.model))
        except PlaceFault as fault:
            raise UsageError(f"{row}: {fault}") from fault

    def _picture(
        self, row: BenchRow, jobs: Sequence[SpooledJob], number: int, images: tuple[RowImage, ...]
    ) -> PicturePlan:
        place = self.place(row, number)
        return PicturePlan(
            path=place.path,
            row=row,
            model=self.model,
            first=number,
            images=images,
            size=(self.side, self.side) if self.layout.is_grid else self.size,
            edited_path=place.edited_path,
            edited_by=jobs[0] if jobs else None,
        )


def model_plans(
    layout: ScorerLayout, models: Sequence[str], spool: BenchSpool, *, is_shared: bool, side: int | None
) -> tuple[ModelPlan, ...]:
    """Return the plan of each model.

    Args:
        layout: The layout.
        models: The models to export.
        spool: Their jobs.
        is_shared: Whether no model has a folder of its own: there is one only, or paths hold the models' names.
        side: Pixels of a tile's side; None for what most images of the model have.

    Raises:
        UsageError: two models have one name as a folder.
    """
    names: dict[str, str] = {}
    for model in models:
        other = names.setdefault(path_key(component(model)), model)
        if other != model:
            raise UsageError(
                f'the models "{other}" and "{model}" would both lie in {component(model)}; export them one at a time'
            )
    return tuple(
        ModelPlan(
            layout=layout,
            model=model,
            folder="" if is_shared else f"{component(model)}/",
            side=side or spool.side(model) or DEFAULT_SIDE,
            size=spool.size(model) or (DEFAULT_SIDE, DEFAULT_SIDE),
        )
        for model in models
    )


def check_places(plan: ModelPlan, spool: BenchSpool) -> Iterator[PicturePlan]:
    """Yield the pictures of a model, after having seen that no two of them share a place.

    Raises:
        UsageError: two do, or an entry can't be placed at all.
    """
    for picture in plan.pictures(spool):
        told = f'{picture.row} ("{picture.row.prompt_id}")'
        for key, name in plan.place(picture.row, picture.first).claims(plan.layout, plan.folder):
            other = spool.claim(key, told)
            if other is not None:
                raise UsageError(
                    f"two different images for one place: {other} and {told} are both to be {name!r:.200}, and "
                    "their scorer could not tell them apart, or a file system that ignores case"
                )
        plan.beside(picture.row)
        yield picture


def check_prefixes(layout: ScorerLayout, spool: BenchSpool) -> None:
    """Refuse names of which one begins with another, where the scorer would take both for the shorter one.

    Raises:
        UsageError: there are two.
    """
    found = spool.prefixed_places() if layout.is_found_by_prefix else None
    if found is not None:
        raise UsageError(shared_beginning(*found))
