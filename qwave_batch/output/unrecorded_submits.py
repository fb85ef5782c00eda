"""Submits known from the manifest and the images but not from the ledger: it is damaged or an old copy."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from qwave_batch.errors import FolderError
from qwave_batch.folder.artifacts import MANIFEST
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.traces import has_traces, without_records
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.record import JobStatus
from qwave_batch.output.image_files import possible_stems, stem_of, stray_files, stray_key
from qwave_batch.output.ledger_ports import LedgerOwned, LedgerReading
from qwave_batch.output.manifest import is_as_written, read_raw_lines
from qwave_batch.output.times import iso_from_unix, unix_from_iso


def check_is_claimed(layout: RunLayout, ledger: LedgerReading) -> None:
    """Reject an unclaimed ledger in a folder that runs have filled.

    Raises:
        FolderError: it is one.
    """
    if ledger.identity() is None and has_traces(layout):
        raise without_records(layout, "has lost what it knew")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Evidence in a folder of submits that its ledger lacks."""

    sent: Mapping[str, float]
    """The latest possible submit times: Unix seconds by job id."""
    young: int
    """Number of jobs to be submitted whose place has unknown files that may be newer than the API's oldest keys."""


def submits_elsewhere(layout: RunLayout, ledger: LedgerOwned, *, files: int, kept_from: float) -> Elsewhere:
    """Return the evidence in the folder of submits that its ledger lacks.

    It reads the manifest only if somebody else wrote it, or nothing confirms the ledger. It blocks.

    Args:
        layout: The folder.
        ledger: Its ledger, with the current plan.
        files: How many files there are among the images.
        kept_from: Unix seconds since when the API certainly keeps keys. A file made since then does not matter: the
            submit
            of a lost job is answered with the task that made it.
    """
    sent: dict[str, float] = {}
    young = 0
    if not (ledger.is_vouched and is_as_written(layout)):
        sent.update(_by_manifest(layout, ledger))
    if files > ledger.image_count():
        for job_id, time in _by_images(layout, ledger):
            if time < kept_from:
                sent[job_id] = min(time, sent.get(job_id, time))
            else:
                young += job_id not in sent
    return Elsewhere(sent, young)


def loss_message(lost_since: float) -> str:
    """Return a description of a ledger's losses."""
    return (
        f"the ledger lacks what was recorded after {iso_from_unix(lost_since)}: its log (ledger.sqlite-wal) is gone or "
        "cut, or an older copy was put back"
    )


def _by_manifest(layout: RunLayout, ledger: LedgerOwned) -> Iterator[tuple[str, float]]:
    found = layout.artifacts.look(MANIFEST)
    if found is None or not found.is_file:
        return
    written_at = found.written_at
    try:
        for _, raw in read_raw_lines(layout):
            told = _submit_told(raw)
            if told is not None and ledger.record(told[0]).attempts < told[1]:
                yield told[0], written_at if told[2] is None else min(told[2], written_at)
    except FolderError:  # a line without an end: the rest is not ours
        return


def _submit_told(raw: bytes) -> tuple[str, int, float | None] | None:
    """Return a line's job, its number of tasks and the newest submit time; None if the line has none."""
    try:
        line: Json = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict):
        return None
    job_id, attempts, at = line.get("job_id"), line.get("attempts"), line.get("submitted_at")
    if not isinstance(job_id, str) or not isinstance(attempts, int) or attempts < 1:
        return None
    try:
        return job_id, attempts, unix_from_iso(at) if isinstance(at, str) else None
    except ValueError:
        return job_id, attempts, None


def young_message(jobs: int) -> str:
    """Return the warning that unknown files lie in the place of images to be made."""
    they = "1 job that is to be bought has" if jobs == 1 else f"{jobs:,} jobs that are to be bought have"
    return (
        f"{they} files in their place that the ledger knows nothing of; their times are recent, so that a submit which "
        "made them is answered with its task; in a folder that was copied or unpacked the times are of the copy, and "
        "the jobs may be bought twice: put the .qwave that belongs to the images back"
    )


def _by_images(layout: RunLayout, ledger: LedgerOwned) -> Iterator[tuple[str, float]]:
    """Yield the jobs with unrecorded files under their names that are newer than the folder."""
    identity = ledger.identity()
    records = chain((line.record for line in ledger.lines()), ledger.unplanned())
    named = {stray_key(image.path) for record in records for image in record.images}
    made_at: dict[str, float] = {}
    for stray in stray_files(layout, named):
        found = layout.artifacts.look(stray.path)
        time = None if found is None else found.written_at
        if time is not None and identity is not None and identity.created_at <= time:
            made_at.setdefault(stem_of(stray.path), time)
    for line in ledger.lines() if made_at else ():
        if line.record.status is JobStatus.PENDING and not line.record.attempts:
            times = [made_at[stem] for stem in possible_stems(line.job.path, line.job.job_id) if stem in made_at]
            if times:
                yield line.job.job_id, min(times)
