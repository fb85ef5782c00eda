"""The public API as a user would type it: checked by mypy strict, and executed by tests/integration/test_api.py."""

import asyncio
import pickle
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, assert_never, assert_type

import qwave_batch as qb

SPEC = """\
version: 1
name: typed
catalog: "2026-05"
request: {resolution: 1K, seed: 1}
prompts:
  - {id: cat, text: A cat asleep on a windowsill}
matrix:
  model: [gpt-image-2, z-image-turbo]
"""
OLDER = """\
version: 1
name: older
catalog: "2026-05"
prompts: [A cat asleep on a windowsill]
request: {model: gpt-image-2, quality: high}
"""


def check(file: Path) -> Sequence[str]:
    """Say what is wrong with a spec, a line each."""
    problems = qb.check_spec(file, overrides=["matrix.model=[z-image-turboo]"])
    assert_type(problems, list[qb.Problem])
    return [f"{problem.place}: {problem.message}" for problem in problems if problem.severity == "error"]


def look_at_jobs(file: Path) -> list[str]:
    """Say what a spec describes, a line each, without sending anything."""
    spec = qb.load_spec(file)
    assert_type(spec, qb.Spec)
    plan = qb.plans.make_plan(spec)
    assert_type(plan, qb.Plan)
    return [describe(item) for item in plan.items()]


def describe(item: qb.plans.PlanItem) -> str:
    """Say what an item of a plan is."""
    match item:
        case qb.Job(job_id=job_id, model=model, skip=None):
            return f"{job_id} {model} {item.estimated_usd} USD"
        case qb.Job(skip=reason):
            return f"left out: {reason}"
        case qb.plans.Duplicate(index=index):
            return f"again at {index}"


async def run(file: Path, folder: Path) -> qb.RunSummary:
    """Run against the embedded API, with progress, and with a task that could stop it."""
    seen: list[qb.Progress] = []
    summary = await qb.run_batch(
        file,
        connection=qb.Simulated(latency="0.01"),
        out_dir=folder,
        options=qb.RunOptions(concurrency=2, only="model == 'z-image-turbo'"),
        on_progress=seen.append,
        stop=qb.StopSignal(),
        confirm=is_cheap,
    )
    assert_type(summary, qb.RunSummary)
    assert_type(summary.counts.completed, int)
    return summary


def cost_of(plan: qb.AnyPlan, folder: Path, file: Path) -> float:
    """Say what is left to pay of a plan, in USD."""
    compared = qb.compare_plan(plan, str(folder), source=file)
    assert_type(compared.comparison.total.to_make.estimated_usd, float)
    assert_type(plan.figures.estimated_usd, float)
    return compared.comparison.total.to_make.estimated_usd


def is_cheap(estimate: qb.CostEstimate) -> bool:
    """Answer what a run asks before it sends anything."""
    assert_type(estimate.estimated_usd, float)
    return estimate.estimated_usd < 1


async def run_by_request(file: Path, folder: Path) -> qb.RunSummary:
    """Run what a value asks for, as another process would."""
    request = qb.RunRequest(
        source=file,
        connection=qb.Simulated(latency="0.01"),
        out_dir=folder,
        terms=qb.plans.Terms(limits=qb.plans.Limits(concurrency=2)),
    )
    sent: qb.RunRequest = pickle.loads(pickle.dumps(request))
    return await qb.run_request(sent, confirm=is_cheap)


async def run_with_the_key_of_the_environment(file: Path) -> qb.RunSummary:
    """Type-checked only: no test has a key."""
    return await qb.run_batch(file, connection=qb.ConnectionFromEnviron())


def two_workers_of_a_cluster() -> qb.RayExecutor:
    """Name a Ray that runs; type-checked only."""
    return qb.RayExecutor(workers=2, address="10.0.0.1:6379")


async def run_with_two_workers(file: Path) -> qb.RunSummary:
    """Have them fetch the images; type-checked only."""
    return await qb.run_batch(file, connection=qb.Simulated(), executor=two_workers_of_a_cluster())


