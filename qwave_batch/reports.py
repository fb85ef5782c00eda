"""Reports: a page to look at the images of run folders, that opens from disk."""

from qwave_batch.api.report_folders import write_report
from qwave_batch.report.report_request import ReportRequest, ReportWritten
from qwave_batch.report.thumbnail_making import UnmadeThumbnail

__all__ = [
    "ReportRequest",
    "ReportWritten",
    "UnmadeThumbnail",
    "write_report",
]
