"""What does a folder cost: its status, a run with nothing to do, its manifest, its verification, beside plain loops?

A finished folder is made of a plan, through the ledger's own journal, with images that are copies of a few, and not by
a run, which would take longer than all the rest. Each command is a process of its own, start-up included; beside it
stands the loop of folder_by_hand.py for the same question. CPU and memory are those of the process and of all that it
starts. A folder of many jobs has tiny images, another one has fewer of a real size, for `verify`.

    python -m benchmarks.folder
    python -m benchmarks.folder --jobs 20000 --large 0
"""

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

from PIL import Image

from qwave_batch.api.plan_opening import open_plan
from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.image_inspection import ImageInfo, inspect_bytes
from qwave_batch.ledger.attempt import Acceptance, Charge, StoredFile
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job
from qwave_batch.model.record import ImageFile
from qwave_batch.model.task import ResultImage
from qwave_batch.output.manifest import keep_manifest

CHECKOUT = Path(__file__).parents[1]
HOST = "127.0.0.1:9"
BASE_URL, KEY = f"http://{HOST}/v1", "sk-benchmark"
"""Nobody answers there, and a run with nothing to do does not ask."""
STARTED_AT = 1_795_334_400.0
COST_NUSD = 8_000_000
AT_ONCE = 2_000
"""Jobs whose journal entries share a sync."""
DESIGNS = 6
LOOK_S = 0.01
_MIB = 2**20
SPEC = """\
version: 1
name: folder
catalog: "2026-05"
prompts: ["A teahouse by a canal in the rain, seen from a bridge, at dusk"]
request: {{model: z-image-turbo}}
matrix: {{seed: {{start: 1, count: {jobs}}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One process as the kernel saw it, with all that it started."""

    wall_s: float
    cpu_s: float
    peak_mib: float

    def __str__(self) -> str:
        """Return the columns of a table."""
        return f"{self.wall_s:8.2f} s{self.cpu_s:8.2f} s{self.peak_mib:7.0f} MiB"


@dataclass(frozen=True, slots=True)
class Design:
    """An image as bytes, and what it is."""

    data: bytes
    info: ImageInfo


def designs(pixels: int) -> list[Design]:
    """Return a few square images, PNG and JPEG in turn, as hard to pack as a photograph."""
    made = []
    for number in range(DESIGNS):
        noise = Image.frombytes("L", (pixels, pixels), random.Random(number).randbytes(pixels * pixels))
        slope = Image.linear_gradient("L").resize((pixels, pixels))
        grey = Image.blend(slope, noise, 0.1)
        out = BytesIO()
        Image.merge("RGB", (grey, slope.rotate(90), slope)).save(out, ("png", "jpeg")[number % 2])
        made.append(Design(out.getvalue(), inspect_bytes(out.getvalue())))
    return made


def make_folder(place: Path, jobs: int, made: Sequence[Design], spec_text: str = SPEC) -> Path:
    """Return a finished folder with these images in turn; its spec lies beside it."""
    spec, layout = place / "spec.yaml", RunLayout(place / "made")
    spec.write_text(spec_text.format(jobs=jobs), encoding="utf-8")
    layout.create()
    with Ledger.open(layout.workspace.ledger) as ledger:
        claim = FolderClaim(
            spec_name="folder", backend=HOST, path=str(layout.root.resolve()), host=os.uname().nodename, key=KEY
        )
        ledger.claim(claim)
        ledger.replace_plan(open_plan(spec).items())
        lines = ledger.lines()
        asyncio.run(finish_jobs(layout, ledger.journal(), (line.job for line in lines), made))
    measured(command_line("run", layout.root))  # for what a run leaves beside: manifest, summary, spec
    return layout.root


async def finish_jobs(layout: RunLayout, journal: Journal, jobs: Iterator[Job], made: Sequence[Design]) -> None:
    """Take every job its whole way through the journal, with its image in place."""
    folders: set[Path] = set()

    async def finish(number: int, job: Job) -> None:
        design = made[number % len(made)]
        extension = {"png": ".png", "jpeg": ".jpg"}[design.info.format]
        file = layout.images / f"{job.path}{extension}"
        if file.parent not in folders:
            file.parent.mkdir(parents=True, exist_ok=True)
            folders.add(file.parent)
        file.write_bytes(design.data)
        at, url = STARTED_AT + number / 10, f"https://files.example/{job.job_id}{extension}"
        attempt = await journal.intend(job.job_id, held_nusd=COST_NUSD, sent_at=at)
        attempt = await journal.complete(
            attempt,
            ended_at=at + 12.5,
            submitted_at=at,
            charge=Charge(cost_nusd=COST_NUSD, cost_from="api", catalog_nusd=COST_NUSD),
            results=[ResultImage(url=url)],
            acceptance=Acceptance(task_id=f"task-{job.job_id}", submitted_at=at, held_nusd=COST_NUSD),
        )
        image = ImageFile(
            path=layout.relative(file),
            sha256=design.info.sha256,
            size_bytes=design.info.size_bytes,
            width=design.info.width,
            height=design.info.height,
            format=design.info.format,
            source_url=url,
        )
        await journal.store(attempt, [StoredFile(image=image, modified_ns=file.stat().st_mtime_ns)])

    numbered = enumerate(jobs)
    while some := list(islice(numbered, AT_ONCE)):
        await asyncio.gather(*(finish(number, job) for number, job in some))


