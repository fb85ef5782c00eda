"""``qwave-batch run``: makes the folder hold what the spec describes."""

from argparse import Namespace
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli import commands
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.completing import add_completion, read_completion
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.summary_view import draw_summary
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.next_steps import warning_words
from qwave_batch.cli.options import (
    add_base_url,
    add_json,
    add_locked,
    add_reading,
    add_simulate,
    add_yes,
    catalogs_of,
    hold_to_lock,
    read_connection,
)
from qwave_batch.cli.plan_notes import say_samples, say_warnings
from qwave_batch.cli.price_question import ASK_ABOVE_NUSD, is_agreed, jobs_may_cost
from qwave_batch.cli.run_following import following_run
from qwave_batch.cli.run_options import add_adopt, add_budget, add_pace, add_second_tries, read_run_options
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qwave_batch.connections import Connection, Simulated
    from qwave_batch.events import EventLog
    from qwave_batch.plans import AnyPlan
    from qwave_batch.runs import CostEstimate, RunOptions, RunPlace, RunSummary

USAGE = "SPEC-or-PLAN [-o DIR] [options]"

_STDOUT = Path("-")


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("source", metavar="SPEC-or-PLAN", help="a spec, or a file that plan --out wrote")
    parser.add_argument(
        "-o", "--out", metavar="DIR", type=a_path, help="the run folder; else output.folder of the spec, else runs/NAME"
    )
    parser.add_argument(
        "--store",
        metavar="URL",
        help="keep images, manifest and summary in this object store (s3://BUCKET/FOLDER, gs://..., az://...) "
        "instead of DIR; else output.store of the spec",
    )
    add_simulate(parser, "run against the embedded API; no key is needed")
    add_base_url(parser)
    add_budget(parser, "lower the spec's budget for this run")
    add_yes(parser, "do not ask before a run that may cost more than 1 USD")
    _configure_selection(parser)
    add_pace(parser)
    add_completion(parser)
    parser.add_argument(
        "--public-url",
        metavar="URL",
        help="the https address that serves the run folder or its store: later stages are given images by it where the "
        "API has them no more",
    )
    parser.add_argument(
        "--reuse",
        metavar="DIR",
        action="append",
        default=[],
        type=a_path,
        help="take what this run folder already holds of the same jobs, for nothing; may be given again",
    )
    parser.add_argument(
        "--events", metavar="FILE", type=a_path, help="append what happens to this file as JSON lines; - is stdout"
    )
    parser.add_argument(
        "--report", action="store_true", help="keep a page to look at the images, current while the run goes on"
    )
    add_executor(parser)
    add_adopt(parser)
    parser.add_argument("--fail-fast", action="store_true", help="stop after the first job that fails for good")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be made, as plan does")
    add_reading(parser)
    add_locked(parser)
    add_json(parser, "the summary")


def _configure_selection(parser: Parser) -> None:
    parser.add_argument(
        "--only",
        metavar="EXPR",
        help="only jobs for which this template expression is true, such as \"model == 'z-image-turbo'\"",
    )
    parser.add_argument("--limit", metavar="N", type=whole_number(minimum=1), help="only the first N jobs of the plan")
    add_second_tries(parser)


def execute(args: Namespace, console: Console) -> int:
    """Plan, run and sum up."""
    if args.events == _STDOUT and args.json:
        raise UsageError("--events - and --json both want stdout; give the events a file")
    plan = qb.plans.open_plan(
        args.source, overrides=args.overrides, allow_read=args.allow_read, catalogs=catalogs_of(args)
    )
    options = _options(args)
    read_executor(args)  # a mistake in it is said before a plan is shown
    hold_to_lock(plan, args, console)
    if args.dry_run:
        commands.plan.show_plan(plan, console, as_json=args.json)
        return 0
    connection = read_connection(args, console)
    place = _place(plan, connection, args, console)
    args.out = place.folder  # settled: what comes after asks no more
    if place.is_new:
        console.say(f"new run folder: {console.err.shown(str(place.whole))}")
    say_warnings(plan, console)
    with _event_log(args.events, console) as log:
        summary = lazy.asyncio.run(_run(plan, connection, options, args, console, log))
    if args.json:
        console.print_json(summary.as_json())
    console.say(*draw_summary(summary, qb.folders.open_run(summary.folder).lines(), console.err))
    return summary.exit_status


def _place(plan: "AnyPlan", connection: "Connection | Simulated", args: Namespace, console: Console) -> "RunPlace":
    """Return the run folder; where the spec was run in another one, a person says whether that is meant."""
    place = qb.runs.run_place(plan, connection, args.out)
    if place.beside_spec is not None and console.can_ask and not args.yes:
        console.say(f"the spec was run in {console.err.shown(str(place.beside_spec))} before")
        if console.confirm("Go on there? (No sends nothing)"):
            return qb.runs.run_place(plan, connection, place.beside_spec)
    place.check()
    return place


@contextmanager
def _event_log(target: Path | None, console: Console) -> "Iterator[EventLog | None]":
    """Yield the log of ``--events``, and say in the end what was lost of it."""
    if target is None:
        yield None
        return
    log = qb.events.EventLog(console.stdout if target == _STDOUT else target)
    try:
        yield log
    finally:
        log.close()
        if log.trouble:
            console.say(f"note: {log.trouble}")


def _options(args: Namespace) -> "RunOptions":
    if args.only is not None:
        qb.runs.lines_where(args.only)  # one that does not parse is refused before a plan is shown or a folder made
    return qb.runs.RunOptions(
        only=args.only,
        limit=args.limit,
        fail_fast=args.fail_fast,
        report=args.report,
        public_url=args.public_url,
        **read_completion(args),
        **read_run_options(args),
    )


async def _run(
    plan: "AnyPlan",
    connection: "Connection | Simulated",
    options: "RunOptions",
    args: Namespace,
    console: Console,
    log: "EventLog | None",
) -> "RunSummary":
    """Run with a progress view."""
    with following_run(console) as (view, stop):
        return await qb.runs.run_batch(
            plan,
            connection=connection,
            out_dir=args.out,
            store=args.store,
            options=options,
            reuse=args.reuse,
            executor=read_executor(args),
            on_progress=view.show,
            on_event=None if log is None else log.write,
            stop=stop,
            confirm=None if args.yes or args.simulate else lambda estimate: _confirm(estimate, plan, console),
            on_note=view.note,
        )


def _confirm(estimate: "CostEstimate", plan: "AnyPlan", console: Console) -> bool:
    if estimate.estimated_nusd <= ASK_ABOVE_NUSD:
        return True
    told = jobs_may_cost(estimate)
    if not console.can_ask:
        console.say(f"{told}; nobody is there to ask, so the run goes on")
        return True
    say_samples(plan, console)
    for warning in estimate.warnings:
        console.say(f"note: {console.err.shown(warning_words(warning))}")
    return is_agreed(told, console)
