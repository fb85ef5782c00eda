"""Where does the CPU of a job go: start-up, the loop by package, the ledger's thread, the images' threads?

A run of one job is the start-up, and is taken off the others. All threads but the loop's and the ledger's count as the
images'. The loop is divided by runs under a profiler, which makes everything slower, so only its shares are used. The
jobs are those of job.py.

    python -m benchmarks.job_cpu [small:poll]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.clocked_run import PACKAGES
from benchmarks.engine import CHECKOUT, ENVIRONMENT, KEY
from benchmarks.job import by_run, load_of, served_load

JOBS, SLOTS, LATENCY_S = 832, 64, 1.0


def spent_by(name: str, jobs: int, way: str) -> Mapping[str, float]:
    """Run so many jobs once, in a process of their own, and return the seconds that it found.

    Raises:
        SystemExit: it failed; its words are passed on.
    """
    load = load_of(name, jobs=jobs, slots=SLOTS, latency_s=LATENCY_S)
    with tempfile.TemporaryDirectory() as folder, served_load(load, Path(folder, "state.sqlite")) as base_url:
        script = str(CHECKOUT / "benchmarks" / "clocked_run.py")
        done = subprocess.run(
            (sys.executable, script, way, *by_run(base_url, load, Path(folder))[2:]),
            env={**ENVIRONMENT, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stderr.strip().splitlines()[-1])
    return found


def more(whole: Mapping[str, float], start: Mapping[str, float]) -> dict[str, float]:
    """Return what all jobs took beyond the start-up; never less than nothing, which noise may make of little."""
    return {name: max(0.0, spent_s - start.get(name, 0.0)) for name, spent_s in whole.items()}


def rows_of(name: str) -> dict[str, float]:
    """Return the seconds by place."""
    start = spent_by(name, 1, "timed")
    jobs = more(spent_by(name, JOBS, "timed"), start)
    packages = more(spent_by(name, JOBS, "profiled"), spent_by(name, 1, "profiled"))
    shares = {place: packages.get(place, 0.0) / sum(packages.values()) for place, _ in PACKAGES}
    return {
        "start-up": sum(start.values()),
        **{f"loop: {place}": jobs["loop"] * share for place, share in shares.items()},
        "ledger's thread": jobs["ledger"],
        "images' threads": jobs["others"],
    }


def main(asked: list[str]) -> None:
    """Measure, and print a line for each place."""
    for name in asked or ["small:poll", "small:wait"]:
        rows = rows_of(name)
        print(f"{name}: {JOBS} jobs at {SLOTS} slots, ms of CPU a job")
        for place, spent_s in {**rows, "all": sum(rows.values())}.items():
            print(f"  {place:<40}{spent_s * 1000 / JOBS:6.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
