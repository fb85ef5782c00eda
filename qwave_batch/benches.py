"""Benchmarks: public prompt sets in, the layouts of their scorers out."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.bench.benchmark import Benchmark, benchmark_names, find_benchmark

if TYPE_CHECKING:
    from qwave_batch.api.bench_export import export_benchmark
    from qwave_batch.api.bench_import import BenchImportReport, BenchImportRequest, import_benchmark
    from qwave_batch.bench.import_notes import ImportNote, ImportNoteKind
    from qwave_batch.bench.layouts.bench_request import BenchExportReport, BenchExportRequest
    from qwave_batch.bench.layouts.picture_plan import MissingRule, SquareRule
    from qwave_batch.bench.layouts.plain_picture import PictureChange
    from qwave_batch.bench.layouts.row_images import MissingImage, MissingKind

__all__ = [
    "BenchExportReport",
    "BenchExportRequest",
    "BenchImportReport",
    "BenchImportRequest",
    "Benchmark",
    "ImportNote",
    "ImportNoteKind",
    "MissingImage",
    "MissingKind",
    "MissingRule",
    "PictureChange",
    "SquareRule",
    "benchmark_names",
    "export_benchmark",
    "find_benchmark",
    "import_benchmark",
]

_LAZY_NAMES = {
    "qwave_batch.api.bench_export": ("export_benchmark",),
    "qwave_batch.bench.layouts.bench_request": ("BenchExportReport", "BenchExportRequest"),
    "qwave_batch.api.bench_import": ("BenchImportReport", "BenchImportRequest", "import_benchmark"),
    "qwave_batch.bench.import_notes": ("ImportNote", "ImportNoteKind"),
    "qwave_batch.bench.layouts.picture_plan": ("MissingRule", "SquareRule"),
    "qwave_batch.bench.layouts.plain_picture": ("PictureChange",),
    "qwave_batch.bench.layouts.row_images": ("MissingImage", "MissingKind"),
}
"""Names that a list of benchmarks does not need, by the module that defines them."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
