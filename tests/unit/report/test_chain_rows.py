"""Chains: every job of a stage stands in a row, and a row leads from a first job to a last one."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.errors import UnknownName, UsageError
from qwave_batch.model.record import ImageFile
from qwave_batch.report.chain_rows import chain_pivot, chains_of
from qwave_batch.report.grid_view import ReportView
from qwave_batch.report.pivot_data import PivotData, PivotJob, PivotPlace
from qwave_batch.report.report_index import ReportedFolder, ReportIndex
from qwave_batch.report.sheet_content import SheetContent
from tests.manifest_lines import PLAIN_LINE
from tests.staged_folders import DRAFT, NIGHT, POSTER, staged_lines

FOLDER = ReportedFolder(folder_id=None, name="night-market", label="run", spec_sha256=None)
PLACE = PivotPlace(0, 0, (), ())


def index_of(*lines: Any) -> dict[str, Any]:
    index = ReportIndex(folders=[FOLDER], tiny_of=lambda _: None)
    for line in lines:
        index.add(0, line)
    return index.as_json()


def rows_of(index: dict[str, Any], fragment: str = "") -> list[list[str]]:
    """The ids of the jobs of each row."""
    pivot, chains = chain_pivot(PivotData.of_index(index), ReportView.of_fragment(fragment))
    return [[index["jobs"][number]["id"] for number in chains[row].jobs] for row in pivot.rows]


@st.composite
def trees(draw: st.DrawFn) -> list[PivotJob]:
    """Jobs each of which is made from an earlier one, or from none."""
    jobs: list[PivotJob] = []
    for number in range(draw(st.integers(1, 20))):
        parent = draw(st.none() | st.integers(0, number - 1)) if number else None
        depth = 0 if parent is None else jobs[parent].stage + 1
        jobs.append(PivotJob(0, "completed", (PLACE,), (), depth, () if parent is None else ((parent, 0),)))
    return jobs


@given(trees())
def test_each_last_job_has_a_row_and_each_other_job_stands_in_those_of_its_descendants(jobs: list[PivotJob]) -> None:
    chains = list(chains_of(jobs))
    parents = {job.parents[0][0] for job in jobs if job.parents}
    assert sorted(chain.jobs[-1] for chain in chains) == [each for each in range(len(jobs)) if each not in parents]
    for chain in chains:
        assert not jobs[chain.jobs[0]].parents
        assert all(
            jobs[child].parents[0][0] == parent for parent, child in zip(chain.jobs, chain.jobs[1:], strict=False)
        )
    stands = Counter(job for chain in chains for job in chain.jobs)
    assert set(stands) == set(range(len(jobs)))
    firsts = [chain.jobs[0] for chain in chains]
    assert firsts == sorted(firsts)  # so that all that comes from one stands together


@given(st.lists(st.tuples(st.integers(0, 7), st.booleans()), min_size=1, max_size=8))
def test_links_that_lead_round_in_a_circle_hide_no_job(drawn: list[tuple[int, bool]]) -> None:
    jobs = [
        PivotJob(0, "completed", (PLACE,), (), 0, ((parent % len(drawn), None),) if is_child else ())
        for parent, is_child in drawn
    ]
    assert {job for chain in chains_of(jobs) for job in chain.jobs} == set(range(len(jobs)))


def test_a_row_is_seen_if_one_of_its_jobs_passes_the_filters() -> None:
    index = index_of(*staged_lines())
    edited = [["stall-1", f"stall-1-night-{model}"] for model in ("gpt-image-2", "wan2.7-image")]
    posters = [[*chain, f"{chain[-1]}-poster-seedream-4.5"] for chain in edited]
    assert rows_of(index)[:3] == [*posters, ["stall-2"]]
    assert rows_of(index, "model=wan2.7-image&q=stall") == posters[1:]
    assert rows_of(index, "stage=poster&status=completed") == posters
    assert len(rows_of(index, "status=skipped")) == 2
    assert rows_of(index, "status=failed&stage=night") == []


def test_a_parent_that_the_folder_does_not_hold_is_none() -> None:
    _, _, *others = staged_lines(("stall",), (1, 2))
    found = index_of(*others)
    assert "parents" not in found["jobs"][0]
    assert found["jobs"][2]["parents"] == [[0, 0]]


def test_stages_stand_behind_those_that_they_are_made_from() -> None:
    """Also where the lines are in another order, as those of two folders may be."""
    lines = staged_lines()
    assert index_of(*lines)["stages"] == [DRAFT, NIGHT, POSTER]
    found = index_of(*reversed(lines))
    assert found["stages"] == [DRAFT, NIGHT, POSTER]
    assert [job["stage"] for job in found["jobs"]] == sorted((job["stage"] for job in found["jobs"]), reverse=True)
    assert found["jobs"][-1].get("parents") is None


def test_a_folder_without_stages_says_nothing_of_them() -> None:
    found = index_of(PLAIN_LINE)
    assert "stages" not in found
    assert {"stage", "parents"}.isdisjoint(found["jobs"][0])


def test_a_sheet_of_chains_shows_the_image_that_goes_on() -> None:
    lines = staged_lines(("stall",))
    images: list[tuple[ImageFile, ...]] = [line.images for line in lines]
    content = SheetContent(index_of(*lines), images, ReportView.of_fragment("page=chains"))
    first, _, alone = content.grid.rows
    draft, night, _ = content.grid.columns
    assert [tile.image for tile in content.tiles(first, draft)] == [images[0][1]]
    assert [tile.caption for tile in content.tiles(first, draft)] == ["z-image-turbo · 1"]
    assert [tile.caption for tile in content.tiles(first, night)] == ["gpt-image-2"]
    assert [tile.image for tile in content.tiles(alone, draft)] == list(images[1])
    assert content.label("chain", first.inner) == ("stall", "The text of stall")
    assert content.label("stage", night.inner)[0] == NIGHT


def test_a_sheet_of_stages_tells_jobs_from_each_other_by_the_stage_before() -> None:
    """A value that all have, as the draft's model, tells nothing; nor does that a stage has no such axis."""
    lines = staged_lines(("stall",))
    content = SheetContent(index_of(*lines), [line.images for line in lines], ReportView())
    assert content.described() == "rows prompt_id (1), columns stage (3)"
    posters = content.tiles(content.grid.rows[0], content.grid.columns[2])
    assert [tile.caption for tile in posters] == ["seedream-4.5 · gpt-image-2", "seedream-4.5 · wan2.7-image"]


def test_a_sheet_of_chains_of_a_folder_without_stages_is_refused() -> None:
    with pytest.raises(UsageError, match="only specs with stages have"):
        SheetContent(index_of(PLAIN_LINE), [()], ReportView.of_fragment("page=chains"))
    with pytest.raises(UnknownName, match=r'unknown stage "draft"; there is none'):
        SheetContent(index_of(PLAIN_LINE), [()], ReportView.of_fragment("stage=draft"))
