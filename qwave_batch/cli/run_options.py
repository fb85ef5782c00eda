"""The options that ``run`` shares with other commands that spend money by running jobs."""

from argparse import Namespace
from typing import TypedDict

from qwave_batch.cli.arguments import Parser, amount, whole_number


class SharedRunOptions(TypedDict, total=False):
    """The fields of ``RunOptions`` that these options fill."""

    retry_failed: bool
    resubmit_unknown: bool
    concurrency: int | None
    max_usd: float | None
    until_budget: bool
    adopt: bool
    max_wait_s: float


def add_pace(parser: Parser) -> None:
    """Add ``--concurrency`` and ``--max-wait``."""
    parser.add_argument(
        "--concurrency",
        metavar="N",
        type=whole_number(minimum=1),
        help="at most so many tasks at once; it only lowers what the spec says",
    )
    parser.add_argument(
        "--max-wait",
        metavar="SECONDS",
        type=amount(above_zero=False),
        help="how long to wait at most for a rate limit, a quota window, or a model that takes no job; else 900",
    )


def add_budget(parser: Parser, what: str) -> None:
    """Add ``--max-usd``, which ``what`` explains, and ``--until-budget``."""
    parser.add_argument("--max-usd", metavar="USD", type=amount(above_zero=False), help=what)
    parser.add_argument(
        "--until-budget", action="store_true", help="begin even if the budget may not be enough, and use it up"
    )


def add_second_tries(parser: Parser) -> None:
    """Add ``--retry-failed`` and ``--resubmit-unknown``."""
    parser.add_argument("--retry-failed", action="store_true", help="also do jobs again that failed for good")
    parser.add_argument(
        "--resubmit-unknown", action="store_true", help="also send jobs again that are perhaps paid already"
    )


def add_adopt(parser: Parser) -> None:
    """Add ``--adopt``."""
    parser.add_argument("--adopt", action="store_true", help="go on with a folder that was moved or copied here")


def read_run_options(args: Namespace) -> SharedRunOptions:
    """Return what was asked for."""
    asked: SharedRunOptions = {
        "retry_failed": args.retry_failed,
        "resubmit_unknown": args.resubmit_unknown,
        "concurrency": args.concurrency,
        "max_usd": args.max_usd,
        "until_budget": args.until_budget,
        "adopt": args.adopt,
    }
    if args.max_wait is not None:
        asked["max_wait_s"] = args.max_wait
    return asked