async def run_elsewhere(file: Path, folder: Path) -> qb.RunSummary:
    """Run against an API on a port, as one would against the real one."""
    async with qb.serve_simulator(qb.Simulated(latency="0.01"), catalog="2026-05") as base_url:
        assert_type(base_url, str)
        connection = qb.Connection.from_environ({"QWAVE_API_KEY": "any"}, base_url=base_url)
        balance = await qb.ask_balance(connection, catalog="2026-05")
        assert_type(balance.available_usd, float)
        return await qb.run_batch(file, connection=connection, out_dir=folder)


def tell(event: qb.Event) -> str:  # noqa: PLR0911 - one an event
    """Say what happened: a closed union, so a type checker tells what is forgotten."""
    match event:
        case qb.events.RunStarted(name=name) | qb.events.RunWaiting(note=name):
            return name
        case qb.events.RunEstimated():
            return f"{event.to_submit} to submit, {event.reused} taken from other folders"
        case qb.events.SubmitBegun() | qb.events.TaskAccepted():
            return f"{event.job_id}, attempt {event.attempt}"
        case qb.events.TaskEnded():
            return f"{event.job_id} {event.status}, {event.cost_usd} USD"
        case qb.events.ImagesStored():
            return f"{event.job_id}: {[image.path for image in event.images]}"
        case qb.events.JobSetBack():
            return f"{event.job_id} {event.status}: {event.error.message if event.error else 'it waits'}"
        case qb.events.RunEnded():
            return event.reason
        case _:
            assert_never(event)


async def take_over(file: Path, folder: Path, other: Path) -> qb.folders.CostReport:
    """Run with what another folder holds, follow that, and look after the folder."""
    told: list[str] = []
    connection = qb.Simulated(latency="0.01")
    with qb.EventLog(folder.with_suffix(".events.jsonl")) as log:

        def hear(event: qb.Event) -> None:
            told.append(tell(event))
            log.write(event)

        summary = await qb.run_batch(file, connection=connection, out_dir=folder, reuse=[other], on_event=hear)
    assert_type(summary.reused, int)
    for line in qb.open_run(folder).lines():
        assert_type(line.reused_from, qb.folders.ReusedFrom | None)
    fetched = await qb.refetch_images(folder, connection=connection)
    assert_type(fetched.gone, tuple[qb.runs.UnfetchedJob, ...])
    report = await qb.cancel_tasks(folder, connection=connection)
    for outcome in report.outcomes:
        match outcome:
            case qb.runs.Withdrawn() | qb.runs.LeftAlone() | qb.runs.NotSaid():
                told.append(outcome.task_id)
            case _:
                assert_never(outcome)
    assert_type(qb.open_run(folder).glance(), qb.folders.Glance)
    return summary.books


def first_image(lines: Iterable[qb.ManifestLine]) -> qb.ImageFile | None:
    """Find an image of a job that is done."""
    done = (line for line in lines if line.status is qb.JobStatus.COMPLETED)
    return next((image for line in done for image in line.images), None)


def read(folder: Path) -> list[Path]:
    """Read a run folder, live or ended."""
    run = qb.open_run(folder)
    assert_type(run, qb.RunFolder)
    assert first_image(run.lines()) is not None
    report = run.verify()
    assert report.is_sound, report.problems
    assert_type(run.status(), qb.folders.FolderStatus)
    assert_type(run.header(), qb.folders.FolderHeader)
    assert run.header().source is qb.folders.LineSource.LEDGER
    for line, image in run.images(qb.folders.LineFilter(statuses=frozenset({qb.JobStatus.COMPLETED}))):
        file = run.open_image(image)
        assert_type(file, BinaryIO | None)
        assert file is not None, line.job_id
        with file:
            assert len(file.read()) == image.size_bytes
    return [folder / image.path for line in run.lines() for image in line.images]


