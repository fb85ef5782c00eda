"""The stages of the plan that a folder was last run with: ``.qwave/stages.json``, for those who look at it later."""

import json
from collections.abc import Sequence
from contextlib import suppress

from qwave_batch.errors import StorageError, UsageError
from qwave_batch.files.tree import PRIVATE_MODE
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.storage import write_atomic
from qwave_batch.folder.workspace import STAGES
from qwave_batch.model.codec import EXACT
from qwave_batch.model.planned_stage import PlannedStage

_MOST_BYTES = 16 << 20


def keep_stages(layout: RunLayout, stages: Sequence[PlannedStage]) -> None:
    """Keep the stages of a plan, if some of them are decided later; otherwise none are kept.

    Raises:
        StorageError: the disk refuses.
    """
    if any(stage.is_decided_later for stage in stages):
        told = json.dumps([EXACT.encode(stage) for stage in stages]).encode() + b"\n"
        write_atomic(layout.tree, STAGES, told, mode=PRIVATE_MODE)
    elif layout.tree.is_file(STAGES):
        layout.tree.remove(STAGES)


def kept_stages(layout: RunLayout) -> tuple[PlannedStage, ...]:
    """Return the stages of the plan if some of them are decided later; none for a folder that came without them."""
    with suppress(OSError, StorageError, UsageError, ValueError, TypeError, RecursionError):
        found = json.loads(layout.tree.read(STAGES, most_bytes=_MOST_BYTES))
        return tuple(EXACT.decode(each, PlannedStage) for each in found)
    return ()
