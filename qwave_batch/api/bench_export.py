"""Exporting run folders as the scorer of a benchmark reads them."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from qwave_batch.api.folder_inputs import inputs_of_folders
from qwave_batch.bench.layouts.bench_out import FILES, BenchOut, bench_out, check_bench_out
from qwave_batch.bench.layouts.bench_selection import BenchSelection, select_jobs
from qwave_batch.bench.layouts.bench_spool import BenchSpool, bench_spool
from qwave_batch.bench.layouts.listing_file import ListingFile
from qwave_batch.bench.layouts.picture_making import MadeFile, MadePicture, PictureMaker
from qwave_batch.bench.layouts.picture_plan import (
    MissingRule,
    ModelPlan,
    PicturePlan,
    SquareRule,
    check_places,
    check_prefixes,
    model_plans,
)
from qwave_batch.bench.layouts.plain_picture import PictureChange
from qwave_batch.bench.layouts.row_images import MissingImage, unplanned_images
from qwave_batch.bench.layouts.scorer_layout import ANY, ScorerLayout
from qwave_batch.bench.layouts.scorer_layouts import layout_named
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import UsageError
from qwave_batch.export.image_change import AS_THEY_ARE
from qwave_batch.export.image_loading import ImageLoader
from qwave_batch.export.origin import SourceRun, source_runs
from qwave_batch.export.out_folder import OutCounts
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.image_files import in_threads
from qwave_batch.output.versions import PROGRAM, version_of

MOST_SIDE = 8_191
"""Pixels: two of them side by side are as wide as WebP can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchExportRequest:
    """A bench export as a user asks for it."""

    benchmark: str
    folders: tuple[Path | str, ...]
    """The run folders; a text is the address of one in a store."""
    out: Path
    """The folder to make."""
    model: str | None = None
    """The only model to export, into the output itself; None for all, each into a folder of its own."""
    missing: MissingRule = MissingRule.FAIL
    where: str | None = None
    """A template expression over the names of a manifest line; None for all jobs."""
    side: int | None = None
    """Pixels of each side of the tiles of a grid; None for the shorter side that most images of the model have."""
    square: SquareRule = SquareRule.CROP
    root: str | None = None
    """The start of the paths in a list of pictures, in place of the output's own path: where it will lie for the
    scorer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchExportReport:
    """The result of a bench export."""

    benchmark: str
    out: Path
    rule: MissingRule
    models: Mapping[str, str]
    """The folder of each model below the output; empty for the output itself."""
    sides: Mapping[str, int]
    """Pixels of the side of each model's tiles, in a layout of grids."""
    pictures: int
    """Pictures that were asked for, and are in the output."""
    missing: tuple[MissingImage, ...] = field(repr=False)
    """The images that no run folder holds."""
    left_out: int
    """Pictures that are not in the output, since an image of them is missing."""
    blocked: int
    """Pictures that can't be made, although black was to take the place of what is missing."""
    changes: Mapping[PictureChange, int]
    """Images by what was done to them."""
    files: OutCounts
    """All zero where nothing was exported."""
    of_others: Mapping[str, int]
    """Jobs of other benchmarks in the folders, by name; under an empty one those of none."""

    @property
    def is_complete(self) -> bool:
        """Whether something was exported: exit status 0."""
        return not self.blocked and (self.rule is not MissingRule.FAIL or not self.missing)

    def as_json(self) -> dict[str, Json]:
        """Return the object that the command prints with ``--json``."""
        return {
            "benchmark": self.benchmark,
            "out": str(self.out),
            "is_complete": self.is_complete,
            "models": dict(self.models),
            "sides": dict(self.sides),
            "pictures": self.pictures,
            "left_out": self.left_out,
            "missing": [missing.as_json() for missing in self.missing],
            "changes": {change.value: number for change, number in self.changes.items()},
            "files": {"written": self.files.written, "unchanged": self.files.unchanged},
        }


def export_benchmark(
    request: BenchExportRequest, on_work: OnWork = ignore_work, *, catalogs: CatalogSource = SHIPPED
) -> BenchExportReport:
    """Make the folder that the scorer of a benchmark reads, out of run folders.

    Args:
        request: The export.
        on_work: Told of its progress.
        catalogs: The catalogs to look in for those that the folders were made with, which say where input images are.

    Raises:
        UsageError: the benchmark, an option, a job or the output is not right; nothing was written.
        FolderError: a folder is not a run folder.
        StorageError: the disk fails.
    """
    layout = layout_named(request.benchmark)
    _check_options(request, layout)
    check_bench_out(request.out)
    with ExitStack() as stack:
        readers = [stack.enter_context(open_folder(folder)) for folder in request.folders]
        spool = stack.enter_context(bench_spool([reader.layout.address for reader in readers]))
        selection = select_jobs(
            readers,
            spool,
            benchmark=request.benchmark,
            model=request.model,
            where=request.where,
            on_work=on_work,
        )
        layout = _layout_of(request, layout, spool.parts())
        models = selection.models if request.model is None else [request.model]
        plans = model_plans(layout, models, spool, is_only_one=request.model is not None, side=request.side)
        loader = ImageLoader(readers, AS_THEY_ARE)
        maker = PictureMaker(
            layout=layout,
            loader=loader,
            inputs=stack.enter_context(inputs_of_folders(readers, catalogs, os.environ, is_fetching=False)),
            runs=folder_labels(readers),
            missing=request.missing,
            square=request.square,
        )
        export = _Export(request, spool, plans, maker, on_work)
        export.look_ahead()
        with bench_out(request.out, loader) as out:
            export.write(out)
            report = export.report(selection, out.files.counts)
            if report.is_complete:
                out.finish(_head(report, request, source_runs(readers)), export.entries(out))
        return report


