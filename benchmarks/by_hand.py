"""What does the script look like, and do, that one writes in ten minutes: gather, a semaphore, a poll every 2 seconds?

It knows no limits, tries nothing again, forgets everything when it is stopped, and is what engine.py compares with.
``QWAVE_API_KEY`` holds the key. It prints how often it polled.

    python benchmarks/by_hand.py BASE_URL JOBS AT_ONCE EVERY_S FOLDER
"""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp


async def main(base_url: str, jobs: int, at_once: int, every_s: float, folder: Path) -> int:
    """Make an image for each seed from 1 and return the number of polls."""
    semaphore, polls = asyncio.Semaphore(at_once), 0
    key = {"Authorization": f"Bearer {os.environ['QWAVE_API_KEY']}"}

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def make(seed: int) -> None:
            nonlocal polls
            request = {"model": "z-image-turbo", "prompt": "A teahouse", "seed": seed}
            async with semaphore:
                async with session.post(f"{base_url}/tasks", json=request, headers=key) as response:
                    response.raise_for_status()
                    task = await response.json()
                while task["status"] != "completed":
                    await asyncio.sleep(every_s)
                    polls += 1
                    async with session.get(f"{base_url}/tasks/{task['task_id']}", headers=key) as response:
                        response.raise_for_status()
                        task = await response.json()
                async with session.get(task["result"]["images"][0]["url"][0]) as response:
                    (folder / f"{seed}.png").write_bytes(await response.read())

        await asyncio.gather(*(make(seed) for seed in range(1, jobs + 1)))
    return polls


if __name__ == "__main__":
    url, count, most, interval, out = sys.argv[1:]
    Path(out).mkdir()
    print(asyncio.run(main(url, int(count), int(most), float(interval), Path(out))))
