"""``python -m qwave_batch``, and the ``qwave-batch`` command."""

import os
import sys

from qwave_batch.cli.main import main
from qwave_batch.cli.streams import own_streams


def entry() -> int:
    """Run the command line on the process's own arguments and streams, and return the exit status."""
    with own_streams() as (stdout, stderr):
        return main(sys.argv[1:], stdout=stdout, stderr=stderr, stdin=sys.stdin, environ=os.environ)


if __name__ == "__main__":
    sys.exit(entry())
