"""The result of a bench export in words."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.benches import BenchExportReport, MissingImage

_KINDS: Mapping[str, str] = {
    "failed": "its job failed",
    "skipped": "the model does not offer it",
    "cancelled": "its job was cancelled",
    "unknown": "nobody knows what came of its job",
    "pending": "its job has not ended",
    "fewer": "its job made fewer images",
    "unplanned": "the folders plan no job for it, or --where takes none",
    "unusable": "the folder does not hold it",
}
_CHANGES: Mapping[str, str] = {
    "converted": "encoded anew",
    "turned": "turned upright",
    "first_frame": "of an animation, of which the first picture was taken",
    "alpha_on_white": "with transparency, which lies on white now",
    "alpha_dropped": "with an alpha channel, which was opaque",
    "colours": "with colours converted to sRGB",
    "depth": "of more than 8 bits a channel, which has 8 now",
    "cropped": "cut to a square",
    "padded": "padded to a square",
    "resized": "resized",
    "lifted_from_black": "black all over, of which one pixel is not now, so that the scorer does not drop it",
}
"""The words on images; that they are tiles, or black in place of one that is missing, is said elsewhere."""
_NAMED = 10
"""Missing images that are named where they do not keep anything from being exported."""
_LONGEST_PROMPT = 60


def draw_bench_export(report: "BenchExportReport", terminal: Terminal) -> list[str]:
    """Return the lines that tell what was exported, what was done to it, and what is missing."""
    lines = [_verdict(report, terminal)]
    sides = report.sides if report.is_complete else {}
    lines += (f"{terminal.shown(model)}: tiles of {side:,} x {side:,}" for model, side in sides.items())
    for change, number in report.changes.items():
        if change.value in _CHANGES:
            lines += wrap(f"changed: {count(number, 'image')} {_CHANGES[change.value]}", terminal.width, hang="  ")
    others = sum(report.of_others.values())
    if others:
        lines.append(f"left out: {count(others, 'job')} that no row of {report.benchmark} is of")
    return [*lines, *_missing(report, terminal)]


def _verdict(report: "BenchExportReport", terminal: Terminal) -> str:
    place = terminal.shown(str(report.out))
    if not report.is_complete:
        return terminal.paint(f"nothing was exported to {place}: {count(len(report.missing), 'image')} missing", "red")
    of = f" of {count(len(report.models), 'model')}" if len(report.models) > 1 else ""
    told = f"{count(report.pictures, 'picture')}{of} in {place}"
    return terminal.paint(told, "yellow" if report.missing else "green")


def _missing(report: "BenchExportReport", terminal: Terminal) -> Iterator[str]:
    missing = report.missing
    if not missing:
        return
    if report.is_complete:
        done = {"black": "black in their place", "skip": f"{count(report.left_out, 'picture')} left out for it"}
        yield from wrap(
            f"missing: {count(len(missing), 'image')}, {done[report.rule.value]}:", terminal.width, hang="  "
        )
    elif report.blocked:
        yield from wrap(
            f"{count(report.blocked, 'picture')} can't be black either, since no job says how it is named or which "
            "image was edited; plan the whole benchmark, or leave pictures out with --missing skip",
            terminal.width,
            hang="  ",
        )
    named = missing[:_NAMED] if report.is_complete else missing
    for image in named:
        yield from wrap(terminal.shown(_told(image)), terminal.width, indent="  ", hang="      ")
    if len(missing) > len(named):
        yield f"  and {len(missing) - len(named):,} more, which the record beside the output names"
    if not report.is_complete and not report.blocked:
        yield from wrap(
            "run the spec again for those that can still be made, or refetch a folder that has lost files; else "
            "--missing black puts black in their place, and --missing skip leaves them out where the scorer survives "
            "that",
            terminal.width,
            hang="  ",
        )


def _told(image: "MissingImage") -> str:
    where = f"row {image.number}" + (f" of {image.part}" if image.part else "")
    prompt = "" if image.prompt is None else f' "{cut_to_width(" ".join(image.prompt.split()), _LONGEST_PROMPT)}"'
    who = f"job {image.job_id}: " if image.job_id else ""
    which = f" ({image.prompt_id})" if image.prompt_id is not None else ""
    reason = f": {image.reason}" if image.reason else ""
    return f"{who}{image.model}, {where}{which}, image {image.image + 1}{prompt}: {_KINDS[image.kind.value]}{reason}"
