"""The options that say how a run learns of the end of its tasks."""

from argparse import Namespace
from typing import TypedDict

from qwave_batch.cli.arguments import Parser, one_of
from qwave_batch.errors import UsageError
from qwave_batch.model.terms import Completion

_HIGHEST_PORT = 65_535


class CompletionOptions(TypedDict, total=False):
    """The fields of ``RunOptions`` that these options fill."""

    completion: Completion
    webhook_url: str
    webhook_host: str
    webhook_port: int


def add_completion(parser: Parser) -> None:
    """Add ``--completion``, ``--webhook-url`` and ``--webhook-port``."""
    parser.add_argument(
        "--completion",
        metavar="HOW",
        type=one_of("way to learn of an end", [each.value for each in Completion]),
        help="how to learn that a task has ended: auto, poll, wait or webhook; else what the spec says",
    )
    parser.add_argument(
        "--webhook-url",
        metavar="URL",
        help="where the API reaches this run's receiver; means --completion webhook",
    )
    parser.add_argument(
        "--webhook-port",
        metavar="PORT",
        type=_listened,
        help="where the receiver listens, PORT or HOST:PORT; else a free port of 127.0.0.1",
    )


def read_completion(args: Namespace) -> CompletionOptions:
    """Return what was asked for; an option of the receiver asks for the receiver."""
    asked: CompletionOptions = {}
    is_called = args.webhook_url is not None or args.webhook_port is not None
    if args.completion is not None or is_called:
        asked["completion"] = Completion(args.completion or Completion.WEBHOOK)
    if is_called and asked["completion"] is not Completion.WEBHOOK:
        raise UsageError(f"--webhook-url and --webhook-port go with --completion webhook, not {args.completion}")
    if args.webhook_url is not None:
        asked["webhook_url"] = args.webhook_url
    if args.webhook_port is not None:
        host, asked["webhook_port"] = args.webhook_port
        if host:
            asked["webhook_host"] = host
    return asked


def _listened(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not port.isascii() or int(port) > _HIGHEST_PORT:
        raise UsageError(f'"{text}" is no port to listen on; it looks like 8080 or 0.0.0.0:8080')
    return host.removeprefix("[").removesuffix("]"), int(port)
