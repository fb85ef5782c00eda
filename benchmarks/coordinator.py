"""How many jobs a second can one coordinator drive when the work on images is elsewhere?

A run of tiny jobs with all that a run has (ledger, limiter, HTTP) against the embedded API in a process of its own;
only the image store does nothing here but wait for its answers, as for those of workers elsewhere. CPU is that of the
coordinator's process alone, and what a job takes beyond a run of one job. The first line holds the answer: the seconds
that a processor needs for a job bound the jobs a second, whatever else the machine does. The wall time is bound by the
embedded API too, which is shown beside it. The parts come from another run, which clocks them: only their shares are
used. With --against the same is done by other checkouts, in turn, and only in whole. With --workers the image store is
that of Ray, with so many workers on this machine, which fetch, check and store tiny images; 0 is the local store. With
--stages as many jobs run in two stages, of which the second edits the images of the first.

    python -m benchmarks.coordinator
    python -m benchmarks.coordinator --only wait --workers 0 2
    python -m benchmarks.coordinator --only wait --stages
    python -m benchmarks.coordinator --jobs 10000 --only wait --against /path/to/another/checkout
"""

import argparse
import json
import math
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.engine import CATALOG, CHECKOUT, ENVIRONMENT, KEY, served
from benchmarks.job import image_of

SPEC = """\
version: 1
name: coordinator
catalog: "{catalog}"
completion: {completion}
prompts: [A teahouse]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
limits: {{concurrency: {slots}}}
"""
STAGED_SPEC = """\
version: 1
name: coordinator
catalog: "{catalog}"
completion: {completion}
stages:
  - name: draft
    prompts: [A teahouse]
    request: {{model: z-image-turbo}}
    matrix: {{seed: {{start: 1, count: {jobs}}}}}
  - name: night
    from_stage: draft
    text: "{{{{ parent.prompt }}}} at night"
    request: {{model: wan2.7-image, action: edit, image_urls: ["{{{{ parent.image }}}}"]}}
limits: {{concurrency: {slots}}}
"""
"""Half of the jobs are edits of the images of the others."""
STAGES = 2
COMPLETIONS = ("wait", "poll")
PARTS = ("submit", "poll", "settle", "image hand-off", "scheduler", "ledger's thread", "manifest")
TINY = image_of(seed=1, side=16, metadata_bytes=0)
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """One run."""

    jobs: int
    wall_s: float
    api_cpu_s: float
    found: Mapping[str, float]
    """Seconds by part, as metered_run.py prints them."""
    polls: int


