"""Makes jobs of a run folder again in a folder of their own, and says which models honour their seed."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qwave_batch.api.repeat_plan import RepeatPlan, is_seeded
from qwave_batch.api.run_batch import run_batch
from qwave_batch.api.run_outcome import RunSummary
from qwave_batch.api.run_setup import Confirm
from qwave_batch.client.connection import AnyConnection, Simulated
from qwave_batch.errors import FolderError, UsageError
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.progress import OnProgress
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind
from qwave_batch.model.store_url import is_store_url
from qwave_batch.output.folder_reader import open_folder
from qwave_batch.output.image_search import all_jobs
from qwave_batch.reproducing.control_search import ControlSearch
from qwave_batch.reproducing.model_comparison import ChangedJob, ModelComparison
from qwave_batch.reproducing.repeated_jobs import JobFacts, UncomparedJob, Unfit, facts_of_line, fault_of_pair
from qwave_batch.reproducing.run_comparison import RunComparison
from qwave_batch.run.state.run_request import RunOptions
from qwave_batch.run.state.stop_reasons import StopSignal

_ENDING = "-repro"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatReport:
    """The jobs that were made again beside what they gave before."""

    folder: str
    out: Path
    """The folder of the repeated jobs."""
    jobs: int
    """How many were to be made again."""
    models: tuple[ModelComparison, ...]
    changed: tuple[ChangedJob, ...]
    """The most changed jobs, the most changed one first."""
    failed: tuple[UncomparedJob, ...]
    """Jobs that were made once and not again."""
    uncompared: tuple[UncomparedJob, ...]
    """Jobs whose images could not be compared."""
    not_repeated: tuple[UncomparedJob, ...]
    """Jobs that can't be asked for again."""
    run: RunSummary

    def __repr__(self) -> str:
        """Return a summary on one line."""
        verdicts = ", ".join(f"{model.model}: {model.verdict.value}" for model in self.models)
        return f"RepeatReport({self.jobs:,} jobs of {self.folder} in {self.out}: {verdicts})"

    @property
    def exit_status(self) -> int:
        """0 when every chosen job was made and compared, whatever was found; 1 when one was not; else the run's."""
        if self.run.exit_status not in {0, EXIT_STATUS[EndKind.INCOMPLETE]}:
            return self.run.exit_status
        return EXIT_STATUS[EndKind.INCOMPLETE] if self.failed or self.uncompared or self.not_repeated else 0

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``repro --json`` prints."""
        return {
            "folder": self.folder,
            "out": str(self.out),
            "jobs": self.jobs,
            "models": {model.model: model.as_json() for model in self.models},
            "changed": [job.as_json() for job in self.changed],
            "failed": [job.as_json() for job in self.failed],
            "uncompared": [job.as_json() for job in self.uncompared],
            "not_repeated": [job.as_json() for job in self.not_repeated],
            "cost_usd": self.run.cost_usd,
            "seconds": self.run.seconds,
            "exit": self.exit_status,
            "reason": self.run.reason or None,
        }


def repeat_folder(plan: RepeatPlan, out_dir: str | Path | None = None) -> Path:
    """Return the folder that jobs are made again in: the named one, else one beside the folder that made them.

    Raises:
        UsageError: none is named for a store, or it is that folder itself, or in it.
    """
    if out_dir is None and is_store_url(plan.folder):
        raise UsageError(
            f"{plan.folder} is a store, so there is no folder beside it; say where the jobs are made again"
        )
    if out_dir is None:
        source = Path(os.path.abspath(plan.folder))  # noqa: PTH100 - as people know it: links are not followed
        return source.with_name(f"{source.name}{_ENDING}")
    out = Path(out_dir)
    if not is_store_url(plan.folder):
        source = Path(plan.folder).resolve()
        if source == out.resolve() or source in out.resolve().parents:
            raise UsageError(f"{out} is the folder whose jobs are made again, or lies in it; name another one")
    return out


def check_same_kind(plan: RepeatPlan, connection: AnyConnection) -> None:
    """Raise FolderError where a simulated folder would be repeated with the API, or the other way round."""
    is_simulated = isinstance(connection, Simulated)
    if plan.backend is not None and (plan.backend == SIMULATOR) is not is_simulated:
        made_with, now = (plan.backend, "the simulator") if is_simulated else ("the simulator", "the API")
        step = NextStep.DO_NOT_SIMULATE if is_simulated else NextStep.SIMULATE
        raise FolderError(
            f"{plan.folder} was made with {made_with}, and images of {now} say nothing about those; nothing was sent",
            next_steps=(Advice(step),),
        )


async def repeat_jobs(  # noqa: PLR0913  # each is a choice of its own, and has its name
    plan: RepeatPlan,
    *,
    connection: AnyConnection,
    out_dir: str | Path | None = None,
    options: RunOptions | None = None,
    confirm: Confirm | None = None,
    on_progress: OnProgress | None = None,
    stop: StopSignal | None = None,
) -> RepeatReport:
    """Make the jobs of ``plan_repeats`` again, and compare their images with those that are there.

    The folder is a run folder of its own: what it holds already is not made or paid again, also after a crash. Nothing
    is reused from elsewhere.

    Args:
        plan: The jobs.
        connection: The API; the one that made them, or another host of it.
        out_dir: The folder of the repeated jobs; None is the one beside theirs, with ``-repro`` behind its name.
        options: As for ``run_batch``; a cap is one on all that the folder of the repeated jobs may cost.
        confirm: Asked before anything is submitted, with what that may cost.
        on_progress: As for ``run_batch``.
        stop: As for ``run_batch``.

    Raises:
        UsageError: the folder or the connection can't be used.
        BudgetError: the estimate is above the cap, or ``confirm`` said no.
        StorageError: the folder is busy, or the disk failed.
    """
    check_same_kind(plan, connection)
    out = repeat_folder(plan, out_dir)
    run = await run_batch(
        plan,
        connection=connection,
        out_dir=out,
        options=options,
        on_progress=on_progress,
        stop=stop,
        confirm=confirm,
    )
    return await asyncio.to_thread(_compared, plan, out, run)


def _compared(plan: RepeatPlan, out: Path, run: RunSummary) -> RepeatReport:
    with open_folder(plan.folder) as before, open_folder(out) as after:
        found = _Repeats(plan, RunComparison(before, after), [])
        found.take()
    return RepeatReport(
        folder=plan.folder,
        out=out,
        jobs=len(plan.jobs) + len(plan.not_repeated),
        models=found.comparison.tally.models(),
        changed=found.comparison.tally.changed(),
        failed=tuple(found.failed),
        uncompared=tuple(found.comparison.uncompared),
        not_repeated=plan.not_repeated,
        run=run,
    )


@dataclass(frozen=True, slots=True)
class _Repeats:
    plan: RepeatPlan
    comparison: RunComparison
    failed: list[UncomparedJob]

    def take(self) -> None:
        """Compare all jobs that are there twice; and images of other seeds, so that ``near`` means something."""
        originals, control = self._originals()
        pairs = list(self._pairs(originals))
        self.comparison.compare(pairs)
        self.comparison.compare_control(control.pairs())
        for model, jobs in self.plan.seedless.items():
            self.comparison.tally.add_unfit(model, Unfit.SEEDLESS, jobs)
        for model, jobs in self.plan.with_parents.items():
            self.comparison.tally.add_unfit(model, Unfit.HAS_PARENT, jobs)

    def _originals(self) -> tuple[dict[str, JobFacts], ControlSearch]:
        """Return the jobs as they were made first, and other jobs of the folder that differ in their seed alone."""
        chosen = {job.job_id for job in self.plan.jobs}
        originals: dict[str, JobFacts] = {}
        control = ControlSearch()
        for found in all_jobs(self.comparison.before):
            if found.line.job_id in chosen:
                control.want(found.line)
                facts = facts_of_line(found.line, is_seeded=is_seeded(found, self.plan.catalog_used))
                # images that the folder had from another one count as well: they were not made by the repetition
                originals[facts.job_id] = replace(facts, is_reused=False)
        for line in self.comparison.before.lines():
            control.offer(line)
        return originals, control

    def _pairs(self, originals: dict[str, JobFacts]) -> Iterator[tuple[JobFacts, JobFacts]]:
        for line in self.comparison.after.lines():
            before = originals.get(line.job_id)
            if before is None:
                continue
            after = facts_of_line(line, is_seeded=before.is_seeded)
            fault = fault_of_pair(before, after)
            if fault is None:
                yield before, after
                continue
            self.comparison.tally.add_unfit(after.model, fault)
            if fault is Unfit.NOT_COMPLETE:
                reason = after.trouble or before.trouble or "it has no image"
                self.failed.append(
                    UncomparedJob(job_id=after.job_id, model=after.model, prompt_id=after.prompt_id, reason=reason)
                )
