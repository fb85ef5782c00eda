"""Reports: a page to look at the images of run folders, that opens from disk, and what a paper needs of it."""

from qwave_batch.api.report_folders import write_report
from qwave_batch.api.report_sheet import SheetRequest, draw_report_figures, write_sheet
from qwave_batch.report.figure_files import FiguresWritten
from qwave_batch.report.report_request import ReportRequest, ReportWritten
from qwave_batch.report.sheet_files import SheetWritten
from qwave_batch.report.thumbnail_making import UnmadeThumbnail

__all__ = [
    "FiguresWritten",
    "ReportRequest",
    "ReportWritten",
    "SheetRequest",
    "SheetWritten",
    "UnmadeThumbnail",
    "draw_report_figures",
    "write_report",
    "write_sheet",
]