def move_on(folder: Path) -> list[str]:
    """Rewrite a spec for another catalog, and look at what differs and what it costs there."""
    file = folder / "older.yaml"
    file.write_text(OLDER, encoding="utf-8")
    done: qb.plans.Migration = qb.plans.migrate_spec(file, to="2026-10", use={"gpt-image-2": "gpt-image-2"})
    problems: Sequence[qb.Problem] = done.open
    changes: Sequence[qb.plans.Rewrite] = done.changes
    qb.plans.write_migration(done, file, folder / "newer.yaml")
    plan = qb.open_plan(folder / "newer.yaml")
    estimate: qb.plans.CostRange = plan.figures.estimate
    assert estimate.least_nusd < estimate.typical_nusd < estimate.most_nusd == plan.figures.estimated_nusd
    assumed: Sequence[str] = qb.plans.assumptions(plan)["gpt-image-2"]
    diff: qb.catalog.CatalogDiff = qb.catalog.compare_catalogs("2026-05", "2026-10")
    gone: list[str] = [model.id for model in diff.models_gone if model.successor is None]
    changed: list[str] = [model.id for model in diff.models_changed if model.other_model]
    assert not problems
    assert "imagen-4.0" in gone
    assert changed == ["gpt-image-2"]
    return [change.new for change in changes] + list(assumed)


async def ask(file: Path) -> qb.catalog.Overlay | None:
    """Write what an account is offered today as an overlay; what a catalog holds of one is typed too."""
    async with qb.simulations.serve_simulator(qb.Simulated(), catalog="2026-10") as base_url:
        connection = qb.Connection(key="any", base_url=base_url)
        live: qb.accounts.LiveModelList = await qb.accounts.ask_models(connection, catalog="2026-10")
    qb.accounts.write_live_overlay(live, file, now=time.time())
    return live.catalog_used.overlay


def catch(file: Path) -> int:
    """Catch what this package raises on purpose: one class for all, each with its exit status."""
    try:
        qb.run_batch_sync(file, connection=qb.Connection(key="k", base_url="http://example.com/v1"))
    except qb.SpecError as error:
        return len(error.problems)
    except qb.FolderError as error:
        return error.exit_status
    except qb.UsageError as error:
        return error.exit_status
    except (qb.BudgetError, qb.AccountError, qb.FolderBusy, qb.StorageError, qb.RunStopped):
        return 1
    except qb.QwaveError:
        raise
    return 0


def main(folder: Path) -> int:
    """Do all of it in a folder."""
    file = folder / "typed.yaml"
    file.write_text(SPEC, encoding="utf-8")
    assert len(check(file)) == 1
    assert len(look_at_jobs(file)) == 2
    qb.write_plan(qb.open_plan(file), folder / "plan.jsonl")
    assert qb.plans.read_plan(folder / "plan.jsonl").figures.jobs == 2
    assert asyncio.run(run(file, folder / "made")).counts.completed == 1
    assert asyncio.run(run_by_request(file, folder / "requested")).counts.completed == 2
    assert cost_of(qb.open_plan(file), folder / "requested", file) == 0
    assert asyncio.run(take_over(file, folder / "again", folder / "made")).tasks == 1
    assert asyncio.run(run_elsewhere(folder / "plan.jsonl", folder / "elsewhere")).exit_status == 0
    assert len(read(folder / "elsewhere")) == 2
    assert not qb.open_run(folder / "made").prune().files
    assert qb.open_catalog("2026-05").model("z-image-turbo").actions == ("generate",)
    assert qb.catalog.json_schema("manifest", catalog=qb.catalog.LATEST)["type"] == "object"
    catalogs: qb.catalog.CatalogSource = qb.plans.catalogs_beside(None)
    assert not qb.check_spec(file, catalogs=catalogs)
    assert catalogs.at(catalogs.newest()).overlay is None
    assert move_on(folder)[0] == "2026-10"
    assert asyncio.run(ask(folder / "prices.yaml")) is None
    assert (folder / "prices.yaml").exists()
    assert catch(file) == 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
