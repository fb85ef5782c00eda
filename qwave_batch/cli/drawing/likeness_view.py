"""Two runs of the same requests, for people: a row for each model, what stands behind it, and the changed jobs."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import qwave_batch as qb
from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.reproductions import ChangedJob, ModelComparison, UncomparedJob

_COLUMNS = (
    Column("jobs", right=True),
    Column("bytes", right=True),
    Column("pixels", right=True),
    Column("near", right=True),
    Column("other", right=True),
    Column("bits", right=True),
)
_DOUBTS = {
    "few_jobs": "fewer than {fewest} jobs were compared",
    "seeds_alike": "other seeds of the same prompts are near too ({near} of {pairs}), so near says nothing of a seed",
    "no_control": "there are no other seeds of the same prompts to hold near against",
    "seeds_same": "other seeds of the same prompts give the same pixels: the seed changes nothing",
}
_UNFIT = {
    "not_complete": "{jobs} without images in one of the two",
    "seedless": "{jobs} without a seed",
    "reused": "{jobs} taken from another folder",
    "same_task": "{jobs} with the images of one task in both, as in a copy",
    "other_parent": "{jobs} made from different images",
    "has_parent": "{jobs} made from other jobs",
    "unreadable": "{jobs} with images that could not be compared",
}
_SHOWN = 10


def draw_models(models: "Sequence[ModelComparison]", question: str, terminal: Terminal) -> list[str]:
    """Return the table of the models and the notes on it; ``question`` heads the column of the verdicts."""
    if not models:
        return []
    columns = (Column("model", gives_way=True), Column(question), *_COLUMNS)
    lines = draw_table(columns, [[model.model, model.verdict.value, *_figures(model)] for model in models], terminal)
    notes = [*_meanings(models), *(note for model in models for note in _notes(model))]
    return [*lines, "", *_wrapped(notes, terminal)]


def draw_changed(jobs: "Sequence[ChangedJob]", terminal: Terminal) -> list[str]:
    """Return the most changed jobs."""
    if not jobs:
        return []
    columns = (
        Column("job"), Column("model", gives_way=True), Column("prompt", gives_way=True), Column("is"),
        Column("bits", right=True), Column("levels", right=True),
    )  # fmt: skip
    rows = [
        [job.job_id, job.model, job.prompt_id, job.likeness.value, f"{job.bits}", _levels(job.levels)] for job in jobs
    ]
    return ["", "most changed:", *draw_table(columns, rows, terminal)]


def draw_reasons(what: str, jobs: "Sequence[UncomparedJob]", terminal: Terminal) -> list[str]:
    """Return the jobs that something is wrong with, the first ones of each reason."""
    by_reason: dict[str, list[str]] = {}
    for job in jobs:
        by_reason.setdefault(job.reason, []).append(f"{job.job_id} ({job.model}, {job.prompt_id})")
    lines: list[str] = []
    for reason, names in by_reason.items():
        more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
        text = f"{count(len(names), 'job')} {what}: {reason}: {', '.join(names[:_SHOWN])}{more}"
        lines += wrap(terminal.shown(text), terminal.width, hang="    ")
    return lines


def _figures(model: "ModelComparison") -> list[str]:
    numbers = [model.compared, *(model.jobs.get(each, 0) for each in qb.reproductions.Likeness)]
    bits = "-" if model.median_bits is None else f"{model.median_bits:g}/{model.most_bits}"
    return [*(f"{number:,}" if number else "-" for number in numbers), bits]


def _levels(levels: float | None) -> str:
    return "-" if levels is None else f"{levels:.1f}" if levels >= 0.05 or not levels else "<0.1"  # noqa: PLR2004


def _meanings(models: "Sequence[ModelComparison]") -> Iterator[str]:
    """Yield what the columns mean that have numbers in them."""
    if any(model.median_bits is not None or model.control.pairs for model in models):
        yield (
            f"near: perceptual hashes differ in at most {qb.reproductions.NEAR_BITS} of 64 bits, and the mean colour "
            f"of each of 8 x 8 parts by at most {qb.reproductions.NEAR_LEVELS} of 256 levels; bits and levels (of all "
            "pixels) are the median and the most among images whose files differ"
        )


def _notes(model: "ModelComparison") -> Iterator[str]:
    control, parts = model.control, []
    if model.doubt is not None:
        parts.append(
            _DOUBTS[model.doubt].format(fewest=qb.reproductions.FEWEST_JOBS, near=control.near, pairs=control.pairs)
        )
    if model.most_levels:
        parts.append(f"{_levels(model.median_levels)}/{_levels(model.most_levels)} levels")
    if model.compared and control.median_bits is not None:
        parts.append(
            f"other seeds differ in {control.median_bits:g} bits and {_levels(control.median_levels)} levels, "
            f"{control.near} of {count(control.pairs, 'pair')} near"
        )
    left_out = [_UNFIT[reason].format(jobs=count(jobs, "job")) for reason, jobs in model.unfit.items()]
    if left_out:
        parts.append(f"not compared: {', '.join(left_out)}")
    if parts:
        yield f"{model.model}: {'; '.join(parts)}"


def _wrapped(notes: Iterable[str], terminal: Terminal) -> list[str]:
    return [line for note in notes for line in wrap(terminal.shown(note), terminal.width, hang="    ")]