def cpu_s_of(pid: int | None) -> float:
    """Return the CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The work of a run, but for its jobs."""

    completion: str
    slots: int
    latency: str
    executor: Sequence[str] = ()
    """The options that choose it."""
    is_staged: bool = False

    def spec(self, jobs: int) -> str:
        """Return a spec of so many jobs."""
        form, count = (STAGED_SPEC, jobs // STAGES) if self.is_staged else (SPEC, jobs)
        return form.format(catalog=CATALOG, completion=self.completion, jobs=count, slots=self.slots)


def driven(checkout: Path, load: Load, how: str, jobs: int) -> Drive:
    """Run so many jobs with the code of a checkout, clocked as a whole or by parts.

    Raises:
        SystemExit: the run failed; its words are passed on.
    """
    with tempfile.TemporaryDirectory() as name, served(load.latency, Path(name, "state.sqlite"), [TINY]) as base_url:
        (api,) = multiprocessing.active_children()
        folder, spec = Path(name), Path(name, "spec.yaml")
        spec.write_text(load.spec(jobs), encoding="utf-8")
        script = CHECKOUT / "benchmarks" / "metered_run.py"
        told = ("run", str(spec), "-o", str(folder / "made"), "--base-url", base_url, "--yes", "--json")
        api_before_s, began = cpu_s_of(api.pid), time.monotonic()
        done = subprocess.run(
            (sys.executable, str(script), how, *told, *load.executor),
            env={**ENVIRONMENT, "PYTHONPATH": str(checkout), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        wall_s, api_cpu_s = time.monotonic() - began, cpu_s_of(api.pid) - api_before_s
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found: dict[str, float] = json.loads(done.stderr.strip().splitlines()[-1])
    polls = json.loads(done.stdout)["requests"]["poll"]
    return Drive(jobs=jobs, wall_s=wall_s, api_cpu_s=api_cpu_s, found=found, polls=polls)


def ms_of(whole: Drive, start: Drive, part: str = "process") -> float:
    """Return the milliseconds that a job takes of a part, less what a run of one job takes."""
    spent_s = whole.found.get(part, 0.0) - start.found.get(part, 0.0)
    return spent_s * 1000 / (whole.jobs - start.jobs)


def told_of(whole: Drive, start: Drive) -> str:
    """Return the line on a run."""
    all_ms = ms_of(whole, start)
    api_ms = (whole.api_cpu_s - start.api_cpu_s) * 1000 / (whole.jobs - start.jobs)
    return (
        f"{all_ms:5.2f} ms of CPU a job = {1000 / all_ms:4,.0f} jobs a second and processor; "
        f"{whole.jobs / whole.wall_s:4,.0f} a second by wall, {whole.polls / whole.jobs:.2f} polls a job; start-up "
        f"{start.found['process']:.2f} s of CPU; peak {whole.found['peak MiB']:.0f} MiB; the API {api_ms:.2f} ms"
    )


def parts_of(load: Load, jobs: int, whole_ms: float) -> str:
    """Return the lines on the parts of a run that takes so much in whole."""
    start = driven(CHECKOUT, load, "parts", 1)
    found = driven(CHECKOUT, load, "parts", jobs)
    all_ms = ms_of(found, start)
    parts = {part: ms_of(found, start, part) for part in PARTS}
    parts["sockets, asyncio, rest"] = all_ms - sum(parts.values())
    return "\n".join(f"    {part:24}{spent_ms * whole_ms / all_ms:6.2f}" for part, spent_ms in parts.items())


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--latency", default="0.8..1.2", help="what a task takes: 2, 1..4, normal(2,0.3)")
    parser.add_argument("--only", choices=COMPLETIONS, action="append")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--against", type=Path, action="append", default=[], metavar="CHECKOUT")
    parser.add_argument("--stages", action="store_true", help="as many jobs in two stages, too")
    parser.add_argument("--workers", type=int, nargs="*", default=[], help="of Ray; 0 is the local store")
    args = parser.parse_args(argv)
    print(f"{args.jobs:,} jobs at {args.slots} slots, each {args.latency} s; {os.cpu_count()} cores")
    for completion in args.only or COMPLETIONS:
        load = Load(completion=completion, slots=args.slots, latency=args.latency)
        best_ms = math.inf
        for checkout in (*args.against, CHECKOUT) * args.rounds:
            start, whole = (driven(checkout, load, "whole", jobs) for jobs in (1, args.jobs))
            print(f"{completion}, {checkout.name:14}{told_of(whole, start)}", flush=True)
            if checkout == CHECKOUT:
                best_ms = min(best_ms, ms_of(whole, start))
        print(parts_of(load, args.jobs, best_ms), flush=True)
        if args.stages:
            staged = replace(load, is_staged=True)
            start, whole = (driven(CHECKOUT, staged, "whole", jobs) for jobs in (STAGES, args.jobs))
            print(f"{completion}, {'in stages':14}{told_of(whole, start)}", flush=True)
        for workers in args.workers:
            chosen = ("--executor", "ray", "--workers", str(workers)) if workers else ()
            there = replace(load, executor=chosen)
            start, whole = (driven(CHECKOUT, there, "usual", jobs) for jobs in (1, args.jobs))
            print(f"{completion}, {f'ray {workers}' if workers else 'local':14}{told_of(whole, start)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
