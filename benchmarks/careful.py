"""What does the script look like, and do, that a careful person writes, without a ledger?

It is what job.py compares with. It submits under a key of its own, polls about twice (or has the answer held with
``wait``), downloads, decodes each image to its end, hashes it, syncs it and its name, and notes it in a file of lines.
It knows no limits, tries nothing again, and after a crash it pays again for what it had in flight. Images are decoded
by Pillow, as in such scripts, or checked by this project, which takes less for a PNG.

    python benchmarks/careful.py BASE_URL JOBS AT_ONCE LATENCY_S poll|wait pillow|project FOLDER
"""

import asyncio
import hashlib
import io
import json
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp
from PIL import Image

from qwave_batch.imaging.image_inspection import inspect_bytes

Check: TypeAlias = Callable[[bytes], dict[str, object]]


def by_pillow(data: bytes) -> dict[str, object]:
    """Decode an image to its end and return what is to be known of it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return {"size": image.size, "sha256": hashlib.sha256(data).hexdigest()}


def by_project(data: bytes) -> dict[str, object]:
    """Do the same as this project does."""
    info = inspect_bytes(data)
    return {"size": (info.width, info.height), "sha256": info.sha256}


CHECKS = {"pillow": by_pillow, "project": by_project}


def keep(data: bytes, file: Path, check: Check) -> dict[str, object]:
    """Check an image and store it so that it survives a power cut; return what is to be known of it."""
    facts = check(data)
    partial = file.with_suffix(".part")
    with partial.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    partial.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return {"path": file.name, **facts}


async def main(  # noqa: PLR0913, PLR0917 - the arguments of a script
    base_url: str, jobs: int, at_once: int, latency_s: float, completion: str, check: Check, folder: Path
) -> int:
    """Make an image for each seed from 1 and return the number of polls."""
    semaphore, polls = asyncio.Semaphore(at_once), 0
    key = {"Authorization": f"Bearer {os.environ['QWAVE_API_KEY']}"}
    held = {"Prefer": "wait=60"} if completion == "wait" else {}
    with (folder / "made.jsonl").open("a") as made:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2 * at_once)) as session:

            async def task_of(seed: int) -> dict[str, Any]:
                nonlocal polls
                request = {"model": "z-image-turbo", "prompt": "A teahouse", "seed": seed}
                headers = {**key, **held, "Idempotency-Key": uuid.uuid4().hex}
                async with session.post(f"{base_url}/tasks", json=request, headers=headers) as response:
                    response.raise_for_status()
                    task: dict[str, Any] = await response.json()
                pause_s = latency_s * 0.9
                while task["status"] != "completed":
                    if task["status"] in {"failed", "cancelled"}:
                        raise SystemExit(f"task {task['task_id']}: {task['status']}")
                    await asyncio.sleep(pause_s)
                    pause_s = latency_s * 0.2
                    polls += 1
                    async with session.get(f"{base_url}/tasks/{task['task_id']}", headers=key) as response:
                        response.raise_for_status()
                        task = await response.json()
                return task

            async def make(seed: int) -> None:
                async with semaphore:
                    task = await task_of(seed)
                async with session.get(task["result"]["images"][0]["url"][0]) as response:
                    response.raise_for_status()
                    data = await response.read()
                facts = await asyncio.to_thread(keep, data, folder / f"{seed}.png", check)
                made.write(json.dumps({"seed": seed, "task": task["task_id"], **facts}) + "\n")

            await asyncio.gather(*(make(seed) for seed in range(1, jobs + 1)))
    return polls


if __name__ == "__main__":
    url, count, most, latency, way, checked_by, out = sys.argv[1:]
    Path(out).mkdir()
    print(asyncio.run(main(url, int(count), int(most), float(latency), way, CHECKS[checked_by], Path(out))))
