"""Options that several commands share, each named and worded once."""

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.arguments import Parser, a_path, one_of
from qwave_batch.cli.console import Console
from qwave_batch.errors import UsageError
from qwave_batch.model.store_url import is_store_url

if TYPE_CHECKING:
    from qwave_batch.catalog import CatalogSource
    from qwave_batch.connections import Connection, Simulated
    from qwave_batch.folders import LineFilter
    from qwave_batch.plans import AnyPlan

FINDING_KINDS = ("undecodable", "dimensions", "blank", "duplicate", "near_duplicate", "refused")
"""The kinds of findings of ``check``, which are not loaded to name them."""
_a_kind = one_of("kind of finding", FINDING_KINDS)


def a_list_of_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of findings that an argument lists."""
    kinds = tuple(kind.strip() for kind in text.split(","))
    if not all(kinds):
        raise ArgumentTypeError(f'"{text}" is not a list of kinds; there is {", ".join(FINDING_KINDS)}')
    return tuple(map(_a_kind, kinds))


def add_json(parser: Parser, what: str) -> None:
    """Add ``--json``: ``what`` goes to stdout for programs."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def read_where(args: Namespace) -> "LineFilter":
    """Return the lines that ``--where`` takes; all without it."""
    return qb.folders.LineFilter(
        where=None if args.where is None else qb.folders.lines_matching(args.where, named="--where")
    )


def add_reading(parser: Parser) -> None:
    """Add the options that shape how a spec is read."""
    parser.add_argument(
        "--set",
        dest="overrides",
        metavar="PATH=VALUE",
        action="append",
        default=[],
        help="override a value of the spec, such as matrix.model='[z-image-turbo]'; may be given again",
    )
    parser.add_argument(
        "--allow-read",
        metavar="DIR",
        action="append",
        default=[],
        type=_folder,
        help="also read tables and images from this folder; may be given again",
    )
    add_catalog_path(parser)


def add_catalog_path(parser: Parser) -> None:
    """Add ``--catalog-path``."""
    parser.add_argument(
        "--catalog-path",
        metavar="DIR",
        type=a_path,
        help="also look for catalogs in this folder: its catalog.yaml, or those in folders such as DIR/2026-11",
    )


def catalogs_of(args: Namespace) -> "CatalogSource":
    """Return the catalogs to look in: those that ship, and those of ``--catalog-path``."""
    return qb.plans.catalogs_beside(args.catalog_path) if args.catalog_path else qb.catalog.CatalogSource()


def _folder(text: str) -> Path:
    """Return the folder of an argument, which must be there: a slip of the keyboard would allow nothing."""
    folder = a_path(text)
    if not folder.is_dir():
        raise UsageError(f"--allow-read {text}: there is no such folder")
    return folder


BESIDE_SPEC = Path()
"""Stands for the lock beside the spec."""


def add_locked(parser: Parser) -> None:
    """Add ``--locked``."""
    parser.add_argument(
        "--locked",
        metavar="FILE",
        nargs="?",
        const=BESIDE_SPEC,
        type=a_path,
        help="refuse a spec that is not as its lock says; FILE is the one beside the spec if it is left out",
    )


def hold_to_lock(plan: "AnyPlan", args: Namespace, console: Console) -> None:
    """Raise SpecError where ``--locked`` is given and the plan differs from the lock; say how the programs differ."""
    if args.locked is not None:
        notes = qb.reproductions.check_lock(plan, None if args.locked == BESIDE_SPEC else args.locked)
        console.say(*(f"note: {console.err.shown(note)}" for note in notes))


def an_address(text: str) -> str:
    """Return the address of a store, or the path of a folder."""
    return text if is_store_url(text) else str(a_path(text))


def add_base_url(parser: Parser) -> None:
    """Add ``--base-url``."""
    parser.add_argument(
        "--base-url", metavar="URL", help="where the API is; else QWAVE_BASE_URL, else what the catalog says"
    )


def add_simulate(parser: Parser, what: str) -> None:
    """Add ``--simulate``."""
    parser.add_argument("--simulate", action="store_true", help=what)


def read_connection(args: Namespace, console: Console) -> "Connection | Simulated":
    """Return the API that ``--simulate``, ``--base-url`` and the environment describe."""
    if not args.simulate:
        return qb.connections.Connection.from_environ(console.environ, base_url=args.base_url)
    if args.base_url:
        raise UsageError("--simulate brings its own API, so it takes no --base-url; leave one of them out")
    return qb.connections.Simulated()


def add_yes(parser: Parser, what: str) -> None:
    """Add ``--yes``."""
    parser.add_argument("--yes", action="store_true", help=what)


def add_catalog(parser: Parser) -> None:
    """Add ``--catalog``."""
    parser.add_argument("--catalog", metavar="DATE", help="the catalog to look in, such as 2026-05; else the newest")
    add_catalog_path(parser)


def catalog_date(args: Namespace, catalogs: "CatalogSource") -> str:
    """Return the date that ``--catalog`` names; without it that of the newest catalog."""
    return str(args.catalog or catalogs.newest())


def catalog_named(args: Namespace, catalogs: "CatalogSource") -> str:
    """Return which catalog is looked in, and whether it was named."""
    return f"catalog {catalog_date(args, catalogs)}" + (
        "" if args.catalog else " (the newest; --catalog names another)"
    )
