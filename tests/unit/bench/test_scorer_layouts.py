"""The layouts fit the benchmarks that can be imported."""

from qwave_batch.bench.benchmark import Squares, benchmark_names, find_benchmark
from qwave_batch.bench.layouts.scorer_layouts import LAYOUTS
from tests.bench_readers.every_reader import READERS, SHARED


def test_every_benchmark_has_a_layout_and_every_layout_a_strict_reader() -> None:
    """So that nothing can be imported that can't be exported, or be exported unseen."""
    assert set(benchmark_names()) == set(LAYOUTS) == set(READERS)
    assert {name for name, layout in LAYOUTS.items() if layout.has_models} == SHARED


def test_a_layout_reads_as_many_images_as_an_import_asks_for() -> None:
    """The import decides it where the scorer reads any number."""
    wanted = {name: find_benchmark(name).images for name in benchmark_names()}
    read = {name: layout.images or wanted[name] for name, layout in LAYOUTS.items()}
    assert read == wanted


def test_grids_are_squares_in_the_import_too() -> None:
    """Else every tile would lose its edges."""
    needed = {name for name in benchmark_names() if find_benchmark(name).squares is Squares.NEEDED}
    assert needed == {name for name, layout in LAYOUTS.items() if layout.is_grid}
