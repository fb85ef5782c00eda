"""``qwave-batch plan``: what would be made, and what it may cost."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path, one_of, whole_number
from qwave_batch.cli.capacity_options import add_capacity, capacity_asked, refuse_idle_capacity_options
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.capacity_view import capacity_facts, draw_capacity, markdown_capacity
from qwave_batch.cli.drawing.offers import live_words
from qwave_batch.cli.drawing.plan_change import draw_change
from qwave_batch.cli.drawing.plan_markdown import markdown_change, markdown_facts, markdown_matrix, markdown_plan
from qwave_batch.cli.drawing.plan_matrix import draw_matrix
from qwave_batch.cli.drawing.plan_progress import counting
from qwave_batch.cli.drawing.plan_view import PlanSheet, draw_facts, draw_plan, plan_facts
from qwave_batch.cli.options import add_base_url, add_json, add_locked, add_reading, catalogs_of, hold_to_lock
from qwave_batch.cli.plan_notes import SAMPLES, say_warnings
from qwave_batch.errors import BudgetError, SpecError, UsageError
from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qwave_batch.accounts import LiveModelList
    from qwave_batch.comparisons import PlanComparison
    from qwave_batch.plans import AnyPlan, BudgetOutlook, Capacity, JobSample, SupportMatrix

USAGE = "SPEC [options]"

FORMATS = ("text", "markdown")


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("source", metavar="SPEC", help="a spec, or a file that plan --out wrote")
    parser.add_argument(
        "--out", metavar="FILE.jsonl", type=a_path, help="write the jobs there, a line each; run takes it as it stands"
    )
    parser.add_argument(
        "--against",
        metavar="DIR|FILE|REV",
        help="show what is added, removed and unchanged, and what that costs, beside a run folder, a plan or spec "
        "file, or a git revision of SPEC",
    )
    parser.add_argument(
        "--reuse",
        metavar="DIR",
        action="append",
        default=[],
        type=a_path,
        help="show what could be taken from another run folder; may be given again",
    )
    parser.add_argument(
        "--matrix", action="store_true", help="show which model takes, drops or refuses which value of which axis"
    )
    parser.add_argument(
        "--live", action="store_true", help="ask the API for its prices and models, and count with those; needs a key"
    )
    add_base_url(parser)
    add_capacity(parser)
    parser.add_argument(
        "--format",
        metavar="FORMAT",
        type=one_of("format", FORMATS),
        default="text",
        help="text, or markdown to paste under a pull request",
    )
    parser.add_argument(
        "--samples",
        metavar="N",
        type=whole_number(minimum=0, maximum=1_000),
        default=SAMPLES,
        help="show so many jobs with their prompts; else 3, and 0 for none",
    )
    add_json(parser, "the summary")
    add_reading(parser)
    add_locked(parser)


def execute(args: Namespace, console: Console) -> int:
    """Check the spec, write the plan where asked to, and show what was asked for."""
    refuse_idle_capacity_options(args)
    connection = qb.connections.Connection.from_environ(console.environ, base_url=args.base_url) if args.live else None
    args.catalogs = catalogs_of(args)  # read once, for all that is shown
    plan = _opened(args, console)
    if args.locked is not None:
        hold_to_lock(plan, args, console)
        if args.out:
            qb.plans.write_plan(plan, args.out)
    say_warnings(plan, console)
    live = lazy.asyncio.run(qb.accounts.ask_models(connection, catalog=plan.catalog_used)) if connection else None
    outlook = _show_json(args, console, plan, live) if args.json else _show(args, console, plan, live)
    if args.out:
        console.say(f"wrote {console.err.shown(str(args.out))}")
    _refuse_what_is_over(outlook)
    return 0


def show_plan(plan: "AnyPlan", console: Console, *, as_json: bool) -> None:
    """Print a plan's figures, and say what it warns of.

    Raises:
        BudgetError: the plan wants more than its budget leaves.
    """
    say_warnings(plan, console)
    outlook = qb.plans.budget_outlook(plan)
    samples = plan.samples(SAMPLES)
    if as_json:
        console.print_json(qb.plans.plan_summary(plan) | {"samples": [sample.as_json() for sample in samples]})
    else:
        sheet = _sheet(plan, None, samples)
        console.print([*draw_plan(sheet, console.out), *draw_facts(plan_facts(sheet, outlook), console.out)])
    _refuse_what_is_over(outlook)


def _opened(args: Namespace, console: Console) -> "AnyPlan":
    """Return the plan, written where asked to; if models refuse something, the matrix is shown before the problems."""
    try:
        with counting(console.stderr, console.err) as watch:
            return qb.plans.open_plan(
                args.source,
                overrides=args.overrides,
                allow_read=args.allow_read,
                watch=watch,
                out=args.out if args.locked is None else None,  # not before it is found to be as it was locked
                catalogs=args.catalogs,
            )
    except SpecError:
        if args.matrix and not args.json:
            console.print([*_matrix_lines(args, console), ""])
        raise


def _show(args: Namespace, console: Console, plan: "AnyPlan", live: "LiveModelList | None") -> "BudgetOutlook | None":
    """Print the parts of a plan one after the other, so that the first is there at once."""
    capacity = _capacity(args, console, plan)
    sheet = _sheet(plan, live, plan.samples(args.samples), capacity)
    in_markdown = args.format == "markdown"
    console.print(markdown_plan(sheet) if in_markdown else draw_plan(sheet, console.out))
    if args.matrix:
        console.print([*_matrix_lines(args, console), ""])
    found = _compared(args, console, plan, live)
    if found:
        console.print([*(markdown_change(found) if in_markdown else draw_change(found, console.out)), ""])
    if capacity:
        console.print(markdown_capacity(capacity) if in_markdown else draw_capacity(capacity, console.out))
    outlook = _outlook(args, sheet, found, live)
    facts = [*plan_facts(sheet, outlook), *([("live", live_words(plan, live))] if live else [])]
    facts += capacity_facts(capacity) if capacity else []
    if in_markdown:
        console.print(markdown_facts(facts))
        return outlook
    console.print(draw_facts(facts, console.out))
    balance = _balance(args, console, plan)
    if balance:
        console.print(draw_facts([("balance", balance)], console.out))
    return outlook


def _show_json(
    args: Namespace, console: Console, plan: "AnyPlan", live: "LiveModelList | None"
) -> "BudgetOutlook | None":
    sheet = _sheet(plan, live, plan.samples(args.samples))
    found = _compared(args, console, plan, live)
    outlook = _outlook(args, sheet, found, live)
    told: dict[str, Json] = qb.plans.plan_summary(plan) | {"samples": [sample.as_json() for sample in sheet.samples]}
    if args.matrix:
        told["matrix"] = _matrix(args, console).as_json()
    capacity = _capacity(args, console, plan)
    if capacity:
        told["capacity"] = capacity.as_json()
    if found:
        told["against"] = found.as_json()
    if live:
        by_model: Json = {model: usd_from_nusd(cost.most_nusd) for model, cost in sheet.cost_by_model.items()}
        told["live"] = {**live.as_json(), "estimated_usd": usd_from_nusd(sheet.cost.most_nusd), "by_model": by_model}
    if outlook and (found or live):
        told["budget"] = outlook.as_json()
    console.print_json(told)
    return outlook


def _capacity(args: Namespace, console: Console, plan: "AnyPlan") -> "Capacity | None":
    with counting(console.stderr, console.err, doing=f"measuring {count(plan.figures.jobs, 'job')}"):
        return capacity_asked(args, plan)


def _sheet(
    plan: "AnyPlan",
    live: "LiveModelList | None",
    samples: "Sequence[JobSample]",
    capacity: "Capacity | None" = None,
) -> PlanSheet:
    """Return a plan with what it costs, at the account's prices where they were asked for."""
    by_model = {model: each.estimate for model, each in plan.figures.by_model.items()}
    if live:
        by_model = {model: CostRange.exactly(nusd) for model, nusd in live.estimates_nusd(plan).items()}
    return PlanSheet(
        plan=plan,
        cost_by_model=by_model,
        assumed={} if live else qb.plans.assumptions(plan),
        prices=f"{live.host}, asked just now" if live else _catalog_words(plan),
        seconds=qb.plans.expected_seconds(plan, capacity),
        seconds_by_model={model: qb.plans.expected_seconds_of(plan, model, capacity) for model in by_model},
        samples=samples,
        has_catalog_prices=live is None,
    )


