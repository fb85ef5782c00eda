"""Benchmarks in words: what there is."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.benches import Benchmark

UNKNOWN_LICENSE = "not stated here; the repository says it"


def draw_benchmarks(benchmarks: Sequence["Benchmark"], terminal: Terminal) -> Iterator[str]:
    """Yield the lines that tell of benchmarks: a paragraph for each."""
    for benchmark in benchmarks:
        yield from wrap(f"{benchmark.name}: {benchmark.title}, {benchmark.about}", terminal.width, hang="  ")
        for label, words in _facts(benchmark):
            yield from wrap(f"{label:<11} {words}", terminal.width, indent="  ", hang=" " * 14)
        yield ""


def _facts(benchmark: "Benchmark") -> Iterator[tuple[str, str]]:
    images = count(benchmark.images, "image")
    yield "images", f"{images} of each prompt{', edits' if benchmark.action else ''}"
    if any(part.name for part in benchmark.parts):
        yield "parts", ", ".join(part.name for part in benchmark.parts)
    yield "repository", benchmark.repository
    yield "files", ", ".join(dict.fromkeys(file for part in benchmark.parts for file in part.files))
    yield "license", benchmark.license or UNKNOWN_LICENSE
    yield "scorer", f"reads {benchmark.scorer}"
    if not benchmark.is_verified:
        yield "unverified", "names of files and columns may differ, and can be named"
