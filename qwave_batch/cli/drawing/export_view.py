"""The result of an export in words."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.exports import ExportReport

_LEFT_OUT: Mapping[str, tuple[str, str]] = {
    "no_image": ("job", "without an image, such as failed ones"),
    "condition": ("row", "that --where does not take"),
    "finding": ("image", "that checks have found something about"),
    "no_split": ("image", "without a tag or value that names a split"),
    "no_input": ("image", "of jobs without an input image"),
    "not_both": ("vote", "on a pair of which an image is not taken or no longer there"),
    "other_parent": ("vote", "on images that were made from different ones, since a preference needs one input"),
    "other_text": ("vote", "on images of different prompts, since a preference needs one prompt"),
    "twice": ("image", "that another folder has brought already"),
}
"""By the reason: the thing that was left out, and why."""

_WITH_FAILED = " (--with-failed gives them rows)"

_NOTES: Mapping[str, tuple[str, str]] = {
    "unusable": ("image", "could not be used, as the folder does not hold what its manifest says"),
    "input_on_the_web": ("input image", "on the web, which the column request names and the dataset does not hold"),
    "input_missing": ("input image", "could not be used, as inputs/ does not hold it as it was sent"),
    "signed": ("image", "kept byte for byte, to keep a C2PA signature whole; marks are beside them, in .xmp files"),
    "signature_lost": ("image", "without the C2PA signature of the run's file, as it was encoded anew"),
    "mark_beside": ("image", "of a kind that takes no XMP; marks are beside them, in .xmp files"),
    "no_gallery_text": ("image", "without the text of --mark a1111, which has no place in such a file"),
    "other_gallery_text": ("image", "with another program's text for galleries, which was kept"),
    "prompt_too_long": ("image", "with a prompt too long for --mark a1111 in such a file, which has the rest only"),
    "too_many_files": ("dataset", "with more files than the Hub takes, fewer than 100,000: use parquet or webdataset"),
    "not_said": ("field", "that only the author can fill in, in the file of --card"),
    "croissant_unreadable": ("split", "whose images Croissant's library can't open; --image png or jpeg lets it"),
    "without_input": ("image", "left out, since the image that was edited is not to be had"),
}
"""By the kind of a note: the thing that it counts, and what is said of it."""


def draw_export(report: "ExportReport", terminal: Terminal) -> list[str]:
    """Return the lines that tell what was exported, what was left out, and what deserves a look."""
    lines = [_verdict(report, terminal)]
    for reason, number in report.left_out.items():
        thing, why = _LEFT_OUT[reason.value]
        hint = _WITH_FAILED if reason.value == "no_image" and report.takes_failed else ""
        lines += wrap(f"left out: {count(number, thing)} {why}{hint}", terminal.width, hang="  ")
    for split, rows in report.splits.items():
        if not rows:
            lines += wrap(f"the split {split} has no rows", terminal.width, hang="  ")
    return [*lines, *_notes(report, terminal)]


def _verdict(report: "ExportReport", terminal: Terminal) -> str:
    splits = ", ".join(f"{name} {rows:,}" for name, rows in report.splits.items())
    of_splits = f" ({splits})" if len(report.splits) > 1 else ""
    files = report.files
    changes = [f"{files.written:,} written", f"{files.unchanged:,} unchanged"]
    changes += [f"{files.removed:,} removed"] if files.removed else []
    verdict = f"{count(report.rows, 'row')}{of_splits} in {terminal.shown(str(report.out))}"
    painted = terminal.paint(verdict, "green" if report.is_complete else "yellow")
    return f"{painted}; files: {', '.join(changes)}"


def _notes(report: "ExportReport", terminal: Terminal) -> Iterator[str]:
    for kind, number in report.notes.counts.items():
        thing, what = _NOTES[kind.value]
        yield from wrap(f"{count(number, thing)} {what}:", terminal.width, hang="  ")
        examples = report.notes.examples[kind]
        for example in examples:
            reason = f": {example.reason}" if example.reason else ""
            yield from wrap(terminal.shown(f"{example.about}{reason}"), terminal.width, indent="  ", hang="      ")
        if number > len(examples):
            yield f"  and {number - len(examples):,} more"
