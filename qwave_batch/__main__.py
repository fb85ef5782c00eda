"""``python -m qwave_batch``, and the ``qwave-batch`` command."""

import os
import sys

from qwave_batch.cli.main import main


def entry() -> int:
    """Run the command line on the process's own arguments and streams, and return the exit status."""
    status = main(sys.argv[1:], stdout=sys.stdout, stderr=sys.stderr, stdin=sys.stdin, environ=os.environ)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader is gone: give the interpreter's last flush somewhere to write to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(entry())
