"""A judge in a process of its own that kills itself at a named point."""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from qwave_batch.client.chat_api import ChatApi
from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging.judge_journal import JudgeJournal
from qwave_batch.scoring.scorer import Item, ScoreBudget, Scored
from tests.fork_server import context
from tests.judged_items import a_judge, judged_item, stream

IMAGES, QUESTIONS, AT_ONCE = 6, 2, 3
POINTS = {
    "before the intent": (JudgeJournal, "intend", False),
    "after the intent": (JudgeJournal, "intend", True),
    "after the request": (ChatApi, "complete", True),
    "before the answer is on record": (JudgeJournal, "answer", False),
    "after the answer is on record": (JudgeJournal, "answer", True),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def doom(point: str, count: int) -> None:
    """Have this process die at the how-many-eth call at a point."""
    owner, name, is_after = POINTS[point]
    method: Any = getattr(owner, name)
    calls = iter(range(1, 1_000_000))

    @wraps(method)
    def blocking(self: Any, *values: Any, **named: Any) -> Any:
        is_now = next(calls) == count
        if is_now and not is_after:
            die()
        result = method(self, *values, **named)
        if is_now:
            die()
        return result

    @wraps(method)
    async def awaited(self: Any, *values: Any, **named: Any) -> Any:
        is_now = next(calls) == count
        result = await method(self, *values, **named)
        if is_now:
            die()
        return result

    setattr(owner, name, awaited if asyncio.iscoroutinefunction(method) else blocking)


def items() -> list[Item]:
    """Return the items to judge."""
    return [judged_item(number) for number in range(IMAGES)]


def judged_in(kept: Path) -> set[str]:
    """Return the jobs whose outcome was written down."""
    return {json.loads(line)["job_id"] for line in kept.read_bytes().splitlines()}


async def judge(root: Path, base_url: str, kept: Path, left: Sequence[Item]) -> None:
    """Judge images, and write each outcome down as ``score`` does."""
    with open(kept, "ab", buffering=0) as file:  # noqa: PTH123, ASYNC230 - a line at a time

        async def emit(scored: Scored) -> None:
            line = {"job_id": scored.item.job_id, "outcome": type(scored.outcome).__name__}
            file.write(json.dumps(line).encode() + b"\n")

        async with a_judge(RunLayout.at(root), base_url, concurrency=str(AT_ONCE)) as scorer:
            await scorer.score_all(stream(left), emit, ScoreBudget(None))


def judge_until_dead(root: Path, base_url: str, kept: Path, point: str, count: int) -> None:
    """Runs in that process."""
    doom(point, count)
    asyncio.run(judge(root, base_url, kept, items()))


async def run_doomed(root: Path, base_url: str, kept: Path, point: str, count: int) -> int | None:
    """Judge in a process that dies at a point; return its exit status."""
    process = context().Process(target=judge_until_dead, args=(root, base_url, kept, point, count))
    process.start()
    await asyncio.to_thread(process.join)
    return process.exitcode
