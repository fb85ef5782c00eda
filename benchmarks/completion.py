"""What does it cost, in time and requests, to learn that a task has ended: by polling, or by submits that are held?

832 jobs at 64 slots over a real socket, start-up, learning and downloads included; each task takes normal(2,0.3)
seconds. The embedded API runs in a process of its own. Times are in ideals, the sum of the latencies over the slots;
the floor is list scheduling of the same latencies with instant notice.

    python -m benchmarks.completion [poll wait auto webhook]
"""

import asyncio
import heapq
import multiprocessing
import sys
import tempfile
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import qwave_batch as qb
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.model.terms import Completion
from qwave_batch.simulator import Behaviour, Simulator, parse_latency, serve_forever

JOBS, SLOTS, LATENCY = 832, 64, "normal(2,0.3)"
SPEC = f"""
version: 1
name: completion
catalog: "2026-05"
prompts: [A teahouse]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {JOBS}}}}}
limits: {{concurrency: {SLOTS}}}
"""


def serve(told: Pipe, state: Path) -> None:
    """Serve the embedded API until the process is ended."""
    behaviour = Behaviour(latency=parse_latency(LATENCY))
    with Simulator(catalog=open_catalog("2026-05"), behaviour=behaviour, state_path=state) as simulator:
        asyncio.run(serve_forever(simulator, on_ready=told.send))


def floor_s(latencies_s: list[float]) -> float:
    """Return when the last task would end if each slot took the next one at once."""
    slots = [0.0] * SLOTS
    for latency_s in latencies_s:
        heapq.heapreplace(slots, slots[0] + latency_s)
    return max(slots)


def measure(completion: Completion, folder: Path) -> str:
    """Run the batch once and return a line of the table."""
    ours, theirs = multiprocessing.Pipe()
    state = folder / "state.sqlite"
    server = multiprocessing.Process(target=serve, args=(theirs, state), daemon=True)
    server.start()
    try:
        (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
        summary = qb.run_batch_sync(
            folder / "spec.yaml",
            connection=qb.Connection(key="sk-benchmark", base_url=ours.recv()),
            out_dir=folder / "run",
            options=qb.RunOptions(completion=completion),
        )
    finally:
        server.terminate()
        server.join()
    if summary.exit_status:
        raise RuntimeError(summary.reason)
    with Simulator(catalog=open_catalog("2026-05"), state_path=state) as simulator:
        latencies_s = [task.ends_at - task.created_at for task in simulator.tasks() if task.ends_at is not None]
    ideal_s = sum(latencies_s) / SLOTS
    requests = summary.summary["requests"]
    assert isinstance(requests, dict)
    calls = [int(str(requests[kind])) / JOBS for kind in ("submit", "poll")]
    makespan, floor = summary.seconds / ideal_s, floor_s(latencies_s) / ideal_s
    return f"{completion.value:10}{summary.seconds:9.2f} s{makespan:10.3f}{floor:9.3f}{calls[0]:11.2f}{calls[1]:9.2f}"


def main(asked: list[str]) -> int:
    """Measure each way once and print the table."""
    print(f"{'':10}{'makespan':>11}{'in ideals':>10}{'floor':>9}{'submits':>11}{'polls':>9}")
    for name in asked or ["poll", "wait", "auto"]:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(Completion(name), Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
