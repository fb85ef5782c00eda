"""A command that scores ends with the process that has started it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from qwave_batch.scoring.command_process import CommandProcess

_COMPUTES = "import sys, time; pipe = open(sys.argv[1], 'w'); print('begun', flush=True); time.sleep(300)"
_STARTS_IT_AND_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from qwave_batch.scoring.command_process import CommandProcess
started = CommandProcess([sys.executable, "-c", *sys.argv[1:]], folder=Path.cwd(), environment={})
started.next_line(30.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_command_that_computes_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    """It holds a pipe open as long as it lives, and reads no input whose end would tell it."""
    pipe = tmp_path / "alive"
    os.mkfifo(pipe)
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTS_IT_AND_IS_KILLED, _COMPUTES, str(pipe)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with pipe.open("rb") as held_open:
        assert held_open.read() == b""
    assert starter.wait() == -signal.SIGKILL


def test_a_command_that_is_told_to_end_leaves_no_process(tmp_path: Path) -> None:
    """The shell that guards it has ended with it."""
    process = CommandProcess([sys.executable, "-c", "input()"], folder=tmp_path, environment={})
    guard = process.guard
    process.close()
    assert guard is not None
    assert guard.returncode == 0
