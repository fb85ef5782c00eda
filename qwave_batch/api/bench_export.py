"""Exporting run folders as the scorer of a benchmark reads them."""

import os
from collections.abc import Sequence
from contextlib import ExitStack

from qwave_batch.api.folder_inputs import inputs_of_folders
from qwave_batch.bench.layouts.bench_out import bench_out, check_bench_out
from qwave_batch.bench.layouts.bench_request import (
    BenchExportReport,
    BenchExportRequest,
    layout_asked,
    layout_of_parts,
)
from qwave_batch.bench.layouts.bench_selection import select_jobs
from qwave_batch.bench.layouts.bench_spool import bench_spool
from qwave_batch.bench.layouts.bench_writing import BenchWriter
from qwave_batch.bench.layouts.picture_making import PictureMaker
from qwave_batch.bench.layouts.picture_plan import model_plans
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.export.image_change import AS_THEY_ARE
from qwave_batch.export.image_loading import ImageLoader
from qwave_batch.export.origin import SourceRun, source_runs
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.work_progress import OnWork, ignore_work
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.versions import PROGRAM, version_of


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
    layout = layout_asked(request)
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
        layout = layout_of_parts(request, layout, spool.parts())
        models = selection.models if request.model is None else [request.model]
        is_shared = request.is_shared or request.model is not None
        plans = model_plans(layout, models, spool, is_shared=is_shared, side=request.side)
        loader = ImageLoader(readers, AS_THEY_ARE)
        maker = PictureMaker(
            layout=layout,
            loader=loader,
            inputs=stack.enter_context(inputs_of_folders(readers, catalogs, os.environ, is_fetching=False)),
            runs=folder_labels(readers),
            missing=request.missing,
            square=request.square,
        )
        writer = BenchWriter(request, spool, plans, maker, on_work)
        writer.look_ahead()
        with bench_out(request.out, loader) as out:
            writer.write(out)
            report = writer.report(selection, out.files.counts)
            if report.is_complete:
                out.finish(_head(report, request, source_runs(readers)), writer.entries(out))
        return report


def _head(report: BenchExportReport, request: BenchExportRequest, sources: Sequence[SourceRun]) -> dict[str, Json]:
    """Return the facts of the record as a whole; it names no path and no time of the export."""
    return {
        "benchmark": report.benchmark,
        "qwave_batch": version_of(PROGRAM),
        "options": {
            "model": request.model,
            "together": request.is_shared,
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
