"""Which signals a command hears: what was ignored when it began is ignored to its end."""

import subprocess
import sys

import pytest

SCRIPT = """\
import asyncio, signal, sys
from qwave_batch.cli.interrupts import break_on_signals, breakable, on_interrupt

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
given = {signal.Signals[name] for name in sys.argv[1:]}
for number in NUMBERS:
    signal.signal(number, signal.SIG_IGN if number in given else signal.SIG_DFL)

def tell(moment):
    ignored = [number.name for number in NUMBERS if signal.getsignal(number) is signal.SIG_IGN]
    print(moment, *ignored)

async def way():
    with on_interrupt(lambda: None):
        tell("loop")
        with breakable():
            tell("asked")
        tell("loop")

break_on_signals()
tell("begun")
asyncio.run(way())
tell("over")
"""


@pytest.mark.parametrize("given", [(), ("SIGINT",), ("SIGHUP",), ("SIGINT", "SIGHUP"), ("SIGINT", "SIGTERM", "SIGHUP")])
def test_what_is_ignored_stays_so_to_the_end_and_sigterm_is_always_heard(given: tuple[str, ...]) -> None:
    ended = subprocess.run((sys.executable, "-c", SCRIPT, *given), capture_output=True, text=True, check=True)
    kept = [name for name in given if name != "SIGTERM"]
    moments = ("begun", "loop", "asked", "loop", "over")
    assert ended.stdout.splitlines() == [" ".join((moment, *kept)) for moment in moments]
