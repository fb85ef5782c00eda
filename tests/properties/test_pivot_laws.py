"""The grid's rules: every visible place is in its cells, and in no other."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import UnknownName
from qwave_batch.report.grid_view import ALL, NONE, ReportView
from qwave_batch.report.pivot import Heading, pivot, with_default_axes
from qwave_batch.report.pivot_data import NO_TAG, PivotData, PivotJob, PivotPlace, pivot_axes
from qwave_batch.report.report_index import NO_VALUE

PROMPTS = (("a", "An Alley"), ("b", "Straße"), ("c", ""))
MODELS, TAGS, FOLDERS = ("m", "n"), ("street", "night"), ("one", "two")
AXES = (("ratio", ("1:1", "16:9", "9:16")), ("seed", ("1", "2")))
NAMES = ("prompt", "model", "ratio", "seed", "tag", "folder", NONE)
STATUSES = ("completed", "failed", "refused")

places = st.builds(
    PivotPlace,
    st.integers(0, 2),
    st.integers(0, 1),
    st.tuples(st.integers(NO_VALUE, 2), st.integers(NO_VALUE, 1)),
    st.lists(st.integers(0, 1), unique=True, max_size=2).map(tuple),
)
jobs = st.builds(
    PivotJob,
    st.integers(0, 1),
    st.sampled_from(STATUSES),
    st.lists(places, min_size=1, max_size=3).map(tuple),
)
tables = st.lists(jobs, max_size=12).map(
    lambda some: PivotData(folders=FOLDERS, prompts=PROMPTS, models=MODELS, tags=TAGS, axes=AXES, jobs=tuple(some))
)
names = st.sampled_from(NAMES)
views = st.builds(
    ReportView,
    rows=names,
    cols=names,
    superrows=names,
    supercols=names,
    q=st.sampled_from(("", "STRASSE", "alley", "a")),
    status=st.sampled_from((ALL, *STATUSES)),
    model=st.sampled_from((ALL, *MODELS)),
    tag=st.sampled_from((ALL, *TAGS, NO_TAG)),
)


def is_visible(view: ReportView, job: PivotJob, place: PivotPlace) -> bool:
    """Tell by the words of the rules, and without the code under test, whether a place is seen."""
    name, text = PROMPTS[place.prompt]
    tags = {TAGS[number] for number in place.tags} or {NO_TAG}
    return (
        (view.q.upper() in name.upper() or view.q.upper() in text.upper())
        and view.status in {ALL, job.status}
        and view.model in {ALL, MODELS[place.model]}
        and (view.tag == ALL or view.tag in tags)
    )


@given(tables, views)
def test_every_visible_place_is_in_its_cells_and_in_no_other(data: PivotData, view: ReportView) -> None:
    axes = pivot_axes(data)
    wanted: set[tuple[Heading, Heading, int]] = set()
    for number, job in enumerate(data.jobs):
        for place in (each for each in job.places if is_visible(view, job, each)):
            values = [
                [0] if name == NONE else axes[name].values_of(job, place)
                for name in (view.superrows, view.rows, view.supercols, view.cols)
            ]
            wanted |= {(Heading(a, b), Heading(c, d), number) for a, b, c, d in product(*values)}
    found = pivot(data, view)
    assert {(row, column, job) for (row, column), some in found.cells.items() for job in some} == wanted
    assert all(list(some) == sorted(set(some)) for some in found.cells.values())


@given(tables, views)
def test_headings_are_those_of_cells_in_order_with_no_value_last(data: PivotData, view: ReportView) -> None:
    found = pivot(data, view)
    assert set(found.rows) == {row for row, _ in found.cells}
    assert set(found.columns) == {column for _, column in found.cells}
    for headings in (found.rows, found.columns):
        keys = [(each.outer == NO_VALUE, each.outer, each.inner == NO_VALUE, each.inner) for each in headings]
        assert keys == sorted(keys)


@given(tables)
def test_axes_that_nobody_names_are_there_and_differ(data: PivotData) -> None:
    view = with_default_axes(data, ReportView())
    assert view.rows in pivot_axes(data)
    assert view.rows != view.cols
    assert with_default_axes(data, ReportView(rows="seed", cols=NONE)) == ReportView(rows="seed", cols=NONE)


def test_without_prompts_and_models_to_tell_apart_the_axes_that_vary_are_taken() -> None:
    some = [PivotPlace(0, 0, (ratio, seed), ()) for ratio in (0, 1) for seed in (0, 1)]
    one = PivotData(
        folders=("one",),
        prompts=(("a", "A"),),
        models=("m",),
        tags=(),
        axes=AXES,
        jobs=tuple(PivotJob(0, "completed", (place,)) for place in some),
    )
    view = with_default_axes(one, ReportView())
    assert (view.rows, view.cols) == ("ratio", "seed")


def test_an_axis_that_there_is_not_is_named_with_those_that_there_are() -> None:
    data = PivotData(folders=FOLDERS, prompts=PROMPTS, models=MODELS, tags=TAGS, axes=AXES, jobs=())
    with pytest.raises(UnknownName, match=r'unknown axis "sead"; did you mean "seed"\? there is prompt, model, ratio'):
        pivot(data, ReportView(rows="sead", cols="model"))
