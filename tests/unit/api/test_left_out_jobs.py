"""Jobs that a run leaves out by choice, and those that would follow from them, are not to make."""

from dataclasses import replace

from qwave_batch.api.folder_jobs import with_descendants
from qwave_batch.plan.comparison import ComparedJob, Standing

JOB = ComparedJob(number=1, model="m", images=1, nusd=1)


def test_a_job_that_is_skipped_for_one_that_is_left_out_is_left_out() -> None:
    jobs = [
        (replace(JOB, standing=Standing.LEFT_OUT), ()),
        (replace(JOB, number=2, standing=Standing.FAILED), (1,)),
        (replace(JOB, number=3, standing=Standing.FAILED), (2,)),
        (replace(JOB, number=4, standing=Standing.FAILED), (9,)),
        (replace(JOB, number=5, standing=Standing.MADE), ()),
    ]
    found = {job.number: job.standing for job in with_descendants(jobs)}
    assert found == {
        1: Standing.LEFT_OUT,
        2: Standing.LEFT_OUT,
        3: Standing.LEFT_OUT,
        4: Standing.FAILED,
        5: Standing.MADE,
    }