def _catalog_words(plan: "AnyPlan") -> str:
    """Return where the prices of a plan come from: its catalog, and an overlay that prices one of its models."""
    overlay = plan.catalog_used.overlay
    priced = overlay.changes().items() if overlay else ()
    is_used = any(model in plan.figures.by_model and {"price", "new"} & {*what} for model, what in priced)
    return f"catalog {plan.catalog}{f' and {overlay.name}' if overlay and is_used else ''}"


def _compared(
    args: Namespace, console: Console, plan: "AnyPlan", live: "LiveModelList | None"
) -> "PlanComparison | None":
    if args.against is None and not args.reuse:
        return None
    with counting(console.stderr, console.err, doing=f"comparing {count(plan.figures.jobs, 'job')}"):
        return qb.comparisons.compare_plan(
            plan,
            args.against,
            source=Path(args.source),
            reuse=args.reuse,
            allow_read=args.allow_read,
            prices=live,
            catalogs=args.catalogs,
        )


def _outlook(
    args: Namespace, sheet: PlanSheet, found: "PlanComparison | None", live: "LiveModelList | None"
) -> "BudgetOutlook | None":
    most_usd = usd_from_nusd(sheet.cost.most_nusd) if live else None
    return qb.plans.budget_outlook(sheet.plan, estimated_usd=most_usd, found=found, prices=live, folder=args.folder)


def _matrix(args: Namespace, console: Console) -> "SupportMatrix":
    with counting(console.stderr, console.err, doing="asking every model for every value"):
        return qb.plans.support_matrix(
            args.source, overrides=args.overrides, allow_read=args.allow_read, catalogs=args.catalogs
        )


def _matrix_lines(args: Namespace, console: Console) -> list[str]:
    matrix = _matrix(args, console)
    return markdown_matrix(matrix) if args.format == "markdown" else draw_matrix(matrix, console.out)


def _balance(args: Namespace, console: Console, plan: "AnyPlan") -> str:
    """Return what the account holds where a key is at hand, or why that is not known; nothing without a key."""
    try:
        connection = qb.connections.Connection.from_environ(console.environ, base_url=args.base_url)
    except UsageError:
        return ""
    balance = lazy.asyncio.run(qb.accounts.glance_at_balance(connection, catalog=plan.catalog_used))
    return f"not known: {balance}" if isinstance(balance, str) else f"{balance.available_usd:,.2f} {balance.currency}"


def _refuse_what_is_over(outlook: "BudgetOutlook | None") -> None:
    if outlook and outlook.is_over:
        raise BudgetError(
            f"the plan may cost {usd(outlook.wanted_nusd)}, and its budget leaves {usd(outlook.left_nusd)}: "
            "a run would send nothing; raise budget.max_usd, or ask for less"
        )
