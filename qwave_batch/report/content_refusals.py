"""Tells a job whose content was refused from one that failed for another reason."""

import re

from qwave_batch.model.job import JobError
from qwave_batch.model.record import JobStatus

_CODE = re.compile(
    r"content|moderat|safety|unsafe|nsfw|sensitiv|flagged|inappropriate|copyright|guideline|violat|policy",
    re.ASCII | re.IGNORECASE,
)
"""Words of the codes by which the API refuses a prompt, an input or a result for its content."""


def is_refusal(status: JobStatus, error: JobError | None) -> bool:
    """Whether a job failed because its content, or what was made of it, was refused."""
    return status is JobStatus.FAILED and error is not None and _CODE.search(error.code) is not None
