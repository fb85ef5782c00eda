"""Real processes that are told to stop before there is anything to stop."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """\
version: 1
name: stopped
catalog: "2026-05"
request: {model: z-image-turbo, aspect_ratio: "1:1"}
prompts: [a lantern]
"""
SLOW = "import time\nprint('here', flush=True)\ntime.sleep(30)\n"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


IGNORING = ("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh")
"""Ignores signals as ``nohup`` and background jobs of a script do before they start a program."""


def begin(checkout: Path, home: Path, *, slow: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a run that gets no further than to the import of a module, and prints that it is there."""
    (home / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (home / "slow").mkdir()
    (home / "slow" / f"{slow}.py").write_text(SLOW, encoding="utf-8")
    return subprocess.Popen(
        (*before, sys.executable, "-m", "qwave_batch", "run", "spec.yaml", "-o", "made", "--simulate"),
        cwd=home,
        env={**os.environ, "PYTHONPATH": f"{home / 'slow'}:{checkout}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("slow", ["argparse", "yaml"])
def test_a_signal_while_the_program_is_loaded_ends_it_with_130_and_a_word(
    checkout: Path, tmp_path: Path, slow: str, number: signal.Signals
) -> None:
    with begin(checkout, tmp_path, slow=slow) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "stopped\n")


def test_signals_that_are_ignored_from_the_start_stay_so_and_sigterm_ends_it(checkout: Path, tmp_path: Path) -> None:
    with begin(checkout, tmp_path, slow="yaml", before=IGNORING) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            process.send_signal(number)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, "stopped\n")
