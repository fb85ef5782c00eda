"""Benchmarks in words: what there is, and what an import has made."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import pasted, wrap

if TYPE_CHECKING:
    from qwave_batch.benches import BenchImportReport, Benchmark, ImportNote

UNKNOWN_LICENSE = "see the repository"


_MOST_PARTS = 4
"""Named in a table."""
_COLUMNS = (
    Column("name"),
    Column("prompts", right=True),
    Column("images", right=True),
    Column("about", gives_way=True),
    Column("parts", gives_way=True),
)


def draw_benchmark_table(benchmarks: Sequence["Benchmark"], terminal: Terminal) -> Iterator[str]:
    """Yield the lines of a table of benchmarks."""
    rows = [
        (
            benchmark.name,
            _prompts_of(benchmark),
            f"{benchmark.images}",
            benchmark.about,
            _parts_of(benchmark),
        )
        for benchmark in benchmarks
    ]
    yield from draw_table(_COLUMNS, rows, terminal)


def _prompts_of(benchmark: "Benchmark") -> str:
    counts = [part.rows[-1] for part in benchmark.parts if part.rows]
    return f"{sum(counts):,}" if counts else "yours"


def _parts_of(benchmark: "Benchmark") -> str:
    names = [part.name for part in benchmark.parts if part.name]
    return ", ".join(names) if len(names) <= _MOST_PARTS else count(len(names), "part")


def draw_benchmarks(benchmarks: Sequence["Benchmark"], terminal: Terminal) -> Iterator[str]:
    """Yield the lines that tell all of benchmarks: a paragraph for each."""
    for number, benchmark in enumerate(benchmarks):
        if number:
            yield ""
        yield from wrap(f"{benchmark.name}: {benchmark.title}, {benchmark.about}", terminal.width, hang="  ")
        for label, words in _facts(benchmark):
            yield from wrap(f"{label:<11} {words}", terminal.width, indent="  ", hang=" " * 14)


def _facts(benchmark: "Benchmark") -> Iterator[tuple[str, str]]:
    images = count(benchmark.images, "image")
    yield "images", f"{images} of each prompt{', edits' if benchmark.action else ''}"
    if any(part.name for part in benchmark.parts):
        yield "parts", ", ".join(part.name for part in benchmark.parts)
    yield "repository", benchmark.repository
    files = [file for part in benchmark.parts for file in part.files]
    files += benchmark.questions.files if benchmark.questions else ()
    yield "files", ", ".join(dict.fromkeys(files))
    if benchmark.found:
        yield "found", benchmark.found
    yield "license", benchmark.license or UNKNOWN_LICENSE
    yield "scorer", f"reads {benchmark.scorer}"
    if not benchmark.is_verified:
        yield "unverified", "names of files and columns may differ, and can be named"


_NOTES: Mapping[str, str] = {
    "other_count": "{about}prompts: {found}, and the official files have {expected}",
    "part_not_found": "parts whose files are not there, and whose prompts are not in the spec: {part}",
    "other_part": "{about}it is there too, and the scorer reads it by itself: import it with --part {part}",
    "no_questions": "{about}it is not there, so the prompts have no questions for a judge",
    "equal_prompts": "prompts that are equal to an earlier one: {found}; each has images of its own",
    "chosen_model": "{about}no --model was named, and this is the cheapest that fits",
    "no_squares": "{about}it takes no shape, so its images may not be square, and the scorer needs squares",
}
"""By the kind of a note."""


def draw_import(report: "BenchImportReport", terminal: Terminal) -> Iterator[str]:
    """Yield the lines that tell what an import has made, and what to do with it."""
    parts = ", ".join(f"{name} {number:,}" for name, number in report.parts.items() if name)
    made = f"{count(report.prompts, 'prompt')}{f' ({parts})' if parts else ''}"
    each = f"{count(report.benchmark.images, 'image')} each"
    inputs = f", {count(report.input_images, 'input image')}" if report.input_images else ""
    head = f"{report.benchmark.title}: {made}, {each}{inputs}, in {report.spec} and {report.table}"
    yield from wrap(terminal.shown(head), terminal.width, hang="  ")
    repository = report.benchmark.repository
    license_ = f"{report.license}; {repository}" if report.license else f"see {repository}"
    yield from wrap(terminal.shown(f"license: {license_}"), terminal.width, hang="  ")
    for note in report.notes:
        yield from wrap(terminal.shown(f"note: {_note_words(note)}"), terminal.width, hang="      ")
    yield ""
    spec, models = pasted(str(report.spec)), ", ".join(report.models)
    yield terminal.shown(f"  qwave-batch plan {spec} --set 'matrix.model=[{models}]'")
    yield terminal.shown(f"  qwave-batch run {spec} --set 'matrix.model=[{models}]'")


def _note_words(note: "ImportNote") -> str:
    return _NOTES[note.kind.value].format(
        about=f"{note.about}: " if note.about else "",
        part=note.about,
        found=f"{note.found:,}",
        expected=" or ".join(f"{number:,}" for number in note.expected),
    )
