"""Pushes: datasets made of run folders, on the Hub."""

from qwave_batch.api.push_folders import PushReport, PushRequest, push_folders
from qwave_batch.hub.hub_address import HubDataset, read_hub_address
from qwave_batch.hub.push_plan import CommitLimits
from qwave_batch.hub.pushing import Pushed, PushOptions

__all__ = [
    "CommitLimits",
    "HubDataset",
    "PushOptions",
    "PushReport",
    "PushRequest",
    "Pushed",
    "push_folders",
    "read_hub_address",
]
