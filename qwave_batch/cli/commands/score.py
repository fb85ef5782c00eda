"""``qwave-batch score``: numbers that programs give to images."""

from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, amount, whole_number
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.scores_view import draw_scorers, draw_scoring, scoring_notes
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.cli.executor_options import add_executor, read_executor
from qwave_batch.cli.interrupts import on_interrupt
from qwave_batch.cli.options import add_base_url, add_json, add_simulate, add_yes, read_where
from qwave_batch.cli.price_question import ASK_ABOVE_NUSD, is_agreed, may_cost
from qwave_batch.errors import UsageError
from qwave_batch.model.money import nusd_from_usd

if TYPE_CHECKING:
    from qwave_batch.plans import CostRange

USAGE = "DIR... --with SCORER [options]"

_FAILED = 1


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("folders", metavar="DIR", nargs="*", help="run folders, or addresses of stores")
    parser.add_argument(
        "--with",
        dest="scorer",
        metavar="SCORER",
        help="a scorer that --list names, or the YAML file of a command that scores",
    )
    parser.add_argument("--list", dest="lists", action="store_true", help="show the scorers that there are, and leave")
    parser.add_argument(
        "--param",
        dest="params",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=_a_param,
        help="set a parameter of the scorer, such as against=prompt of ocr; may be given again",
    )
    parser.add_argument(
        "--where", metavar="EXPR", help="score images of these lines only, such as \"model == 'z-image-turbo'\""
    )
    parser.add_argument(
        "--reuse",
        metavar="DIR",
        action="append",
        default=[],
        help="also take scores from this folder, where image, prompt and scorer are the same; may be given again",
    )
    parser.add_argument(
        "--references", metavar="DIR", type=a_path, help="the folder in which meta.reference names images"
    )
    parser.add_argument(
        "--axis", metavar="NAME", default="model", help="the axis that the images of a pair differ in; model without it"
    )
    parser.add_argument(
        "--pairs", metavar="N", type=whole_number(minimum=1), help="ask about N pairs, drawn by --seed; else about all"
    )
    parser.add_argument(
        "--seed", metavar="N", type=whole_number(minimum=0), default=0, help="which pairs --pairs draws; 0 without it"
    )
    parser.add_argument("--retry-failed", action="store_true", help="also ask again where an error is final")
    parser.add_argument(
        "--max-usd", metavar="USD", type=amount(above_zero=False), help="the most that a scorer may cost"
    )
    add_executor(parser)
    add_base_url(parser)
    add_simulate(parser, "let a scorer that asks an API ask the embedded one, which costs nothing")
    add_yes(parser, "do not ask before scores that may cost more than 1 USD")
    add_json(parser, "the figures")


def execute(args: Namespace, console: Console) -> int:
    """Score the folders; 0 when every image that can be scored has a score."""
    if args.lists:
        listed = qb.scores.list_scorers()
        if args.json:
            console.print_json([each.as_json() for each in listed])
        else:
            console.print(draw_scorers(listed, console.out))
        return 0
    if args.scorer is None or not args.folders:
        raise UsageError("score takes run folders and --with SCORER; --list shows the scorers")
    executor = read_executor(args)
    request = qb.scores.ScoreRequest(
        folders=args.folders,
        scorer=args.scorer,
        params=_params(args.params),
        where=read_where(args),
        retry_failed=args.retry_failed,
        reuse=args.reuse,
        references=args.references,
        axis=args.axis,
        pairs=args.pairs,
        seed=args.seed,
        connection=_connection(args),
        max_nusd=None if args.max_usd is None else nusd_from_usd(args.max_usd),
    )
    with work_bar(console, "scoring", unit="item") as on_work:
        report = qb.scores.score_folders(
            request,
            on_work=on_work,
            confirm=None if args.yes or args.simulate else lambda price: _confirm(price, console),
            interrupts=on_interrupt,
            executor=executor,
        )
    for note in scoring_notes(report):
        console.say(*wrap(console.err.shown(note), console.err.width, hang="    "))
    if args.json:
        console.print_json(report.as_json())
    else:
        console.print(draw_scoring(report, console.out))
    if report.stopped is not None:
        return report.stopped.exit_status
    return 0 if report.is_complete else _FAILED


def _a_param(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key.strip() and equals):
        raise ArgumentTypeError(f'"{text}" is not of the form KEY=VALUE')
    return key.strip(), value


def _params(pairs: list[tuple[str, str]]) -> dict[str, str]:
    params = dict(pairs)
    if len(params) < len(pairs):
        names = [name for name, _ in pairs]
        raise UsageError(f"--param {max(names, key=names.count)}=... is given twice")
    return params


def _connection(args: Namespace) -> "qb.connections.ConnectionFromEnviron | qb.connections.Simulated":
    if not args.simulate:
        return qb.connections.ConnectionFromEnviron(base_url=args.base_url)
    if args.base_url:
        raise UsageError("--simulate brings its own API, so it takes no --base-url; leave one of them out")
    return qb.connections.Simulated()


def _confirm(price: "CostRange | None", console: Console) -> bool:
    if price is None:
        if not console.can_ask:
            raise UsageError("no price is known of this scorer; agree to that with --yes")
        return is_agreed("No price is known of this scorer", console)
    if price.most_nusd <= ASK_ABOVE_NUSD:
        return True
    told = may_cost("the scores", most_nusd=price.most_nusd, typical_nusd=price.typical_nusd)
    if not console.can_ask:
        console.say(f"{told}; nobody is there to ask, so the scoring goes on")
        return True
    return is_agreed(told, console)
