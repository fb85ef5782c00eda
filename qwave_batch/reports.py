"""Reports: a page to look at the images of run folders, that opens from disk."""

from qwave_batch.api.report_folders import write_report
from qwave_batch.report.report_request import ReportRequest, ReportWritten

__all__ = [
    "ReportRequest",
    "ReportWritten",
    "write_report",
]
