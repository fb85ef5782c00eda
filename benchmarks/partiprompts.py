"""How close to the ideal does PartiPrompts on two models come at concurrency 64, and what does it cost the machine?

The simulator is a process of its own, reached over a real socket. The client is another, and its CPU time
and peak memory are the kernel's count for that process alone. The ideal is ``jobs x latency / concurrency``:
every slot busy from the first moment to the last, answers noticed the moment they are there.

    python benchmarks/partiprompts.py PartiPrompts.tsv --latency 1
    python benchmarks/partiprompts.py PartiPrompts.tsv --latency "normal(2,0.3)" --limit 416

Every image is verified, and a second run must submit nothing; otherwise it exits 1.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qwave_batch.simulator import parse_latency

CHECKOUT = Path(__file__).parents[1]
TABLE = CHECKOUT.parent / "shared" / "data" / "PartiPrompts.tsv"
ENTRY = (sys.executable, "-m", "qwave_batch")
MODELS = ("gpt-image-2", "z-image-turbo")

SPEC = """\
version: 1
name: partiprompts
catalog: "2026-05"
request: {{aspect_ratio: "1:1", resolution: 1K, seed: 1}}
prompts:
  - from: prompts.tsv
    text: "{{{{ row.Prompt }}}}"
    id: "parti-{{{{ row_number }}}}"
    tags: ["{{{{ row.Category }}}}", "{{{{ row.Challenge }}}}"]
    limit: {limit}
matrix:
  model: [{models}]
limits: {{concurrency: {concurrency}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the command line, as the kernel saw it."""

    printed: str
    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The answer."""

    jobs: int
    concurrency: int
    latency_s: float
    ideal_s: float
    wall_s: float
    times_ideal: float
    polls_per_job: float
    cpu_ms_per_job: float
    peak_mib: float
    images: int
    verified: bool
    second_run_submitted: int
    second_run_s: float


def environment() -> Mapping[str, str]:
    """Return what the children see: this checkout, and a key for the simulator."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": "benchmark", "NO_COLOR": "1"}


def call(*arguments: str, log: Path) -> Call:
    """Run the command line in a process of its own and measure that process.

    Raises:
        SystemExit: it failed; what it said is passed on.
    """
    started = time.monotonic()
    out = log.with_suffix(".out")
    with out.open("wb") as stdout, log.open("wb") as stderr:
        process = subprocess.Popen((*ENTRY, *arguments), stdout=stdout, stderr=stderr, env=environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {process.returncode}\n{log.read_text(encoding='utf-8')[-3000:]}")
    return Call(
        printed=out.read_text(encoding="utf-8"),
        wall_s=time.monotonic() - started,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2),
    )


@contextmanager
def simulator(latency: str, log: Path) -> Iterator[str]:
    """Serve the embedded API from another process and yield its base URL."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            (*ENTRY, "simulator", "--catalog", "2026-05", "--port", "0", "--latency", latency),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(),
            text=True,
        )
    try:
        yield announced(process)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def mean_s(latency: str) -> float:
    """Return the mean of a latency as the simulator reads it."""
    drawn = parse_latency(latency)
    return sum(drawn.draw((number + 0.5) / 1000) for number in range(1000)) / 1000


def announced(process: subprocess.Popen[str]) -> str:
    """Return the address that a simulator prints when it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+/v1", line):
            return found[0]
    raise SystemExit("the simulator ended before it was ready")


def measure(table: Path, *, latency: str, concurrency: int, limit: int, folder: Path) -> Figures:
    """Run the benchmark in ``folder`` and return its figures."""
    (folder / "prompts.tsv").write_bytes(table.read_bytes())
    spec = folder / "partiprompts.yaml"
    spec.write_text(SPEC.format(models=", ".join(MODELS), concurrency=concurrency, limit=limit), encoding="utf-8")
    made = str(folder / "made")
    with simulator(latency, folder / "simulator.log") as base_url:
        run = ("run", str(spec), "-o", made, "--base-url", base_url, "--yes", "--json")
        first = call(*run, log=folder / "first.log")
        second = call(*run, log=folder / "second.log")
    verified = call("verify", made, "--json", log=folder / "verify.log")
    return figures(
        json.loads(first.printed),
        json.loads(second.printed),
        first=first,
        second_s=second.wall_s,
        latency_s=mean_s(latency),
        concurrency=concurrency,
        verified=bool(verified.printed),
    )


def figures(  # noqa: PLR0913  # the facts of two runs, each by its name
    summary: Mapping[str, Any],
    again: Mapping[str, Any],
    *,
    first: Call,
    second_s: float,
    latency_s: float,
    concurrency: int,
    verified: bool,
) -> Figures:
    """Return the answer that two summaries and the first call's measures give."""
    jobs = summary["jobs"]
    ideal_s = jobs * latency_s / concurrency
    return Figures(
        jobs=jobs,
        concurrency=concurrency,
        latency_s=latency_s,
        ideal_s=round(ideal_s, 2),
        wall_s=round(first.wall_s, 2),
        times_ideal=round(first.wall_s / ideal_s, 2),
        polls_per_job=round(summary["requests"]["poll"] / jobs, 2),
        cpu_ms_per_job=round(first.cpu_s * 1000 / jobs, 2),
        peak_mib=round(first.peak_mib, 1),
        images=summary["images"],
        verified=verified and summary["completed"] == jobs == summary["images"],
        second_run_submitted=again["requests"]["submit"],
        second_run_s=round(second_s, 2),
    )


def main(argv: Sequence[str]) -> int:
    """Measure, print the figures, and return 0 when every image is there and nothing was submitted twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", nargs="?", type=Path, default=TABLE)
    parser.add_argument("--latency", default="1", help="what the simulator takes for a task: 2, 1..4, normal(2,0.3)")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--limit", type=int, default=1632, help="the first N prompts")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = measure(
            args.table,
            latency=args.latency,
            concurrency=args.concurrency,
            limit=args.limit,
            folder=Path(folder),
        )
    if args.json:
        print(json.dumps(asdict(found)))
    else:
        for name, value in asdict(found).items():
            print(f"{name:22}{value}")
    return 0 if found.verified and found.second_run_submitted == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
