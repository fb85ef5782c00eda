"""Does planning stay linear in time and memory when jobs are made from the images of earlier jobs?

A chain of three stages, each of whose jobs edits the image of one job of the stage before, beside as many jobs without
stages that edit an image at an address. Each plan is made in a process of its own, in three sizes; then its jobs are
taken, as a run takes them. Jobs a second are of CPU.

    python -m benchmarks.staged_plan [--jobs 100000]
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec

HEAD = {"version": 1, "name": "benchmark", "catalog": "2026-05"}
PLAIN, STAGED = "without stages", "three stages"
STAGES = 3
EDIT = {"action": "edit", "image_urls": ["{{ parent.image }}"]}
MIB = 1024
"""KiB, in which the system tells a peak."""


def spec_of(shape: str, jobs: int) -> dict[str, Any]:
    """Return a spec of about so many jobs."""
    seeds = 100
    prompts = jobs // seeds // (STAGES if shape == STAGED else 1)
    texts = [f"Subject number {number} in a wide landscape" for number in range(prompts)]
    axes = {"model": ["gpt-image-2"], "look": [f"look {number}" for number in range(seeds)]}
    listed = [{"id": f"p{number}", "text": f"{text}, {{{{ look }}}}"} for number, text in enumerate(texts)]
    if shape == PLAIN:
        address = {"action": "edit", "image_urls": ["https://images.example.com/a.png"]}
        return {**HEAD, "request": address, "prompts": listed, "matrix": axes}
    return {
        **HEAD,
        "stages": [
            {"name": "draft", "prompts": listed, "matrix": axes},
            {"name": "night", "from_stage": "draft", "text": "{{ parent.prompt }}, at night", "request": EDIT,
             "matrix": {"model": ["wan2.7-image"]}},
            {"name": "poster", "from_stage": "night", "text": "{{ parent.prompt }}, as a poster", "request": EDIT,
             "matrix": {"model": ["doubao-seedream-4.5"]}},
        ],
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCost:
    """The cost of one plan."""

    jobs: int
    plan_s: float
    """CPU until it is made, checked and counted."""
    items_s: float
    """CPU to take all its jobs."""
    peak_mib: int
    start_mib: int
    """The peak before it was begun."""


def one_plan(shape: str, jobs: int) -> PlanCost:
    """Make one plan in this process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "spec.yaml")
        file.write_text(json.dumps(spec_of(shape, jobs)), encoding="utf-8")
        start_mib, began = _peak_mib(), time.process_time()
        plan = make_plan(load_spec(file))
        made = time.process_time()
        count = sum(1 for _ in plan.items())
        return PlanCost(
            jobs=count,
            plan_s=made - began,
            items_s=time.process_time() - made,
            peak_mib=_peak_mib(),
            start_mib=start_mib,
        )


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MIB


def apart(shape: str, jobs: int) -> PlanCost:
    """Make one plan in a process of its own."""
    code = f"import json, dataclasses; from benchmarks.staged_plan import one_plan; found = one_plan({shape!r}, {jobs})"
    done = subprocess.run(
        (sys.executable, "-c", f"{code}; print(json.dumps(dataclasses.asdict(found)))"),
        capture_output=True,
        text=True,
        check=True,
    )
    return PlanCost(**json.loads(done.stdout))


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000)
    args = parser.parse_args(argv)
    costs: dict[tuple[str, int], PlanCost] = {}
    sizes = [args.jobs // 4, args.jobs // 2, args.jobs]
    for shape in (PLAIN, STAGED):
        for size in sizes:
            cost = costs[shape, size] = apart(shape, size)
            print(
                f"{shape:15} {cost.jobs:9,} jobs: {cost.jobs / cost.plan_s:8,.0f} planned a second, "
                f"{cost.jobs / cost.items_s:8,.0f} taken a second; {cost.peak_mib - cost.start_mib:5} MiB more "
                f"than the {cost.start_mib} at the start",
                flush=True,
            )
    plain, staged = (costs[shape, args.jobs] for shape in (PLAIN, STAGED))
    small = costs[STAGED, sizes[0]]
    print(
        f"a job of a chain takes {staged.plan_s / staged.jobs / (plain.plan_s / plain.jobs):.1f} times as long to plan "
        f"as one without stages; four times as many of them take {staged.plan_s / small.plan_s:.1f} times as long"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
