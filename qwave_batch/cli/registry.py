"""The commands by name. A command's module is imported only when it is chosen."""

from argparse import Namespace
from importlib import import_module
from typing import Protocol, cast

from qwave_batch.cli.arguments import Parser, first_sentence
from qwave_batch.cli.console import Console
from qwave_batch.cli.overview import COMMANDS
from qwave_batch.errors import UnknownName


class Command(Protocol):
    """A module of ``cli/commands/``."""

    USAGE: str
    """The arguments, as ``--help`` shows them after the command's name."""

    def configure(self, parser: Parser) -> None:
        """Name the arguments."""
        ...

    def execute(self, args: Namespace, console: Console) -> int:
        """Do it, and return the exit status."""
        ...


_FILES = {"catalog": "catalogs", "votes": "vote_counting", "compare-scores": "compare_scores", "lock": "locking"}
"""Names of files that are not the command's: a file of that name is elsewhere."""


def find_command(name: str) -> Command:
    """Return the command called ``name``."""
    if name not in COMMANDS:
        raise UnknownName("command", name, COMMANDS, hint="qwave-batch --help lists all")
    return cast("Command", import_module(f"qwave_batch.cli.commands.{_FILES.get(name, name)}"))


def parser_of(name: str, *, width: int) -> Parser:
    """Return the parser of the arguments of the command called ``name``."""
    command = find_command(name)
    parser = Parser(command=name, usage=command.USAGE, summary=first_sentence(COMMANDS[name]), width=width)
    command.configure(parser)
    return parser
