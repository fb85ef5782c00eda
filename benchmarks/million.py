"""Does a coordinator's memory stay flat from 10,000 to a million jobs, and what do its files and commands cost then?

A folder of so many jobs is made of a plan, through the ledger's own way to take one; all jobs but the last ones are
then entered into it as done by SQL, in the rows that a run writes, and their image files are hard links of a few.
Then every command is a process of its own: a run that resumes and makes the last jobs for real (ledger, limiter, HTTP
to the embedded API in another process, image work elsewhere as in coordinator.py), `status`, the manifest written anew.

    python -m benchmarks.million
    python -m benchmarks.million --sizes 10000 100000 --keep /tmp/folders
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from benchmarks.coordinator import TINY
from benchmarks.engine import CHECKOUT, ENVIRONMENT, KEY, served
from benchmarks.folder import COST_NUSD, STARTED_AT, command_line, designs, measured
from qwave_batch.api.plan_opening import open_plan
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger

SLOTS = 500
LATENCY = "0.8..1.2"
LINKS = 30_000
"""Names of one file; file systems allow some 65,000."""
IN_A_FOLDER = 10_000
SPEC = """\
version: 1
name: million
catalog: "2026-05"
completion: wait
prompts: ["A teahouse by a canal in the rain, seen from a bridge, at dusk"]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
limits: {{concurrency: {slots}}}
"""
DONE = f"""
INSERT INTO attempts (job_id, number, round, state, key, first_sent_at, held_nusd, doubt_nusd, task_id, submitted_at,
    ended_at, cost_nusd, cost_from, results, hold_nusd, catalog_nusd, callback)
SELECT job_id, 1, 0, 'stored', 'qwave-' || job_id || '-1-' || substr(job_id || job_id, 1, 24), {STARTED_AT} + row,
    {COST_NUSD}, 0, 'task-' || job_id, {STARTED_AT} + row, {STARTED_AT} + row + 12.5, {COST_NUSD}, 'api',
    '[["http://127.0.0.1:9/results/' || job_id || '.png"]]', {COST_NUSD}, {COST_NUSD}, '{{}}'
FROM jobs WHERE position < ?
"""
_MIB = 2**20


def make_folder(place: Path, jobs: int, left: int, base_url: str) -> str:
    """Make the folder and return what that took; its spec lies beside it."""
    spec, layout = place / "spec.yaml", RunLayout(place / "made")
    spec.write_text(SPEC.format(jobs=jobs, slots=SLOTS), encoding="utf-8")
    layout.create()
    host = base_url.removeprefix("http://").partition("/")[0]
    claim = FolderClaim(
        spec_name="million", backend=host, path=str(layout.root.resolve()), host=os.uname().nodename, key=KEY
    )
    began = time.process_time()
    with Ledger.open(layout.workspace.ledger) as ledger:
        ledger.claim(claim)
        ledger.replace_plan(open_plan(spec).items())
    planned_s = time.process_time() - began
    enter_as_done(layout, jobs - left)
    return f"plan into the ledger {planned_s:.1f} s of CPU"


def enter_as_done(layout: RunLayout, jobs: int) -> None:
    """Enter the first jobs as done, with an image each."""
    design = designs(32)[0]
    rows = (
        (
            *(job_id, 1, 1, path, design.info.sha256, design.info.size_bytes, design.info.width, design.info.height),
            *(design.info.format, f"http://127.0.0.1:9/results/{job_id}.png", modified_ns),
        )
        for job_id, path, modified_ns in linked(layout, jobs, design.data)
    )
    connection = sqlite3.connect(layout.workspace.ledger)
    with connection:
        connection.execute(DONE, (jobs,))
        connection.execute("UPDATE identity SET sendings = ?", (jobs,))
        while some := list(islice(rows, IN_A_FOLDER)):
            connection.executemany("INSERT INTO images VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", some)
    connection.close()
    for beside in layout.workspace.ledger.parent.glob("ledger.sqlite-count"):
        beside.unlink()


def linked(layout: RunLayout, jobs: int, data: bytes) -> "Sequence[tuple[str, str, int]]":
    """Return the jobs with the paths and times of their images, which are links."""
    connection = sqlite3.connect(layout.workspace.ledger)
    found = connection.execute("SELECT job_id FROM jobs WHERE position < ? ORDER BY position", (jobs,)).fetchall()
    connection.close()
    source, made = layout.root, []
    for number, (job_id,) in enumerate(found):
        folder = layout.images / f"part-{number // IN_A_FOLDER}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        file = folder / f"{job_id}.png"
        if number % LINKS == 0:
            file.write_bytes(data)
            source, modified_ns = file, file.stat().st_mtime_ns
        else:
            os.link(source, file)
        made.append((job_id, str(file.relative_to(layout.root)), modified_ns))
    return made


def resumed(folder: Path, base_url: str) -> str:
    """Resume the run and return what that took."""
    script = CHECKOUT / "benchmarks" / "metered_run.py"
    told = ("run", str(folder.parent / "spec.yaml"), "-o", str(folder), "--base-url", base_url, "--yes", "--json")
    began = time.monotonic()
    done = subprocess.run(
        (sys.executable, str(script), "whole", *told),
        env={**ENVIRONMENT, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    wall_s = time.monotonic() - began
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    found = json.loads(done.stderr.strip().splitlines()[-1])
    seen = ", ".join(
        f"{part} {found[part]:.1f}" for part in ("first submit, CPU", "first submit, wall", "process", "manifest")
    )
    return f"{wall_s:.1f} s wall, peak {found['peak MiB']:.0f} MiB; seconds: {seen}"


def shown(place: Path, jobs: int, left: int) -> None:
    """Measure one size and print its lines."""
    with served(LATENCY, place / "state.sqlite", [TINY]) as base_url:
        folder, files = place / "made", RunLayout(place / "made")
        print(f"{jobs:,} jobs, {jobs - left:,} of them done before: {make_folder(place, jobs, left, base_url)}")
        size_mib = files.workspace.ledger.stat().st_size / _MIB
        print(f"  run of the last {left:,}: {resumed(folder, base_url)}", flush=True)
        print(f"  ledger {size_mib:,.0f} MiB, {size_mib * _MIB / jobs:.0f} bytes a job", end="; ")
        manifest_mib = files.manifest.stat().st_size / _MIB
        print(f"manifest {manifest_mib:,.0f} MiB, {manifest_mib * _MIB / jobs:.0f} bytes a job")
        for command in ("status", "manifest"):
            print(f"  {command:24}{measured(command_line(command, folder))}", flush=True)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000], metavar="JOBS")
    parser.add_argument("--left", type=int, default=5_000, help="jobs that are made for real")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the folders there, and leave them")
    args = parser.parse_args(argv)
    for jobs in args.sizes:
        place = Path(tempfile.mkdtemp(dir=args.keep))
        try:
            shown(place, jobs, args.left)
        finally:
            if args.keep is None:
                shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
