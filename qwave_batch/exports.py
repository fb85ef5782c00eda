"""Exports: datasets made of run folders, in the layouts that other tools load."""

from qwave_batch.api.export_folders import ExportReport, export_folders
from qwave_batch.export.export_notes import Notes
from qwave_batch.export.export_request import ExportRequest, FileMode
from qwave_batch.export.image_change import ImageChange, ImageForm, ProvenanceMark
from qwave_batch.export.selection import LeftOut
from qwave_batch.export.splits import SplitRule, read_split
from qwave_batch.model.work_progress import OnWork, WorkProgress

__all__ = [
    "ExportReport",
    "ExportRequest",
    "FileMode",
    "ImageChange",
    "ImageForm",
    "LeftOut",
    "Notes",
    "OnWork",
    "ProvenanceMark",
    "SplitRule",
    "WorkProgress",
    "export_folders",
    "read_split",
]
