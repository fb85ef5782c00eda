"""Writes the pictures of all models and the files beside them, and counts what is missing."""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from qwave_batch.bench.layouts.bench_out import FILES, BenchOut
from qwave_batch.bench.layouts.bench_request import BenchExportReport, BenchExportRequest
from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.bench.layouts.bench_selection import BenchSelection
from qwave_batch.bench.layouts.bench_spool import BenchSpool
from qwave_batch.bench.layouts.listing_file import ListingFile
from qwave_batch.bench.layouts.picture_making import MadeFile, MadePicture, PictureMaker
from qwave_batch.bench.layouts.picture_plan import MissingRule, ModelPlan, PicturePlan, check_places, check_prefixes
from qwave_batch.bench.layouts.plain_picture import PictureChange
from qwave_batch.bench.layouts.row_images import MissingImage, unplanned_images
from qwave_batch.export.out_folder import OutCounts
from qwave_batch.model.work_progress import OnWork, WorkProgress
from qwave_batch.output.image_files import in_threads


@dataclass(slots=True)
class BenchWriter:
    """An export between the selection of its jobs and its end."""

    request: BenchExportRequest
    spool: BenchSpool
    plans: Sequence[ModelPlan]
    maker: PictureMaker
    on_work: OnWork
    total: int = 0
    done: int = 0
    pictures: int = 0
    left_out: int = 0
    blocked: int = 0
    missing: list[MissingImage] = field(default_factory=list)
    changes: dict[PictureChange, int] = field(default_factory=dict)

    def look_ahead(self) -> None:
        """See that every picture has a place of its own, and find the images that no folder has a record of."""
        is_failing = False
        for plan in self.plans:
            for picture in check_places(plan, self.spool):
                self.total += 1
                is_failing = is_failing or bool(picture.missing)
            for part, number, images in self.spool.unplanned():
                is_failing = True
                self.missing += unplanned_images(part, number, images, plan.model)
                self.left_out += 1 if plan.layout.is_grid else images
        check_prefixes(self.maker.layout, self.spool)
        if self.request.missing is MissingRule.BLACK:
            self.blocked = self.left_out  # no job says what such a picture is called
        self.maker.is_only_looking = (is_failing and self.request.missing is MissingRule.FAIL) or bool(self.blocked)

    def write(self, out: BenchOut) -> None:
        """Make the pictures and the files beside them, in the workspace."""
        for plan in self.plans:
            with ExitStack() as stack:
                listing = None
                if plan.layout.listing is not None and not self.maker.is_only_looking:
                    path = f"{FILES}/{plan.folder}{plan.layout.listing.path}"
                    listing = ListingFile(plan.layout.listing, stack.enter_context(out.files.open_file(path)))
                self._write_model(plan, out, listing)
                if listing is not None:
                    listing.end()

    def _write_model(self, plan: ModelPlan, out: BenchOut, listing: ListingFile | None) -> None:
        asked = (
            (picture, out.files.known(f"{FILES}/{picture.path}", self.maker.key_of(picture)))
            for picture in plan.pictures(self.spool)
        )
        described: BenchRow | None = None
        for (picture, _), made in in_threads(lambda each: self.maker.make(*each), asked, **self.maker.loader.pace):
            self.done += 1
            self.on_work(WorkProgress(done=self.done, total=self.total))
            self._count(made)
            if made.files and not self.maker.is_only_looking:
                for file in made.files:
                    _put(out, file)
                beside = plan.beside(picture.row) if described != picture.row else None
                described = picture.row
                if beside is not None:
                    out.files.write(f"{FILES}/{beside[0]}", beside[1])
                if listing is not None:
                    listing.add(picture, self._path_in_listing(plan, picture))

    def _count(self, made: MadePicture) -> None:
        self.missing += made.missing
        self.pictures += bool(made.files)
        self.left_out += not made.files and bool(made.missing)
        self.blocked += made.is_blocked and self.request.missing is MissingRule.BLACK
        for change in made.changes:
            self.changes[change] = self.changes.get(change, 0) + 1
        if (made.missing and self.request.missing is MissingRule.FAIL) or self.blocked:
            self.maker.is_only_looking = True

    def _path_in_listing(self, plan: ModelPlan, picture: PicturePlan) -> str:
        assert plan.layout.listing is not None  # noqa: S101 - the caller has one
        if not plan.layout.listing.is_rooted:
            return picture.path.removeprefix(plan.folder)
        root = str(self.request.out.resolve()) if self.request.root is None else self.request.root.rstrip("/") or "/"
        return picture.path if root == "." else f"{root.rstrip('/')}/{picture.path}"

    def report(self, selection: BenchSelection, files: OutCounts) -> BenchExportReport:
        """Return the result."""
        is_done = not self.maker.is_only_looking
        return BenchExportReport(
            benchmark=self.request.benchmark,
            out=self.request.out,
            models={plan.model: plan.folder for plan in self.plans},
            sides={plan.model: plan.side for plan in self.plans if plan.layout.is_grid},
            rule=self.request.missing,
            is_complete=is_done,
            pictures=self.pictures if is_done else 0,
            missing=tuple(self.missing),
            left_out=self.left_out if is_done else 0,
            blocked=self.blocked,
            changes=self.changes if is_done else {},
            files=files if is_done else OutCounts(),
            of_others=selection.of_others,
        )

    def entries(self, out: BenchOut) -> Iterator[str]:
        """Yield the record's entries: the pictures, then what was left out."""
        yield from out.files.state.every_told()
        if self.request.missing is MissingRule.SKIP:
            for missing in self.missing:
                yield json.dumps({"left_out": True, **missing.as_json()}, ensure_ascii=False)


def _put(out: BenchOut, file: MadeFile) -> None:
    path = f"{FILES}/{file.path}"
    if file.data is None:
        out.files.keep(path)
    else:
        out.files.put(path, file.data, key=file.key, told=file.told)
