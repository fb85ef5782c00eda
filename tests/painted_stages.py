"""Run folders of specs with stages, with a ledger, whose images are painted and not made by a run."""

import asyncio
import hashlib
from collections.abc import Collection
from pathlib import Path

from qwave_batch.folder.inputs import keep_spec
from qwave_batch.folder.layout import RunLayout
from qwave_batch.ledger.attempt import Acceptance, Charge, StoredFile
from qwave_batch.ledger.folder_identity import FolderClaim
from qwave_batch.ledger.journal import Journal
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.job import Job
from qwave_batch.model.record import ImageFile
from qwave_batch.model.task import ResultImage
from qwave_batch.output.manifest import write_manifest
from qwave_batch.output.summary import RunFacts, write_summary
from qwave_batch.plan.planner import make_plan
from qwave_batch.spec.loading import load_spec
from tests.painted_folders import painted

NIGHT_MARKET = """\
version: 1
name: night-market
catalog: "2026-05"
stages:
  - name: draft
    prompts: [{id: stall, text: A noodle stall}, {id: alley, text: An old alley}]
    request: {model: qwen-image-2.0, n: 2}
    matrix: {seed: [1, 2]}
  - name: night
    from_stage: draft
    where: "{{ parent.axes.seed == 1 }}"
    text: "{{ parent.prompt }}, at night"
    request: {action: edit, image_urls: ["{{ parent.images[1] }}"]}
    matrix: {model: [gpt-image-2, wan2.7-image]}
  - name: poster
    from_stage: night
    text: "{{ parent.prompt }}, as a poster"
    request: {model: gpt-image-2, action: edit, image_urls: ["{{ parent.image }}", "{{ parent.parent.image }}"]}
"""


def painted_stages(folder: Path, spec: str = NIGHT_MARKET, *, but: Collection[str] = (), paint: int = 0) -> Path:
    """Make a folder in which all jobs of a spec are complete but those of some stages, and return it.

    Args:
        folder: The path of the folder.
        spec: The text of the spec.
        but: Names of stages.
        paint: Another number gives other images, of other tasks.
    """
    layout = RunLayout(folder)
    layout.create()
    keep_spec(layout, spec.encode())
    plan = make_plan(load_spec(layout.spec))
    with Ledger.open(layout.workspace.ledger) as ledger:
        ledger.claim(FolderClaim(spec_name=plan.name, backend="simulator", path=str(folder), host="h", key="k"))
        ledger.replace_plan(plan.items())
        jobs = [item for item in plan.items() if isinstance(item, Job)]
        for number, job in enumerate(jobs):
            if job.stage not in but:
                asyncio.run(_make(layout, ledger.journal(), job, paint + number * 10))
        written = write_manifest(layout, ledger.lines())
        facts = RunFacts(
            name=plan.name, catalog=plan.catalog, backend="simulator", spec_sha256=plan.spec_sha256, started_at=1.0,
            seconds=1.0, requests={},
        )  # fmt: skip
        write_summary(layout, facts, written, ledger.cost_report())
    return folder


async def _make(layout: RunLayout, journal: Journal, job: Job, seed: int) -> None:
    attempt = await journal.intend(job.job_id, held_nusd=1, sent_at=1.0)
    attempt = await journal.accept(
        attempt, Acceptance(task_id=f"task-{job.job_id}-{seed}", submitted_at=1.0, held_nusd=1)
    )
    url = "https://files.example/x.png"
    charge = Charge(cost_nusd=1_000_000, cost_from="api")
    results = [ResultImage(url=url)] * job.max_images
    attempt = await journal.complete(attempt, ended_at=2.0, submitted_at=1.0, charge=charge, results=results)
    await journal.store(
        attempt, [_stored(layout, job, number, painted(seed + number)) for number in range(job.max_images)]
    )


def _stored(layout: RunLayout, job: Job, number: int, data: bytes) -> StoredFile:
    name = f"images/{job.path}{f'_{number + 1}' if job.max_images > 1 else ''}.png"
    file = layout.root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    image = ImageFile(
        path=name, sha256=hashlib.sha256(data).hexdigest(), size_bytes=len(data), width=24, height=24, format="png",
        source_url="https://files.example/x.png",
    )  # fmt: skip
    return StoredFile(image=image, modified_ns=file.stat().st_mtime_ns)
