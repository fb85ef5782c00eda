"""Checking a spec."""

from collections.abc import Sequence
from pathlib import Path

from qwave_batch.api.planning import open_plan
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.model.problem import Place, Problem
from qwave_batch.plan.making import Plan


def check_spec(path: str | Path, *, overrides: Sequence[str] = (), allow_read: Sequence[Path] = ()) -> list[Problem]:
    """Return everything that is wrong with a spec, errors first, warnings too; empty when all is well.

    Args:
        path: The spec file.
        overrides: ``path.to.key=value`` strings, as ``--set`` takes them.
        allow_read: Folders outside the spec's own that it may read from.
    """
    try:
        plan = open_plan(path, overrides=overrides, allow_read=allow_read)
    except SpecError as error:
        return list(error.problems)
    except UsageError as error:  # the file itself can't be read
        message = str(error).removeprefix(f"{path} ")
        return [Problem(message=f"it {message}" if message != str(error) else message, place=Place(str(path)))]
    return list(plan.warnings) if isinstance(plan, Plan) else []
