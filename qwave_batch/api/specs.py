"""Checking a spec."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwave_batch.api.planning import open_plan
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.file.plan_file import SavedPlan
from qwave_batch.plan.planner import Plan


@dataclass(frozen=True, slots=True)
class SpecCheck:
    """What is to be said of a spec."""

    problems: tuple[Problem, ...]
    """Errors first, then warnings."""
    plan: Plan | SavedPlan | None = None
    """None where there are errors."""


def check_spec(path: str | Path, *, overrides: Sequence[str] = (), allow_read: Sequence[Path] = ()) -> list[Problem]:
    """Return everything that is wrong with a spec, errors first, warnings too; empty when all is well.

    Args:
        path: The spec file.
        overrides: ``path.to.key=value`` strings, as ``--set`` takes them.
        allow_read: Folders outside the spec's own that it may read from.
    """
    return list(examine_spec(path, overrides=overrides, allow_read=allow_read).problems)


def examine_spec(path: str | Path, *, overrides: Sequence[str] = (), allow_read: Sequence[Path] = ()) -> SpecCheck:
    """Return what is wrong with a spec as ``check_spec`` does, and its plan where nothing forbids it."""
    try:
        plan = open_plan(path, overrides=overrides, allow_read=allow_read)
    except SpecError as error:
        return SpecCheck(error.problems)
    except UsageError as error:  # the file itself can't be read
        message = str(error).removeprefix(f"{path} ")
        message = f"it {message}" if message != str(error) else message
        return SpecCheck((Problem(message=message, place=SourcePlace(str(path))),))
    return SpecCheck(plan.warnings if isinstance(plan, Plan) else (), plan)
