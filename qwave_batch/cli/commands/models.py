"""``qwave-batch models``: what the catalog knows."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

import qwave_batch as qb
from qwave_batch import lazy
from qwave_batch.cli.arguments import Parser, a_path
from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.offers import draw_offers
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.cli.options import add_base_url, add_catalog, add_json, catalog_date, catalog_named, catalogs_of
from qwave_batch.errors import UsageError
from qwave_batch.model.clock import SystemClock

USAGE = "[MODEL] [options]"

_RANGES = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
)


def configure(parser: Parser) -> None:
    """Name the arguments."""
    parser.add_argument("model", metavar="MODEL", nargs="?", help="show all fields of this model; else list them all")
    parser.add_argument(
        "--live", action="store_true", help="ask the API what differs from the catalog for this account; needs a key"
    )
    parser.add_argument(
        "--write",
        metavar="FILE",
        type=a_path,
        help="with --live: write what differs as an overlay, for `catalog: {date, overlay: FILE}` of a spec",
    )
    add_base_url(parser)
    add_catalog(parser)
    add_json(parser, "it all")


def execute(args: Namespace, console: Console) -> int:
    """Print the table, one model, or either as JSON; or what the account says of them."""
    if args.write and (args.model or not args.live):
        raise UsageError("--write goes with --live and all models: it writes what the API says of them")
    if args.live:
        return _show_live(args, console)
    catalogs = catalogs_of(args)
    date = catalog_date(args, catalogs)
    described: Mapping[str, Any] = (
        qb.catalog.describe_model(args.model, catalog=date, catalogs=catalogs)
        if args.model
        else qb.catalog.describe_catalog(date, catalogs=catalogs)
    )
    if args.json:
        console.print_json(described)
    elif args.model:
        console.print([*_draw_model(described, console.out), "", catalog_named(args, catalogs)])
    else:
        console.print([*_draw_catalog(described, console.out), catalog_named(args, catalogs)])
    return 0


def _show_live(args: Namespace, console: Console) -> int:
    connection = qb.connections.Connection.from_environ(console.environ, base_url=args.base_url)
    catalogs = catalogs_of(args)
    date = catalog_date(args, catalogs)
    live = lazy.asyncio.run(qb.accounts.ask_models(connection, catalog=date, catalogs=catalogs))
    if args.write:
        qb.accounts.write_live_overlay(live, args.write, now=SystemClock().now())
    if args.model:
        live = live.only(args.model)
    if args.json:
        console.print_json(live.as_json())
    else:
        console.print(draw_offers(live, console.out))
    if args.write:
        console.say(f"wrote {console.err.shown(str(args.write))}")
    return 0


def _draw_catalog(catalog: Mapping[str, Any], terminal: Terminal) -> list[str]:
    columns = [
        Column("model"),
        Column("USD/image"),
        Column("resolutions", gives_way=True),
        Column("actions", gives_way=True),
    ]
    rows = [
        [
            model["name"],
            _price(model),
            " ".join(model["resolutions"]) or "-",
            " ".join(model["actions"]),
        ]
        for model in catalog["models"]
    ]
    has_extras = any(_price(model).endswith("+") for model in catalog["models"])
    return [
        *draw_table(columns, rows, terminal),
        "",
        *(["+ input images, or some requests, cost extra"] if has_extras else []),
        f"{len(rows)} models; qwave-batch models MODEL shows all fields of one",
    ]


def _price(model: Mapping[str, Any]) -> str:
    price = model["price"]
    amounts = [_extent(price["usd_per_image"])] if price["usd_per_image"] is not None else []
    if (call := price.get("usd_per_call")) is not None:
        amounts.append(f"{_extent(call)} a call")
    if price.get("usd_per_million_tokens"):
        amounts.append(f"about {model['estimate']['typical_usd']:.2g}, by tokens")
    has_more = price["surcharges"] or price.get("usd_per_reference")
    return ", ".join(amounts) + ("+" if has_more else "")


def _estimate(estimate: Mapping[str, float]) -> str:
    """Return the cost of a request that sets nothing but a prompt of ordinary length."""
    least, typical, most = (estimate[f"{name}_usd"] for name in ("least", "typical", "most"))
    return f"typically {typical:.4g} USD, {least:.4g} to {most:.4g}, for a request with a short prompt and nothing else"


def _extent(stated: Any) -> str:
    """Return the least and the most of all amounts in a table."""
    amounts = sorted(_leaves(stated), key=float)
    return amounts[0] if amounts[0] == amounts[-1] else f"{amounts[0]} to {amounts[-1]}"


def _leaves(stated: Any) -> Iterator[str]:
    if isinstance(stated, str):
        yield stated
    elif isinstance(stated, Mapping):
        for each in stated.get("values", stated).values():
            yield from _leaves(each)
    else:
        for each in stated:
            yield from _leaves(each)


def _draw_model(model: Mapping[str, Any], terminal: Terminal) -> list[str]:
    facts = [
        ("price", model["price_text"]),
        *([("estimate", _estimate(model["estimate"]))] if model["price"].get("usd_per_million_tokens") else []),
        *(("assumed", text) for text in model["price"].get("assumed", ())),
        *([("line", model["line"])] if model["line"] else []),
        *([("launched", model["launched"])] if model["launched"] else []),
        ("actions", ", ".join(model["actions"])),
        ("ratios", ", ".join(model["ratios"])),
        ("resolutions", ", ".join(model["resolutions"]) or f"not sent, {model['native_resolution'] or 'chosen by it'}"),
    ]
    lines = [terminal.paint(f"{model['name']}: {model['title']}", "bold"), ""]
    for name, text in facts:
        lines += wrap(f"{name:<12}{terminal.shown(text)}", terminal.width, hang=" " * 12)
    lines += ["", terminal.paint("fields", "bold")]
    for field in model["fields"]:
        lines += _draw_field(field, terminal)
    if model["rules"]:
        lines += ["", terminal.paint("rules", "bold")]
        for rule in model["rules"]:
            lines += wrap(terminal.shown(rule), terminal.width, indent="  ", hang="    ")
    return lines


def _draw_field(field: Mapping[str, Any], terminal: Terminal) -> list[str]:
    head = f"{field['name']}: {_type_of(field)}"
    head += ", required" if field["required"] else ""
    if field["default"] is not None:
        head += f", default {_plain(field['default'])}"
    lines = wrap(terminal.shown(head), terminal.width, indent="  ", hang="      ")
    if field["description"]:
        lines += wrap(terminal.shown(field["description"]), terminal.width, indent="      ")
    return lines


def _type_of(field: Mapping[str, Any]) -> str:
    if field["values"]:
        return " | ".join(map(_plain, field["values"]))
    kind = field["type"]
    text = " or ".join(kind) if isinstance(kind, list | tuple) else str(kind)
    for low, high, unit in _RANGES:
        if low in field and high in field:
            text += f" from {field[low]:,} to {field[high]:,}{unit}"
        elif low in field:
            text += f" of at least {field[low]:,}{unit}"
        elif high in field:
            text += f" of at most {field[high]:,}{unit}"
    return text


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
