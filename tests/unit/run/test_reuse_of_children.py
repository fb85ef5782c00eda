"""A job that is made from another one is taken from a folder only where it would have come out of the same image."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from qwave_batch.folder.layout import RunLayout
from qwave_batch.imaging.image_inspection import inspect_bytes
from qwave_batch.ledger.attempt import Acceptance, Charge, StoredFile
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.model.task import ResultImage
from qwave_batch.run.reuse import Reuser, ReuseSource
from qwave_batch.run.state.context import JobScope

DRAFT = Job(
    job_id="d" * 16, index=0, prompt_id="p", prompt="A stall", model="m", action="generate", request={"seed": 1},
    path="draft", stage="draft", random=False,
)  # fmt: skip
NIGHT = replace(
    DRAFT, job_id="e" * 16, index=1, path="night", stage="night", parents=(ParentLink("d" * 16, 1),),
    request={"image_urls": [f"job:{'d' * 16}#1"]},
)  # fmt: skip
POSTER = replace(NIGHT, job_id="f" * 16, index=2, path="poster", stage="poster", parents=(ParentLink("e" * 16),))
CHAIN = (DRAFT, NIGHT, POSTER)


@dataclass
class Run:
    """A run folder of the chain, some of whose jobs were made."""

    layout: RunLayout
    ledger: Ledger

    async def make(self, job: Job, colour: str) -> None:
        journal = self.ledger.journal()
        attempt = await journal.intend(job.job_id, held_nusd=1, sent_at=1.0)
        attempt = await journal.accept(attempt, Acceptance(task_id=f"t-{colour}", submitted_at=1.0, held_nusd=1))
        url = "https://files.example/x.png"
        attempt = await journal.complete(
            attempt,
            ended_at=2.0,
            submitted_at=1.0,
            charge=Charge(cost_nusd=1, cost_from="api"),
            results=[ResultImage(url=url)],
        )
        out = BytesIO()
        Image.new("RGB", (9, 9), colour).save(out, "png")
        info = inspect_bytes(out.getvalue())
        file = self.layout.root / f"images/{job.path}.png"
        file.write_bytes(out.getvalue())
        image = ImageFile(
            path=f"images/{job.path}.png", sha256=info.sha256, size_bytes=info.size_bytes, width=9, height=9,
            format="png", source_url=url,
        )  # fmt: skip
        await journal.store(attempt, [StoredFile(image=image, modified_ns=file.stat().st_mtime_ns)])

    def take(self, source: "Run") -> list[str]:
        """Take what another run holds, and return the stages whose jobs are complete by then."""
        sources = [ReuseSource(layout=source.layout, ledger=source.ledger, folder_id="other")]
        Reuser(self.layout, self.ledger, self.ledger.journal(), sources).take(JobScope())
        done = JobStatus.COMPLETED
        return [job.stage for job in CHAIN if self.ledger.record(job.job_id).status is done]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Sequence[Run]]:
    """Two folders of the same plan; all jobs of the first were made."""
    with ExitStack() as stack:
        found = []
        for name in ("old", "new"):
            layout = RunLayout(tmp_path / name)
            layout.create()
            ledger = stack.enter_context(Ledger.open(layout.workspace.ledger))
            ledger.claim(FolderClaim(spec_name="tea", backend="simulator", path=str(layout.root), host="h", key="k"))
            ledger.replace_plan(CHAIN)
            found.append(Run(layout, ledger))
        for job, colour in zip(CHAIN, ("red", "green", "blue"), strict=True):
            asyncio.run(found[0].make(job, colour))
        yield found


def test_a_whole_chain_is_taken(runs: Sequence[Run]) -> None:
    old, new = runs
    assert new.take(old) == ["draft", "night", "poster"]
    assert new.ledger.spent_nusd() == 0


def test_a_child_of_a_parent_that_came_out_alike_is_taken(runs: Sequence[Run]) -> None:
    old, new = runs
    asyncio.run(new.make(DRAFT, "red"))
    assert new.take(old) == ["draft", "night", "poster"]


def test_a_child_of_a_parent_that_came_out_otherwise_is_not(runs: Sequence[Run]) -> None:
    old, new = runs
    asyncio.run(new.make(DRAFT, "yellow"))
    assert new.take(old) == ["draft"]
    asyncio.run(new.make(NIGHT, "green"))
    assert new.take(old) == ["draft", "night", "poster"]


def test_nothing_is_taken_before_what_it_is_made_from(runs: Sequence[Run]) -> None:
    old, new = runs
    (old.layout.root / "images/draft.png").unlink()
    assert new.take(old) == []
