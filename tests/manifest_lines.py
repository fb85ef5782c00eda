"""The plainest line of a manifest; tests change what they are about with ``dataclasses.replace``."""

from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine

PLAIN_LINE = ManifestLine(
    job_id="0" * 16,
    index=0,
    status=JobStatus.PENDING,
    prompt_id="p",
    prompt="A teahouse",
    model="m",
    action="generate",
    request={},
    dropped=(),
    axes={},
    tags=(),
    meta={},
    repeat=0,
    also=(),
    path="",
    task_id=None,
    attempts=0,
    submitted_at=None,
    completed_at=None,
    seconds=None,
    cost_usd=0.0,
    cost_from=None,
    images=(),
    error=None,
)
