"""Runs code in a process of its own that the system stops if it takes too much time or memory."""

import resource
import subprocess
import sys
from collections.abc import Sequence

MIB = 1 << 20
AT_REST_MIB = 250
"""Address space that the interpreter with everything loaded takes: what is measured comes on top."""


def run_limited(arguments: Sequence[str], given: str = "", *, cpu_s: int, mib: int) -> subprocess.CompletedProcess[str]:
    """Return what Python came to with these arguments; beyond ``cpu_s`` the system kills it.

    Args:
        arguments: Of the interpreter.
        given: Its standard input.
        cpu_s: Seconds of the processor.
        mib: Memory beyond what the interpreter takes at rest.
    """

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
        size = (AT_REST_MIB + mib) * MIB
        resource.setrlimit(resource.RLIMIT_AS, (size, size))

    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        input=given,
        capture_output=True,
        text=True,
        preexec_fn=limit,  # no thread of the tests holds a lock here
    )
