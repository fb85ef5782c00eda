"""``python -m qwave_batch``, and the ``qwave-batch`` command."""

import os
import sys

from qwave_batch.cli.gone import is_reader_gone
from qwave_batch.cli.main import main


def entry() -> int:
    """Run the command line on the process's own arguments and streams, and return the exit status."""
    status = main(sys.argv[1:], stdout=sys.stdout, stderr=sys.stderr, stdin=sys.stdin, environ=os.environ)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if not is_reader_gone(error):
                raise
            # give the interpreter's last flush somewhere to write to
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return status


if __name__ == "__main__":
    sys.exit(entry())
