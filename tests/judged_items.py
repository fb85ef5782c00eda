"""Items for a judge, a folder for its journal, and a simulated service that counts what it was asked."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image

from qwave_batch.api.judge_setup import make_judge
from qwave_batch.catalog.catalog_files import open_catalog
from qwave_batch.client.connection import Connection
from qwave_batch.folder.layout import RunLayout
from qwave_batch.judging.judge_scorer import JudgeScorer
from qwave_batch.model.clock import SystemClock
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scoring.scorer import Item, ItemFile, OtherImage, ScoreBudget, Scored
from qwave_batch.simulator import Behaviour, Settings, Simulator, parse_faults, parse_latency, serve

KEY = "key-of-a-judge"
TWO_QUESTIONS: tuple[JsonObject, ...] = (
    {"id": "1", "question": "Is it red?", "answer": "yes"},
    {"id": "2", "question": "How many are there?", "answer": "2", "choices": ["1", "2", "3"]},
)
FAST = {"model": "embedded-judge", "tries": "3"}
"""Parameters of a judge that gives up soon."""


def image_file(number: int, size: tuple[int, int] = (64, 64)) -> ItemFile:
    """Return an image that no other number has."""
    file = BytesIO()
    Image.new("RGB", size, (number % 256, number // 256 % 256, 90)).save(file, "PNG")
    data = file.getvalue()
    return ItemFile(sha256=sha256(data).hexdigest(), data=data, size_bytes=len(data), width=size[0], height=size[1])


def judged_item(number: int, questions: Sequence[JsonObject] = TWO_QUESTIONS) -> Item:
    """Return an item with questions."""
    return Item(
        job_id=f"{number:016x}",
        image=0,
        file=image_file(number),
        prompt_id=f"p{number}",
        prompt=f"prompt {number}",
        model="m",
        axes={"model": "m"},
        tags=(),
        meta={},
        questions=tuple(questions),
    )


def judged_pair(number: int) -> Item:
    """Return two images of one prompt."""
    other = OtherImage(
        job_id=f"{number + 1000:016x}", image=0, file=image_file(number + 1000), model="n", axes={"model": "n"}
    )
    return replace(judged_item(number), other=other)


async def stream(items: Sequence[Item]) -> AsyncIterator[Item]:
    """Yield items as ``score`` does."""
    for item in items:
        yield item


def judge_folder(root: Path) -> RunLayout:
    """Return a run folder in which nothing was made."""
    layout = RunLayout(root)
    layout.create()
    return layout


def a_judge(layout: RunLayout, base_url: str, *, retry_failed: bool = False, **params: str) -> JudgeScorer:
    """Return a judge that asks the service at an address with the account's key."""
    return make_judge(
        {**FAST, **params},
        layout=layout,
        connection=Connection(key=KEY, base_url=base_url),
        clock=SystemClock(),
        retry_failed=retry_failed,
        environ={},
    )


@dataclass(slots=True)
class Emitted:
    """The outcomes that a judge emitted, in their order."""

    outcomes: list[Scored] = field(default_factory=list)

    async def take(self, scored: Scored) -> None:
        self.outcomes.append(scored)

    @property
    def by_job(self) -> dict[str, Scored]:
        """The last outcome of each item."""
        return {each.item.job_id: each for each in self.outcomes}


async def judge_all(judge: JudgeScorer, items: Sequence[Item], max_nusd: int | None = None) -> Emitted:
    """Return what a judge emits about items."""
    emitted = Emitted()
    async with judge:
        await judge.score_all(stream(items), emitted.take, ScoreBudget(max_nusd))
    return emitted


@asynccontextmanager
async def a_service(
    faults: str = "", *, latency: str = "0", settings: Settings | None = None, port: int = 0
) -> AsyncIterator[tuple[Simulator, str]]:
    """Yield a simulated service and its address."""
    behaviour = Behaviour(latency=parse_latency(latency), faults=parse_faults(faults))
    with Simulator(catalog=open_catalog("2026-10"), behaviour=behaviour, settings=settings) as simulator:
        async with serve(simulator, port=port) as base_url:
            yield simulator, base_url
