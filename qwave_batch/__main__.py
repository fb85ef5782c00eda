"""``python -m qwave_batch``, and the ``qwave-batch`` command."""

import gc
import os
import sys
from importlib import import_module

from qwave_batch.cli.interrupts import INTERRUPTED, break_on_signals
from qwave_batch.cli.overview import asks_for_overview, print_overview
from qwave_batch.cli.streams import own_streams, words_may_be_lost

_GARBAGE_AFTER = 50_000
"""New objects after which Python looks for garbage, which Python 3.11 does after 700: most that a command makes as it
starts (modules, classes, schemas) lives to its end, and each look goes through it again."""


def entry() -> int:
    """Run the command line on the process's own arguments and streams, and return the exit status."""
    gc.set_threshold(_GARBAGE_AFTER)
    with own_streams() as (stdout, stderr):
        try:
            if os.name == "posix":  # elsewhere little more than --help is of use
                break_on_signals()
            if asks_for_overview(sys.argv[1:]):
                return print_overview(stdout, stderr, os.environ)
            # imported only now, so that a signal that comes meanwhile ends the process in order too
            main = import_module("qwave_batch.cli.main").main
            status: int = main(sys.argv[1:], stdout=stdout, stderr=stderr, stdin=sys.stdin, environ=os.environ)
        except KeyboardInterrupt:
            with words_may_be_lost():
                stderr.write("stopped\n")
        else:
            gc.freeze()  # everything is closed: going through all modules for garbage on the way out finds memory only
            return status
    os._exit(INTERRUPTED)  # the usual way out waits for threads, which may decode for seconds


if __name__ == "__main__":
    sys.exit(entry())
