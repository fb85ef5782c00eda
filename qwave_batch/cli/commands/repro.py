"""``qwave-batch repro``: makes some jobs of a run folder again, and says which models honour their seed."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.likeness_view import draw_changed, draw_models, draw_reasons
from qwave_batch.cli.drawing.summary_view import draw_warnings
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.options import (
    add_base_url,
    add_catalog_path,
    add_json,
    add_simulate,
    add_yes,
    an_address,
    catalogs_of,
    read_connection,
    read_where,
)
from qwave_batch.cli.price_question import is_agreed, jobs_may_cost, may_cost
from qwave_batch.cli.run_following import following_run
from qwave_batch.cli.run_options import add_adopt, add_budget, add_pace, add_second_tries, read_run_options
from qwave_batch.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from qwave_batch.connections import Connection, Simulated
    from qwave_batch.reproductions import RepeatPlan, RepeatReport
    from qwave_batch.runs import CostEstimate

USAGE = "DIR --sample K [options]"

_MOST_JOBS = 10_000


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folder", metavar="DIR", type=an_address, help="a run folder, or a store")
    parser.add_argument(
        "--sample",
        metavar="K",
        required=True,
        type=whole_number(minimum=1, maximum=_MOST_JOBS),
        help="how many jobs to make again: complete ones with a seed, spread over the models",
    )
    parser.add_argument(
        "--seed", metavar="N", type=whole_number(minimum=0), default=0, help="choose other jobs; 0 without it"
    )
    parser.add_argument(
        "--where", metavar="EXPR", help="choose among these lines only, such as \"model == 'z-image-turbo'\""
    )
    parser.add_argument(
        "-o", "--out", metavar="OUT", type=a_path, help="the folder of the repeated jobs; else DIR-repro, beside DIR"
    )
    add_budget(parser, "the most that OUT may cost in all")
    add_yes(parser, "do not ask before money is spent")
    add_second_tries(parser)
    add_pace(parser)
    add_adopt(parser)
    add_simulate(parser, "make them with the embedded API, as run --simulate made those of DIR")
    add_base_url(parser)
    add_catalog_path(parser)
    add_json(parser, "the result")


def execute(args: Namespace, console: Console) -> int:
    """Choose, ask, run, compare and show."""
    plan = qb.reproductions.plan_repeats(
        args.folder, sample=args.sample, seed=args.seed, where=read_where(args), catalogs=catalogs_of(args)
    )
    connection = read_connection(args, console)
    out = qb.reproductions.repeat_folder(plan, args.out)
    qb.reproductions.check_same_kind(plan, connection)
    is_new = qb.runs.run_place(plan, connection, out).is_new
    if is_new and not _may_spend_unasked(args) and not console.can_ask:
        jobs, price = count(plan.figures.jobs, "job"), plan.figures.estimate
        raise UsageError(_unasked(may_cost(jobs, most_nusd=price.most_nusd, typical_nusd=price.typical_nusd)))
    console.say(*draw_warnings(plan.warnings, console.err))
    console.say(*wrap(console.err.shown(_chosen(plan, out, is_new=is_new)), console.err.width, hang="  "))
    report = lazy.asyncio.run(_repeat(plan, connection, out, args, console))
    if args.json:
        console.print_json(report.as_json())
    else:
        console.print(
            [
                *draw_models(report.models, "honours seed", console.out),
                *draw_changed(report.changed, console.out),
            ]
        )
    console.say(*_troubles(report, console))
    return report.exit_status


def _may_spend_unasked(args: Namespace) -> bool:
    return bool(args.yes or args.simulate or args.max_usd is not None)


def _unasked(told: str) -> str:
    return f"{told}, and nobody is there to agree; name a cap with --max-usd USD, or agree with --yes"


def _chosen(plan: "RepeatPlan", out: "Path", *, is_new: bool) -> str:
    place = "the new folder" if is_new else "the folder"
    needed = "a seed and no parent" if plan.with_parents else "a seed"
    jobs = count(plan.figures.jobs, "job")
    return f"repeating {jobs} of the {plan.eligible:,} that are complete and have {needed}, in {place} {out}"


async def _repeat(
    plan: "RepeatPlan", connection: "Connection | Simulated", out: "Path", args: Namespace, console: Console
) -> "RepeatReport":
    with following_run(console) as (view, stop):
        return await qb.reproductions.repeat_jobs(
            plan,
            connection=connection,
            out_dir=out,
            options=qb.runs.RunOptions(**read_run_options(args)),
            confirm=lambda estimate: _confirm(estimate, args, console),
            on_progress=view.show,
            stop=stop,
        )


def _confirm(estimate: "CostEstimate", args: Namespace, console: Console) -> bool:
    """Ask for the price, however small: nothing of this is asked for by the spec."""
    if not estimate.jobs or args.yes or args.simulate:
        return True
    told = jobs_may_cost(estimate)
    if console.can_ask:
        return is_agreed(told, console)
    if args.max_usd is None:
        raise UsageError(_unasked(told))
    console.say(f"{told}; nobody is there to ask, and --max-usd is the cap")
    return True


def _troubles(report: "RepeatReport", console: Console) -> list[str]:
    terminal = console.err
    lines: list[str] = []
    groups = (("not repeated", report.not_repeated), ("failed", report.failed), ("not compared", report.uncompared))
    for what, jobs in groups:
        lines += draw_reasons(what, jobs, terminal)
    if report.run.reason and report.exit_status > 1:
        lines += wrap(terminal.shown(f"ended early: {report.run.reason}"), terminal.width, hang="  ")
    compared = sum(model.compared for model in report.models)
    verdict = f"{compared:,} of {count(report.jobs, 'job')} made again and compared, for {usd(report.run.cost_nusd)}"
    return [*lines, terminal.paint(verdict, "green" if report.exit_status == 0 else "yellow")]
