"""Every image of a row has one place, and one that is missing moves no other."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qwave_batch.bench.layouts.bench_rows import BenchRow
from qwave_batch.bench.layouts.bench_spool import SpooledJob
from qwave_batch.bench.layouts.row_images import FoundImage, MissingImage, images_of_row
from qwave_batch.model.record import ImageFile, JobStatus
from tests.manifest_lines import PLAIN_LINE

MODEL = "m"


def image_of(job: int, at: int) -> ImageFile:
    return ImageFile(
        path=f"images/{job}_{at}.png", sha256="0" * 64, size_bytes=1, width=1, height=1, format="png", source_url=""
    )


@st.composite
def rows_with_jobs(draw: st.DrawFn) -> tuple[BenchRow, int, list[SpooledJob], bool]:
    """A row, the images of each of its jobs, those that are on record, and whether the plan counts images."""
    per_job, jobs = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    images = per_job * jobs
    counts_images = draw(st.booleans())
    first = images * draw(st.integers(0, 3)) if counts_images else draw(st.integers(0, 40))
    kept = [draw(st.integers(0, per_job)) for _ in range(jobs)]
    row = BenchRow(part="", number=0, of=1, images=images, entry={}, prompt="A teahouse", prompt_id="p")
    lines = [
        replace(
            PLAIN_LINE,
            job_id=f"{job:016x}",
            index=first + job * (per_job if counts_images else 1),
            model=MODEL,
            status=JobStatus.COMPLETED if made else JobStatus.FAILED,
            images=tuple(image_of(job, at) for at in range(made)),
        )
        for job, made in enumerate(kept)
    ]
    return row, per_job, [SpooledJob(line=line, folder=0, also=()) for line in lines], counts_images


@given(rows_with_jobs())
def test_every_image_has_one_place(drawn: tuple[BenchRow, int, list[SpooledJob], bool]) -> None:
    """And every place an image or the reason for which it has none."""
    row, per_job, jobs, _ = drawn
    places = images_of_row(row, MODEL, jobs, most=per_job)
    assert len(places) == row.images
    found = [(place.job.line.job_id, place.index) for place in places if isinstance(place, FoundImage)]
    assert len(found) == len(set(found)) == sum(len(job.line.images) for job in jobs)
    assert all(place.image == at for at, place in enumerate(places) if isinstance(place, MissingImage))


@given(rows_with_jobs())
def test_a_missing_image_moves_no_other(drawn: tuple[BenchRow, int, list[SpooledJob], bool]) -> None:
    """In a plan that counts images, the place of each follows from its own job."""
    row, per_job, jobs, counts_images = drawn
    places = images_of_row(row, MODEL, jobs, most=per_job)
    for at, place in enumerate(places):
        if isinstance(place, FoundImage) and counts_images:
            assert at == place.job.line.index % row.images + place.index
