"""Reports: a page to look at the images of run folders, that opens from disk, and what a paper needs of it."""

from typing import TYPE_CHECKING

from qwave_batch import lazy
from qwave_batch.api.report_folders import write_report
from qwave_batch.api.report_sheet import SheetRequest, draw_report_figures, write_sheet
from qwave_batch.report.figure_files import FiguresWritten
from qwave_batch.report.report_request import ReportRequest, ReportWritten
from qwave_batch.report.sheet_files import SheetWritten
from qwave_batch.report.thumbnail_making import UnmadeThumbnail

if TYPE_CHECKING:
    from qwave_batch.api.serve_report import ServedReport, serve_report

__all__ = [
    "FiguresWritten",
    "ReportRequest",
    "ReportWritten",
    "ServedReport",
    "SheetRequest",
    "SheetWritten",
    "UnmadeThumbnail",
    "draw_report_figures",
    "serve_report",
    "write_report",
    "write_sheet",
]

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, {"qwave_batch.api.serve_report": ("ServedReport", "serve_report")})