def command_line(command: str, folder: Path) -> Sequence[str]:
    """Return what a shell would be given for a command of this program."""
    if command == "run":
        spec = folder.parent / "spec.yaml"
        return ("-m", "qwave_batch", "run", str(spec), "-o", str(folder), "--base-url", BASE_URL, "--yes", "--json")
    if command == "manifest":
        return ("-m", "benchmarks.folder", "--write-manifest", str(folder))
    if command == "plan":
        return ("-m", "qwave_batch", "plan", str(folder.parent / "spec.yaml"), "--json")
    return ("-m", "qwave_batch", command, str(folder), "--json")


def loop(question: str, folder: Path) -> Sequence[str]:
    """Return the same for a loop written by hand."""
    return (str(CHECKOUT / "benchmarks" / "folder_by_hand.py"), question, str(folder))


def measured(command: Sequence[str], *, fine: Sequence[int] = (0,)) -> Measured:
    """Measure a process that ends with one of the fine exit statuses.

    Raises:
        SystemExit: it failed; what it said is passed on.
    """
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "QWAVE_API_KEY": KEY, "NO_COLOR": "1"}
    with tempfile.TemporaryFile() as said:
        began = time.monotonic()
        process = subprocess.Popen((sys.executable, *command), stdout=said, stderr=said, env=environment, cwd=CHECKOUT)
        ended = peak_bytes = 0
        while not ended:
            peak_bytes = max(peak_bytes, memory_of(process.pid))
            time.sleep(LOOK_S)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        wall_s = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in fine:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} failed\n{said.read().decode()[-3000:]}")
    return Measured(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, peak_mib=peak_bytes / _MIB)


def memory_of(pid: int) -> int:
    """Return the bytes of memory that a process and all below it hold; shared pages count once for each."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        return pages * os.sysconf("SC_PAGE_SIZE") + sum(memory_of(int(child)) for child in below)
    return 0


@contextmanager
def made_folder(place: Path | None, jobs: int, pixels: int) -> Iterator[Path]:
    """Yield a finished folder, kept where a place for it is named, and used again from there."""
    if place is None:
        with tempfile.TemporaryDirectory() as name:
            yield make_folder(Path(name), jobs, designs(pixels))
        return
    kept = place / f"{jobs}-of-{pixels}"
    if not kept.exists():
        kept.mkdir(parents=True)
        try:
            make_folder(kept, jobs, designs(pixels))
        except BaseException:
            shutil.rmtree(kept)
            raise
    yield kept / "made"


QUESTIONS = (("status", "status"), ("run", "resume"), ("manifest", "manifest"), ("verify", "verify"))
"""Commands of this program, and their loops by hand."""


def compare(folder: Path, questions: Sequence[tuple[str, str]], rounds: int) -> None:
    """Measure commands and loops in turn and print a line for each; the round with the least CPU counts."""
    for command, question in questions:
        ours: list[Measured] = []
        by_hand: list[Measured] = []
        for _ in range(rounds):
            ours.append(measured(command_line(command, folder)))
            by_hand.append(measured(loop(question, folder)))
        best, least = (min(each, key=lambda one: one.cpu_s) for each in (ours, by_hand))
        shown = "run, nothing to do" if command == "run" else command
        times = f"{best.wall_s / least.wall_s:7.2f}{best.cpu_s / least.cpu_s:7.2f}"
        print(f"{shown:20}{best}   by hand{least}{times}", flush=True)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=100_000, help="of the folder with tiny images")
    parser.add_argument(
        "--large", type=int, default=2_000, help="images of 1024 x 1024 in the other folder; 0 for none"
    )
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", choices=[command for command, _ in QUESTIONS], action="append")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the folders there, and use them again")
    parser.add_argument("--write-manifest", type=Path, metavar="FOLDER", help="do only that, for the table")
    args = parser.parse_args(argv)
    if args.write_manifest:
        layout = RunLayout(args.write_manifest)
        with Ledger.open(layout.workspace.ledger, read_only=True) as ledger:
            layout.manifest.unlink()  # else it is not written again from the same lines
            keep_manifest(layout, ledger)
        return 0
    questions = [each for each in QUESTIONS if args.only is None or each[0] in args.only]
    heads = f"{'wall':>10}{'CPU':>10}{'peak':>11}"
    print(f"{'':20}{heads}   {'':7}{heads}{'times':>7}{'CPU':>7}")
    with made_folder(args.keep, args.jobs, 32) as folder:
        print(f"{args.jobs:,} jobs with tiny images; `plan` of the same spec:{measured(command_line('plan', folder))}")
        compare(folder, questions, args.rounds)
    if args.large and ("verify", "verify") in questions:
        with made_folder(args.keep, args.large, 1024) as folder:
            print(f"{args.large:,} jobs with images of 1024 x 1024")
            compare(folder, [("verify", "verify")], args.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
