"""``python -m qwave_batch``, and the ``qwave-batch`` command."""

import os
import sys
from typing import TYPE_CHECKING

from qwave_batch.cli.interrupts import INTERRUPTED, break_on_signals
from qwave_batch.cli.streams import own_streams, words_may_be_lost
from qwave_batch.later import later

if TYPE_CHECKING:
    import qwave_batch.cli.main as command_line
else:
    command_line = later("qwave_batch.cli.main")  # a signal that comes meanwhile ends the process in order too


def entry() -> int:
    """Run the command line on the process's own arguments and streams, and return the exit status."""
    with own_streams() as (stdout, stderr):
        try:
            if os.name == "posix":  # elsewhere little more than --help is of use
                break_on_signals()
            return command_line.main(sys.argv[1:], stdout=stdout, stderr=stderr, stdin=sys.stdin, environ=os.environ)
        except KeyboardInterrupt:
            with words_may_be_lost():
                stderr.write("stopped\n")
    os._exit(INTERRUPTED)  # the usual way out waits for threads, which may decode for seconds


if __name__ == "__main__":
    sys.exit(entry())