@dataclass(slots=True)
class _Export:
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
            check_prefixes(plan.layout, self.spool)
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
        described = None
        for (picture, _), made in in_threads(lambda each: self.maker.make(*each), asked, **self.maker.loader.pace):
            self.done += 1
            self.on_work(WorkProgress(done=self.done, total=self.total))
            self._count(made)
            if made.files and not self.maker.is_only_looking:
                for file in made.files:
                    _put(out, file)
                beside = plan.beside(picture.row) if described != picture.row.prompt_id else None
                described = picture.row.prompt_id
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
        report = BenchExportReport(
            benchmark=self.request.benchmark,
            out=self.request.out,
            rule=self.request.missing,
            models={plan.model: plan.folder for plan in self.plans},
            sides={plan.model: plan.side for plan in self.plans if plan.layout.is_grid},
            pictures=self.pictures,
            missing=tuple(self.missing),
            left_out=self.left_out,
            blocked=self.blocked,
            changes=self.changes,
            files=files,
            of_others=selection.of_others,
        )
        if not report.is_complete:
            return _of_nothing(report)
        return report

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


def _of_nothing(report: BenchExportReport) -> BenchExportReport:
    """Return the report of an export that was given up, so that nothing is where it was to be."""
    return replace(report, pictures=0, left_out=0, changes={}, files=OutCounts())


def _check_options(request: BenchExportRequest, layout: ScorerLayout) -> None:
    if not request.folders:
        raise UsageError("there is no run folder to export")
    if request.side is not None and not layout.is_grid:
        raise UsageError(f"{request.benchmark} has no grids, so there are no tiles that could have a size")
    if request.side is not None and not 1 <= request.side <= MOST_SIDE:
        raise UsageError(f"a tile of {request.side:,} pixels can't be made; it has 1 to {MOST_SIDE:,}")
    if request.square is not SquareRule.CROP and not layout.is_grid:
        raise UsageError(f"{request.benchmark} takes images as they are, so that none becomes a square")
    if request.root is not None and (layout.listing is None or not layout.listing.is_rooted):
        raise UsageError(f"{request.benchmark} has no list of pictures with paths that could begin elsewhere")
    _check_skip(request, layout, ANY)


def _check_skip(request: BenchExportRequest, layout: ScorerLayout, part: str) -> None:
    reason = layout.why_no_skip(part)
    if reason and request.missing is MissingRule.SKIP:
        where = "" if part == ANY or ANY in layout.no_skip else f" in {part}"
        raise UsageError(f"no image of {request.benchmark}{where} can be left out: {reason}")


def _layout_of(request: BenchExportRequest, layout: ScorerLayout, parts: Sequence[str]) -> ScorerLayout:
    """Return the layout of the parts that there are, which may be that of another benchmark's scorer."""
    for part in parts:
        _check_skip(request, layout, part)
    others = {layout.by_part[part] for part in parts if part in layout.by_part}
    if not others:
        return layout
    if len(parts) > 1:
        raise UsageError(
            f"one scorer reads one of {' and '.join(parts)}, and the folders have both",
            next_steps=[Advice(NextStep.SELECT_JOBS, f"meta.set == '{parts[0]}'")],
        )
    return layout_named(others.pop())


def _head(report: BenchExportReport, request: BenchExportRequest, sources: Sequence[SourceRun]) -> dict[str, Json]:
    """Return the facts of the record as a whole; it names no path and no time of the export."""
    return {
        "benchmark": report.benchmark,
        "qwave_batch": version_of(PROGRAM),
        "options": {
            "model": request.model,
            "missing": request.missing.value,
            "where": request.where,
            "side": request.side,
            "square": request.square.value,
            "root": request.root,
        },
        "models": dict(report.models),
        "sides": dict(report.sides),
        "pictures": report.pictures,
        "missing": len(report.missing),
        "changes": {change.value: number for change, number in report.changes.items()},
        "sources": [source.as_json() for source in sources],
    }
