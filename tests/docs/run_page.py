"""Executes the commands and snippets of a page in order, in the folder it is started in; started by a test.

    python tests/docs/run_page.py PAGE

Prints a JSON list: for each Python block the line it stands on, and what it has printed.
"""

import io
import json
import os
import re
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path

from qwave_batch.cli.main import main

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\S+\.yaml)\n")
FINE = {"check": {0, 1}}
"""Exit statuses that are not a failure: a check that finds something ends with 1."""


def run_command(line: str, environ: dict[str, str]) -> None:
    """Run one line of a shell block; every command on the page is one of the program's own."""
    program, *argv = shlex.split(line, comments=True)
    assert program == "qwave-batch", line
    said = io.StringIO()
    status = main(argv, sys.stderr, said, environ=environ)
    assert status in FINE.get(argv[0], {0}), f"{line}\n{said.getvalue()}"


def run_page(text: str, environ: dict[str, str]) -> list[tuple[int, str]]:
    """Return what the Python blocks have printed."""
    names: dict[str, object] = {"__name__": "__main__"}
    printed = []
    for block in BLOCK.finditer(text):
        line, (kind, code) = text.count("\n", 0, block.start()) + 2, block.groups()
        if kind == "yaml" and (named := FILE.match(code)):
            Path(named[1]).write_text(code, encoding="utf-8")
        elif kind == "sh":
            for command in code.splitlines():
                run_command(command, environ)
        elif kind == "python":
            with redirect_stdout(io.StringIO()) as out:
                exec(compile("\n" * (line - 1) + code, "page", "exec"), names)
            printed.append((line, out.getvalue()))
    return printed


if __name__ == "__main__":
    shown = run_page(Path(sys.argv[1]).read_text(encoding="utf-8"), dict(os.environ))
    sys.stdout.write(json.dumps(shown))
