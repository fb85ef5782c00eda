"""From argv to an exit status."""

from collections.abc import Mapping, Sequence
from typing import TextIO

from qwave_batch import lazy
from qwave_batch.cli.arguments import HelpAsked
from qwave_batch.cli.console import Console, bug_sentence
from qwave_batch.cli.drawing.problems import draw_problems
from qwave_batch.cli.drawing.text import bounded, wrap
from qwave_batch.cli.next_steps import error_words
from qwave_batch.cli.overview import WIDEST_HELP, asks_for_overview, overview
from qwave_batch.cli.registry import find_command, parser_of
from qwave_batch.errors import QwaveError, SpecError, StorageError, UnknownName, UsageError


def main(
    argv: Sequence[str],
    stdout: TextIO,
    stderr: TextIO,
    stdin: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Do what ``argv`` asks for and return the exit status: results to ``stdout``, talk to ``stderr``."""
    console = Console(stdout=stdout, stderr=stderr, stdin=stdin, environ=environ or {})
    return tell_what_is_lost(_execute(argv, console), console)


def tell_what_is_lost(status: int, console: Console) -> int:
    """Return the exit status of a command; where its results could not be printed, say so and let it have failed."""
    if console.lost is None:
        return status
    trouble = _explain(StorageError(f"stdout can't be written: {_words_of(console.lost)}"), console)
    return status or trouble


def _execute(argv: Sequence[str], console: Console) -> int:
    try:
        return _dispatch(argv, console)
    except HelpAsked as asked:
        console.print([asked.text.rstrip()])
        return 0
    except QwaveError as error:
        return _explain(error, console)
    except OSError as error:
        return _explain(_as_storage_error(error), console)
    except Exception as error:  # noqa: BLE001  # the last line of defence: a bug is told, not thrown at the user
        cause = _innermost(error)
        return _explain(cause, console) if isinstance(cause, QwaveError) else _confess(cause, console)


def _dispatch(argv: Sequence[str], console: Console) -> int:
    width = min(WIDEST_HELP, console.out.width)
    match list(argv):
        case arguments if asks_for_overview(arguments):
            console.print(overview(width))
            return 0
        case ["--version"]:
            console.print([f"qwave-batch {_version()}"])
            return 0
        case [option, *_] if option.startswith("-"):
            raise UnknownName("option", option, ("--help", "--version"), hint="a command comes first")
        case [name, *rest]:
            args = parser_of(name, width=width).read(rest)
            return find_command(name).execute(args, console)
        case _:
            raise UsageError("the arguments make no sense")


def _version() -> str:
    try:
        return lazy.metadata.version("qwave-batch")
    except lazy.metadata.PackageNotFoundError:  # run from a checkout that nobody installed
        return "(not installed)"


def _explain(error: QwaveError, console: Console) -> int:
    terminal = console.err
    if isinstance(error, SpecError):
        console.say(*draw_problems(error.problems, terminal))
    else:
        label = "error:"
        lines = wrap(
            f"{label} {terminal.shown(bounded(error_words(error)))}", terminal.width, hang=" " * (len(label) + 1)
        )
        console.say(lines[0].replace(label, terminal.paint(label, "red"), 1), *lines[1:])
    return error.exit_status


def _as_storage_error(error: OSError) -> StorageError:
    what = f"{error.filename}: " if error.filename else ""
    return StorageError(f"{what}{_words_of(error)}")


def _words_of(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _innermost(error: Exception) -> Exception:
    """Return what a task group has wrapped."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _confess(error: Exception, console: Console) -> int:
    console.say(*wrap(console.err.shown(bug_sentence(error, console)), console.err.width))
    return QwaveError.exit_status
