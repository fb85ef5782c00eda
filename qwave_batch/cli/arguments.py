"""Arguments: argparse with words of its own for what is wrong, and help that reads the same on every Python."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from qwave_batch import lazy
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.errors import UnknownName, UsageError


def first_sentence(line: str) -> str:
    """Return a summary as it begins a help."""
    return f"{line[0].upper()}{line[1:]}."


class HelpAsked(Exception):
    """Somebody asked for help; ``text`` is it."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Parser(argparse.ArgumentParser):
    """The arguments of one command; it raises instead of leaving the process."""

    def __init__(self, *, command: str, usage: str, summary: str, width: int) -> None:
        super().__init__(
            prog=f"qwave-batch {command}",
            usage=f"qwave-batch {command} {usage}".rstrip(),
            description=summary,
            formatter_class=partial(_Help, width=width),
            add_help=False,
            allow_abbrev=False,
        )
        self.takes_mixed = False
        """Whether options may stand between arguments that are read as one list."""
        self._command, self._width = command, width
        self._actions_by_name: dict[str, Parser] = {}
        self.color = False  # Python 3.14 would paint the help by itself
        self.add_argument("-h", "--help", action=_Help.Asked, nargs=0, help="show this and end")

    @property
    def arguments_of_actions(self) -> "Mapping[str, Parser]":
        """The arguments of each action; empty for a command that does one thing."""
        return self._actions_by_name

    def add_action(self, name: str, *, usage: str, summary: str) -> "Parser":
        """Return the arguments of an action, whose name is the command's first argument: ``args.action``."""
        self.add_argument(name, metavar=name, help=summary)  # for the help alone: ``read`` passes on to the action
        action = Parser(
            command=f"{self._command} {name}", usage=usage, summary=first_sentence(summary), width=self._width
        )
        action.set_defaults(action=name)
        self._actions_by_name[name] = action
        return action

    def read(self, argv: Sequence[str]) -> argparse.Namespace:
        """Return the arguments, or raise UsageError with the nearest option for one that does not exist."""
        if self._actions_by_name and argv[:1] not in (["-h"], ["--help"]):
            return self._read_action(argv)
        args, unknown = (self.parse_known_intermixed_args if self.takes_mixed else self.parse_known_args)(argv)
        for argument in unknown:
            self.refuse(argument)
        return args

    def _read_action(self, argv: Sequence[str]) -> argparse.Namespace:
        known = ", ".join(self._actions_by_name)
        if not argv:
            raise UsageError(f"say what to do: {known}; {self.prog} --help shows how")
        if argv[0] not in self._actions_by_name:
            raise UnknownName("action", argv[0], self._actions_by_name, hint=f"there is {known}")
        return self._actions_by_name[argv[0]].read(argv[1:])

    def refuse(self, argument: str) -> NoReturn:
        """Raise for an argument that this command does not take."""
        hint = f"{self.prog} --help lists all"
        if argument.startswith("-") and argument != "-":
            name = argument.split("=", maxsplit=1)[0]
            raise UnknownName("option", name, self._option_string_actions, hint=hint)
        raise UsageError(f'unexpected argument "{argument}"; {hint}')

    def error(self, message: str) -> NoReturn:
        """Raise for what argparse found."""
        raise UsageError(f"{message.removeprefix('argument ')}; {self.prog} --help shows how")


class _Help(argparse.HelpFormatter):
    """Help as 3.13 and later word it: ``-o, --out DIR``."""

    def __init__(self, prog: str, *, width: int) -> None:
        super().__init__(prog, width=width, max_help_position=30)
        self._columns = width

    def _format_usage(self, *args: Any) -> str:
        """Return the usage on as many lines as it takes: argparse leaves one that it was given as it is."""
        return "\n".join(wrap(super()._format_usage(*args).rstrip(), self._columns, hang="  ")) + "\n\n"

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return action.metavar if isinstance(action.metavar, str) else action.dest
        names = ", ".join(action.option_strings)
        return names if action.nargs == 0 else f"{names} {action.metavar}"

    class Asked(argparse.Action):
        """Raises HelpAsked before anything else is looked at."""

        def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
            raise HelpAsked(parser.format_help())


def one_of(kind: str, names: Iterable[str]) -> Callable[[str], str]:
    """Return a reader that takes one of ``names`` and, for another, names the nearest."""
    known = tuple(names)

    def read(text: str) -> str:
        if text not in known:
            raise UnknownName(kind, text, known, hint=f"there is {', '.join(known)}")
        return text

    return read


def a_path(text: str) -> "lazy.pathlib.Path":
    """Return the path of an argument; an empty one, as an unset variable leaves it, would be the folder one is in."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty, and names no file and no folder")
    return lazy.pathlib.Path(text)


def whole_number(*, minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """Return a reader of whole numbers in a range."""
    span = f"of at least {minimum:,}" if maximum is None else f"from {minimum:,} to {maximum:,}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = minimum - 1
        if number < minimum or (maximum is not None and number > maximum):
            raise argparse.ArgumentTypeError(f'"{text}" is not a whole number {span}')
        return number

    return read


def amount(*, above_zero: bool) -> Callable[[str], float]:
    """Return a reader of finite numbers from zero, or above it."""
    expected = "a number above 0" if above_zero else "a number of at least 0"

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        if not 0 <= number < float("inf") or (above_zero and number == 0):
            raise argparse.ArgumentTypeError(f'"{text}" is not {expected}')
        return number

    return read
