"""The jobs of a plan that a run is about: what ``only`` and ``limit`` say, made ready for use."""

from collections.abc import Callable, Mapping, Sequence

from qwave_batch.ledger.snapshots import PlanLine
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.output.line_condition import compile_condition
from qwave_batch.plan.file.plan_lines import line_of
from qwave_batch.run.state.context import JobScope
from qwave_batch.run.state.run_request import RunOptions

_NAMES = (
    "job_id", "index", "prompt_id", "prompt", "model", "action", "request", "dropped", "axes", "tags", "meta", "repeat",
    "also", "path", "stage", "parents",
)  # fmt: skip
_WITHOUT_STAGE: Mapping[str, Json] = {"stage": "", "parents": []}
"""Values of the names that a line without stages leaves out."""


def scope_of(options: RunOptions, stages: Sequence[PlannedStage] = ()) -> JobScope:
    """Return the jobs that a run with these options is about.

    Args:
        options: The options.
        stages: The stages of the plan.

    Raises:
        UsageError: as ``lines_where`` does.
    """
    return JobScope(
        takes=None if options.only is None else lines_where(options.only),
        limit=options.limit,
        deciding=frozenset(stage.name for stage in stages if stage.is_decided_later),
    )


def lines_where(expression: str) -> Callable[[PlanLine], bool]:
    """Return the test that ``expression`` describes, such as ``model == 'imagen-4.0' and 'night' in tags``.

    Raises:
        UsageError: it does not parse, or uses a name that a plan line does not have. The test raises it too, for an
            expression that fails on a line or gives something else than true or false.
    """
    is_met = compile_condition(expression, _NAMES, named="condition", of="plan line")

    def is_taken(line: PlanLine) -> bool:
        written = {**_WITHOUT_STAGE, **line_of(line.job, line.also)}
        return is_met({name: written[name] for name in _NAMES}, line.job.job_id)

    return is_taken
