"""``qwave-batch balance``: what the account holds."""

from argparse import Namespace
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser
from qwave_batch.cli.console import Console
from qwave_batch.cli.options import add_base_url, add_catalog, add_json, catalog_date, catalogs_of
from qwave_batch.model.jsontypes import Json

if TYPE_CHECKING:
    from qwave_batch.accounts import Balance

USAGE = "[options]"


def configure(parser: Parser) -> None:
    """Name the arguments."""
    add_base_url(parser)
    add_catalog(parser)
    add_json(parser, "what the API answers")


def execute(args: Namespace, console: Console) -> int:
    """Ask, and print the answer."""
    connection = qb.connections.Connection.from_environ(console.environ, base_url=args.base_url)
    catalogs = catalogs_of(args)
    balance = lazy.asyncio.run(
        qb.accounts.ask_balance(connection, catalog=catalog_date(args, catalogs), catalogs=catalogs)
    )
    if args.json:
        console.print_json(_as_json(balance))
        return 0
    lines = [f"{balance.available_usd:,.2f} {balance.currency} available"]
    if balance.granted_usd is not None and balance.used_usd is not None:
        lines.append(f"{balance.used_usd:,.2f} used of {balance.granted_usd:,.2f} granted")
    console.print(map(console.out.shown, lines))
    return 0


def _as_json(balance: "Balance") -> dict[str, Json]:
    return {
        "available_usd": balance.available_usd,
        "granted_usd": balance.granted_usd,
        "used_usd": balance.used_usd,
        "currency": balance.currency,
        "as_of": balance.as_of,
    }
