"""How much CPU does each thread of a command take, and each package of its loop? job_cpu.py runs it.

It runs the command line in this process and prints seconds as JSON, at the end of stderr: ``timed`` by kind of thread,
as the kernel counts; ``profiled`` by package, for the main thread, where what is built in counts for its caller.

    python benchmarks/clocked_run.py timed|profiled COMMAND ARGUMENT...
"""

import cProfile
import json
import pstats
import sys
import threading
import time
from collections import defaultdict

from qwave_batch.__main__ import entry

LOOK_S = 0.02
PACKAGES = (
    ("aiohttp, asyncio", ("/aiohttp/", "/asyncio/", "/yarl/", "/multidict/", "/selectors.py", "/concurrent/")),
    ("client", ("/qwave_batch/client/",)),
    ("run/schedule, run/jobs", ("/qwave_batch/run/schedule/", "/qwave_batch/run/jobs/", "/qwave_batch/run/wakeup")),
    ("run/limits", ("/qwave_batch/run/limits/",)),
    ("run/polling", ("/qwave_batch/run/polling/",)),
    ("run/tasks, run/images", ("/qwave_batch/run/tasks/", "/qwave_batch/run/images/")),
    ("ledger", ("/qwave_batch/ledger/",)),
    ("progress, events, manifest", ("/qwave_batch/output/", "/qwave_batch/run/", "/qwave_batch/api/")),
    ("other (json, dataclasses, ...)", ("",)),
)


def kind_of(thread: threading.Thread) -> str:
    """Return what a thread is for."""
    if thread is threading.main_thread():
        return "loop"
    return "ledger" if thread.name == "ledger" else "others"


class ThreadClocks:
    """Watches the CPU of all threads of this process but its own."""

    def __init__(self) -> None:
        self._spent: dict[int, tuple[str, float]] = {}
        self._watcher = threading.Thread(target=self._watch, name="clocks", daemon=True)
        self._watcher.start()

    def look(self) -> None:
        """Note what each thread has spent so far; one that ends between two looks is known up to the first."""
        for thread in threading.enumerate():
            if thread.ident is not None and thread is not self._watcher:
                clock = time.pthread_getcpuclockid(thread.ident)
                self._spent[thread.ident] = (kind_of(thread), time.clock_gettime(clock))

    def by_kind(self) -> dict[str, float]:
        """Return the CPU seconds by kind of thread."""
        self.look()
        total: dict[str, float] = defaultdict(float)
        for kind, spent_s in self._spent.values():
            total[kind] += spent_s
        return total

    def _watch(self) -> None:
        while True:
            self.look()
            time.sleep(LOOK_S)


def by_package(profile: cProfile.Profile) -> dict[str, float]:
    """Return the seconds that the functions of each package took themselves."""
    spent: dict[str, float] = defaultdict(float)
    for (file, _, _), (_, _, own_s, _, callers) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        if file == "~":  # built in
            for (caller, _, _), (_, _, called_s, _) in callers.items():
                spent[package_of(caller)] += called_s
        else:
            spent[package_of(file)] += own_s
    return spent


def package_of(file: str) -> str:
    """Return the name of the package that a source file belongs to."""
    return next(name for name, parts in PACKAGES if any(part in file for part in parts))


def main(way: str, arguments: list[str]) -> int:
    """Run the command and print what it took."""
    sys.argv = ["qwave-batch", *arguments]
    if way == "timed":
        clocks = ThreadClocks()
        status = entry()
        found = clocks.by_kind()
    else:
        profile = cProfile.Profile(time.thread_time)
        status = profile.runcall(entry)
        found = by_package(profile)
    sys.stderr.write(f"\n{json.dumps(found)}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
