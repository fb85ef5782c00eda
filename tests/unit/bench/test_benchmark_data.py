"""The data of the benchmarks agree with themselves, and with the invented files."""

import string

import pytest

from qwave_batch.bench.benchmark import PART, Benchmark, Squares, benchmark_names, find_benchmark
from qwave_batch.errors import UnknownName
from tests.benchmark_files import NAMES

MADE = {PART, "number", "set"}
"""Names in templates that are not columns."""


@pytest.fixture(params=benchmark_names())
def benchmark(request: pytest.FixtureRequest) -> Benchmark:
    return find_benchmark(request.param)


def names_in(template: str) -> set[str]:
    return {name.partition("/")[0] for _, name, _, _ in string.Formatter().parse(template) if name}


def test_each_has_invented_files() -> None:
    assert set(benchmark_names()) == set(NAMES)


def test_templates_name_columns_that_are_read(benchmark: Benchmark) -> None:
    for part in benchmark.parts:
        columns = benchmark.columns_of(part)
        assert all(columns.values()), "each column has a name in the files"
        templates = [benchmark.id, *benchmark.tags, *part.tags, *([benchmark.set] if benchmark.set else [])]
        used = set().union(*map(names_in, templates)) - MADE
        used |= set((benchmark.entry or {}).values()) - MADE
        used |= {name for name in (benchmark.text, benchmark.sort_by, benchmark.part_column) if name}
        if benchmark.image:
            used.add(benchmark.image.column)
        if benchmark.questions:
            used.add(benchmark.questions.pairs or benchmark.questions.key)
        assert used <= set(columns)


def test_edits_take_the_shape_of_their_input(benchmark: Benchmark) -> None:
    assert (benchmark.action is not None) == (benchmark.image is not None) == (benchmark.squares is Squares.NONE)


def test_parts_have_names_of_their_own(benchmark: Benchmark) -> None:
    names = [part.name for part in benchmark.parts]
    assert len(set(names)) == len(names)
    assert all(names) or len(names) == 1


def test_an_unknown_name_has_a_suggestion() -> None:
    with pytest.raises(UnknownName, match='did you mean "geneval'):
        find_benchmark("geneva")
