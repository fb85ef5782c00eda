"""The help without a command: all commands on one page, printed without loading any of them."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TextIO

from qwave_batch.cli.drawing.stream_width import width_of_stream
from qwave_batch.cli.drawing.text import wrap

COMMANDS: Mapping[str, str] = {
    "init": "write a first spec, with comments, that runs as it is",
    "validate": "check specs",
    "plan": "show what would be made, and what it may cost",
    "lock": "write down what a spec comes to, for run --locked",
    "run": "make the folder hold what the spec describes",
    "status": "show where a run stands, live or ended",
    "cancel": "withdraw what is still queued at the API",
    "refetch": "download again what was deleted or damaged",
    "verify": "check every line and file of a run folder",
    "check": "find what spoils a dataset",
    "prune": "remove what the spec no longer asks for, after showing it",
    "report": "make a page to look at the images, compare them and vote",
    "votes": "import and count the votes of people",
    "score": "have programs give numbers to images",
    "compare-scores": "say by their scores how two folders differ",
    "gate": "hold a folder to rules, for a CI",
    "export": "make a dataset of run folders",
    "push": "bring a dataset of run folders to the Hub",
    "bench": "bring public benchmarks in, and their images out",
    "where": "say which job, spec and folder made an image",
    "repro": "make some jobs again, and say which models honour their seed",
    "drift": "say what has changed between two runs of the same requests",
    "models": "show what the catalog knows of its models",
    "catalog": "show what differs between two catalogs",
    "migrate": "rewrite a spec for another catalog",
    "schema": "print a JSON Schema",
    "simulator": "serve the embedded API on loopback",
    "balance": "show what the account holds",
}
"""Each command with what it does, in the order of ``--help``."""
WIDEST_HELP = 100
"""Columns."""


def asks_for_overview(argv: Sequence[str]) -> bool:
    """Whether the arguments ask for this help, or for nothing."""
    return not argv or (len(argv) == 1 and argv[0] in {"-h", "--help", "help"})


def overview(width: int) -> list[str]:
    """Return the lines of the help."""
    longest = max(map(len, COMMANDS))
    return [
        "usage: qwave-batch COMMAND [arguments]",
        "",
        *wrap("Declarative batch specs for image generation: a YAML file becomes a folder of images.", width),
        "",
        "commands:",
        *(f"  {name:<{longest}}  {line}" for name, line in COMMANDS.items()),
        "",
        "options:",
        f"  {'--help':<{longest}}  show this, or with a command its arguments",
        f"  {'--version':<{longest}}  show the version",
        "",
        "start with:",
        "  qwave-batch init",
        "  qwave-batch run quickstart.yaml --simulate",
    ]


def print_overview(stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> int:
    """Print the help and return the exit status."""
    lines = overview(min(WIDEST_HELP, width_of_stream(stdout, environ)))
    try:
        stdout.write("".join(f"{line}\n" for line in lines))
        stdout.flush()
    except OSError as error:
        # only a failure needs all that words an error
        console = import_module("qwave_batch.cli.console").Console(
            stdout=stdout, stderr=stderr, environ=environ, unprintable=error
        )
        status: int = import_module("qwave_batch.cli.main").tell_what_is_lost(0, console)
        return status
    return 0
