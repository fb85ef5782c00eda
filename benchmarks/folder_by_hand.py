"""What do the loops look like that folder.py compares with: plain SQL, one listing of files, a decode on every core?

Each does what a careful script of one's own would do with a run folder that it trusts: it asks the ledger by joins,
lists the images once, and decodes and hashes every file on all cores. None of them looks for links, odd rows, hostile
images or lines that contradict each other.

    python benchmarks/folder_by_hand.py {status,resume,manifest,verify} DIR
"""

import hashlib
import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from io import BytesIO
from itertools import islice
from pathlib import Path

from PIL import Image

BATCH = 200
"""Lines that a process is given at a time."""
_NEWEST = "attempts.number = (SELECT MAX(number) FROM attempts AS every WHERE every.job_id = jobs.job_id)"
_LINES = f"""
    SELECT jobs.body, attempts.state, attempts.task_id, attempts.submitted_at, attempts.ended_at, attempts.cost_nusd,
           attempts.cost_from, images.path, images.sha256, images.size_bytes, images.width, images.height,
           images.format, images.source_url
    FROM jobs JOIN attempts ON attempts.job_id = jobs.job_id AND {_NEWEST}
         JOIN images ON images.job_id = jobs.job_id AND images.number = attempts.number
    WHERE position IS NOT NULL ORDER BY position
"""
_IMAGE_KEYS = ("path", "sha256", "bytes", "width", "height", "format", "source_url")


def opened(folder: Path) -> sqlite3.Connection:
    """Return the ledger of a folder, to read."""
    return sqlite3.connect(f"{(folder / '.qwave' / 'ledger.sqlite').resolve().as_uri()}?mode=ro", uri=True)


def status(folder: Path) -> None:
    """Print how many jobs are in each state, the images, and what they cost."""
    with closing(opened(folder)) as ledger:
        states = ledger.execute(
            f"SELECT state, COUNT(*) FROM jobs LEFT JOIN attempts ON attempts.job_id = jobs.job_id AND {_NEWEST} "
            "WHERE position IS NOT NULL GROUP BY state"
        ).fetchall()
        cost = ledger.execute("SELECT SUM(cost_nusd), SUM(held_nusd) FROM attempts").fetchone()
        images = ledger.execute("SELECT COUNT(*), SUM(size_bytes) FROM images").fetchone()
    print(json.dumps({"states": dict(states), "cost": cost, "images": images}))


def resume(folder: Path) -> None:
    """Print how many images on record are missing, or have another size or time."""
    found = dict(files_below(folder / "images", "images"))
    changed = total = 0
    with closing(opened(folder)) as ledger:
        for body, path, size_bytes, modified_ns in ledger.execute(
            "SELECT body, path, size_bytes, modified_ns FROM jobs JOIN images ON images.job_id = jobs.job_id "
            "WHERE position IS NOT NULL ORDER BY position"
        ):
            total += json.loads(body)["skip"] is None
            changed += found.get(path) != (size_bytes, modified_ns)
    print(json.dumps({"images": total, "changed": changed}))


def files_below(folder: Path, name: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield path, size and time of every file."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from files_below(folder / entry.name, f"{name}/{entry.name}")
            else:
                status = entry.stat(follow_symlinks=False)
                yield f"{name}/{entry.name}", (status.st_size, status.st_mtime_ns)


def manifest(folder: Path) -> None:
    """Write a line for each job to a file beside the folder, and make it survive a power cut."""
    with closing(opened(folder)) as ledger, (folder.parent / "by-hand.jsonl").open("w", encoding="utf-8") as file:
        for body, state, task_id, submitted_at, ended_at, cost, cost_from, *image in ledger.execute(_LINES):
            line = json.loads(body) | {
                "status": state,
                "task_id": task_id,
                "submitted_at": submitted_at,
                "completed_at": ended_at,
                "seconds": ended_at - submitted_at,
                "cost_usd": cost / 1e9,
                "cost_from": cost_from,
                "images": [dict(zip(_IMAGE_KEYS, image, strict=True))],
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def verify(folder: Path) -> None:
    """Print how many images of the manifest are not as it says."""
    with (folder / "manifest.jsonl").open("rb") as file, ProcessPoolExecutor() as pool:
        batches = iter(lambda: list(islice(file, BATCH)), [])
        print(json.dumps({"damaged": sum(pool.map(partial(damaged, folder), batches))}))


def damaged(folder: Path, lines: Sequence[bytes]) -> int:
    """Return how many images of some lines are not as these say."""
    return sum(not is_as_told(folder, image) for line in lines for image in json.loads(line)["images"])


def is_as_told(folder: Path, image: dict[str, object]) -> bool:
    """Whether a file decodes to its end, and has the hash and the size of the manifest."""
    data = (folder / str(image["path"])).read_bytes()
    with Image.open(BytesIO(data)) as opened_image:
        opened_image.load()
        size = opened_image.size
    return hashlib.sha256(data).hexdigest() == image["sha256"] and size == (image["width"], image["height"])


LOOPS: dict[str, Callable[[Path], None]] = {"status": status, "resume": resume, "manifest": manifest, "verify": verify}

if __name__ == "__main__":
    LOOPS[sys.argv[1]](Path(sys.argv[2]))
