"""A run folder with stages, made line by line and without a ledger: drafts, what is made from them, and from that."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qwave_batch.model.job import JobError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.parent_links import ParentLink
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from tests.painted_folders import painted, painted_line, write_pictures
from tests.voted_folders import write_folder

DRAFT, NIGHT, POSTER = "draft", "night", "poster"
STAGES = (DRAFT, NIGHT, POSTER)
EDITORS = ("gpt-image-2", "wan2.7-image")


def staged_line(
    stage: str, line: ManifestLine, job_id: str, *parents: ManifestLine, image: int | None = 1
) -> ManifestLine:
    """Return a line as one of a stage that is made from others, with the axes of the first of them too."""
    inherited: dict[str, Json] = {}
    for parent in parents[:1]:
        inherited = {name if "." in name else f"{parent.stage}.{name}": value for name, value in parent.axes.items()}
    images = tuple(replace(each, path=f"images/{job_id}_{number}.png") for number, each in enumerate(line.images, 1))
    return replace(
        line,
        job_id=job_id,
        images=images,
        stage=stage,
        axes={**line.axes, **inherited},
        parents=tuple(ParentLink(parent.job_id, image) for parent in parents),
    )


def lost(line: ManifestLine, status: JobStatus, code: str, message: str) -> ManifestLine:
    """Return a line as one that came to nothing."""
    error = None if status is JobStatus.PENDING else JobError(code=code, message=message)
    return replace(line, status=status, error=error, images=(), cost_usd=0.0, seconds=None)


def staged_lines(prompts: Sequence[str] = ("stall", "alley"), seeds: Sequence[int] = (1, 2)) -> list[ManifestLine]:
    """Return drafts by prompts and seeds, edits of those with seed 1 by two models, and a poster of each edit.

    A draft has two images, of which the second goes on. The draft of ``alley`` with seed 1 has failed.
    """
    drafts = [_draft(prompt, seed) for prompt in prompts for seed in seeds]
    nights = [
        _edit(NIGHT, draft, model, image=2) for draft in drafts if draft.axes["seed"] == seeds[0] for model in EDITORS
    ]
    posters = [_edit(POSTER, night, "seedream-4.5", image=1) for night in nights]
    return [replace(line, index=index) for index, line in enumerate((*drafts, *nights, *posters))]


def staged_folder(folder: Path, lines: Sequence[ManifestLine]) -> Path:
    """Write a folder of such lines, and their images."""
    write_folder(folder, lines)
    for line in lines:
        write_pictures(folder, line, _pictures(line.job_id, len(line.images)))
    return folder


def _pictures(job_id: str, count: int) -> list[bytes]:
    return [painted(sum(job_id.encode()) + number) for number in range(count)]


def _draft(prompt: str, seed: int) -> ManifestLine:
    job_id = f"{prompt}-{seed}"
    line = painted_line(prompt, "z-image-turbo", _pictures(job_id, 2), {}, {"seed": seed})
    line = staged_line(DRAFT, replace(line, tags=(prompt,), cost_usd=0.01, seconds=4.0 + seed), job_id)
    is_lost = (prompt, seed) == ("alley", 1)
    return lost(line, JobStatus.FAILED, "upstream_error", "the vendor has failed") if is_lost else line


def _edit(stage: str, parent: ManifestLine, model: str, *, image: int) -> ManifestLine:
    job_id = f"{parent.job_id}-{stage}-{model}"
    line = painted_line(parent.prompt_id, model, _pictures(job_id, 1), {})
    line = replace(line, prompt=f"{parent.prompt}, {stage}", tags=(*parent.tags, stage), cost_usd=0.04, seconds=9.0)
    line = staged_line(stage, line, job_id, parent, image=image)
    if parent.images:
        return line
    return lost(line, JobStatus.SKIPPED, "parent_failed", f"its parent {parent.job_id} has failed")
