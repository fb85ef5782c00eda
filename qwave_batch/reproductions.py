"""Whether a run can be had again: jobs made twice, two runs side by side, and locks that hold a spec to its jobs."""

from typing import TYPE_CHECKING

from qwave_batch import lazy

if TYPE_CHECKING:
    from qwave_batch.api.compare_runs import DriftReport, RunSide, compare_runs
    from qwave_batch.api.lock_spec import check_lock, lock_file_of, lock_of, write_lock
    from qwave_batch.api.repeat_jobs import RepeatReport, check_same_kind, repeat_folder, repeat_jobs
    from qwave_batch.api.repeat_plan import RepeatPlan, plan_repeats
    from qwave_batch.reproducing.effort_change import EffortChange
    from qwave_batch.reproducing.likeness import NEAR_BITS, NEAR_LEVELS, Likeness
    from qwave_batch.reproducing.model_comparison import ChangedJob, ModelComparison
    from qwave_batch.reproducing.other_requests import OtherRequests
    from qwave_batch.reproducing.repeated_jobs import UncomparedJob, Unfit
    from qwave_batch.reproducing.seed_verdict import FEWEST_JOBS, ControlFigures, Doubt, SeedVerdict
    from qwave_batch.reproducing.spec_lock import SpecLock

__all__ = [
    "FEWEST_JOBS",
    "NEAR_BITS",
    "NEAR_LEVELS",
    "ChangedJob",
    "ControlFigures",
    "Doubt",
    "DriftReport",
    "EffortChange",
    "Likeness",
    "ModelComparison",
    "OtherRequests",
    "RepeatPlan",
    "RepeatReport",
    "RunSide",
    "SeedVerdict",
    "SpecLock",
    "UncomparedJob",
    "Unfit",
    "check_lock",
    "check_same_kind",
    "compare_runs",
    "lock_file_of",
    "lock_of",
    "plan_repeats",
    "repeat_folder",
    "repeat_jobs",
    "write_lock",
]

_LAZY_NAMES = {
    "qwave_batch.api.compare_runs": ("DriftReport", "RunSide", "compare_runs"),
    "qwave_batch.api.lock_spec": ("check_lock", "lock_file_of", "lock_of", "write_lock"),
    "qwave_batch.api.repeat_jobs": ("RepeatReport", "check_same_kind", "repeat_folder", "repeat_jobs"),
    "qwave_batch.api.repeat_plan": ("RepeatPlan", "plan_repeats"),
    "qwave_batch.reproducing.effort_change": ("EffortChange",),
    "qwave_batch.reproducing.likeness": ("NEAR_BITS", "NEAR_LEVELS", "Likeness"),
    "qwave_batch.reproducing.model_comparison": ("ChangedJob", "ModelComparison"),
    "qwave_batch.reproducing.other_requests": ("OtherRequests",),
    "qwave_batch.reproducing.repeated_jobs": ("UncomparedJob", "Unfit"),
    "qwave_batch.reproducing.seed_verdict": ("FEWEST_JOBS", "ControlFigures", "Doubt", "SeedVerdict"),
    "qwave_batch.reproducing.spec_lock": ("SpecLock",),
}
"""By the module that defines them, which is loaded when one of them is first used: a lock needs no images."""

if not TYPE_CHECKING:
    __getattr__ = lazy.names_of(__name__, _LAZY_NAMES)
