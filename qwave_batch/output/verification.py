"""``verify``: checks every line and file of a run folder against manifest, schema, ledger and hashes."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol

from qwave_batch.executors.workers import Workers
from qwave_batch.folder.artifacts import MANIFEST, SUMMARY, sha256_of_artifact
from qwave_batch.folder.inputs import references, stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.folder.probing import is_probe
from qwave_batch.folder.stored_images import FileFault
from qwave_batch.imaging.image_inspection import MAX_IMAGE_BYTES
from qwave_batch.ledger.plan_counts import LineCounts
from qwave_batch.model.clock import Clock, SystemClock
from qwave_batch.model.input_references import PREFIX
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.model.record import ImageFile, JobStatus
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work
from qwave_batch.output.image_files import (
    check_by_workers,
    check_images,
    possible_stems,
    stem_of,
    stray_files,
    stray_key,
)
from qwave_batch.output.kept_overlay import KeptOverlay
from qwave_batch.output.ledger_ports import LedgerReading
from qwave_batch.output.line_checks import LineChecker
from qwave_batch.output.line_counts import LineCounter
from qwave_batch.output.link_checks import ManifestFault
from qwave_batch.output.manifest import Freshness, read_raw_lines, refresh_manifest
from qwave_batch.output.manifest_line import ManifestLine, line_as_json, manifest_line
from qwave_batch.output.summary import read_summary, spec_file_sha256
from qwave_batch.output.unrecorded_submits import loss_message
from qwave_batch.output.verify_log import open_verify_log, remove_verify_log

_MANY_BYTES = 500_000
"""A manifest of more bytes, of some hundred lines, is worth a process for each core."""
_COUNTED = ("jobs", "completed", "failed", "skipped", "cancelled", "unknown", "pending", "images")
_NAMED = 3  # jobs with the same fault that are named one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyCounts:
    """The objects checked by ``verify`` and its findings."""

    lines: LineCounts
    files: int = 0
    """Image files in the manifest."""
    size_bytes: int = 0
    """Total size of those that are intact."""
    missing: int = 0
    damaged: int = 0
    unplanned: int = 0
    """Files of jobs no longer in the spec; not a problem, and ``prune`` removes them."""
    unplanned_bytes: int = 0
    strangers: int = 0
    """Files under images/ that are not in the manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """The result of ``verify``."""

    problems: tuple[Problem, ...]
    """Errors in the order of the lines, then those of the folder; warnings do not fail the check."""
    counts: VerifyCounts
    manifest: Freshness | None
    """The state of the manifest relative to the ledger; None without a ledger."""
    damaged: tuple[str, ...] = ()
    """Paths of existing image files that are damaged."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        how = "sound" if self.is_sound else f"{len(self.problems):,} problems"
        return f"VerifyReport({how}: {self.counts.lines.jobs:,} lines, {self.counts.files:,} files)"

    @property
    def is_sound(self) -> bool:
        """Whether there are no errors: exit status 0."""
        return all(problem.severity != "error" for problem in self.problems)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``verify --json`` prints."""
        counts = self.counts
        return {
            "sound": self.is_sound,
            "lines": counts.lines.jobs,
            "files": counts.files,
            "bytes": counts.size_bytes,
            "missing": counts.missing,
            "damaged": counts.damaged,
            "unplanned": counts.unplanned,
            "unplanned_bytes": counts.unplanned_bytes,
            "strangers": counts.strangers,
            "manifest": None if self.manifest is None else self.manifest.value,
            "problems": [problem.as_json() for problem in self.problems],
        }


def verify(
    layout: RunLayout,
    ledger: LedgerReading | None,
    on_work: OnWork = ignore_work,
    *,
    workers: Workers | None = None,
    clock: Clock | None = None,
) -> VerifyReport:
    """Check a run folder, after rewriting a manifest that a crash left outdated.

    It reads and decodes every image, in threads; call it in one. The folder of a live run is checked as far as its
    manifest goes.

    Args:
        layout: The folder (``RunLayout.existing``).
        ledger: Its ledger, open for reading; None for a copy that came without one.
        on_work: Told how many images were checked.
        workers: They look at the images, in a folder that they reach; then a verify that was killed is gone on with.
            None for processes here.
        clock: For the age of what one that was killed has left; the system's without it.

    Raises:
        FolderError: there is no manifest, and no ledger to write it from.
        StorageError: the disk or the ledger fails.
    """
    freshness = None if ledger is None else refresh_manifest(layout, ledger)
    verification = _Verification(layout, ledger, freshness, on_work)
    if workers is None:
        report = verification.report(partial(check_images, by_processes=verification.has_many_lines()))
        remove_verify_log(layout.tree)
        return report
    with open_verify_log(layout, clock or SystemClock()) as log:
        return verification.report(partial(check_by_workers, workers=workers, log=log))


class _CheckImages(Protocol):
    def __call__(
        self, layout: RunLayout, images: Iterable[tuple[SourcePlace, ImageFile]], /
    ) -> Iterator[tuple[SourcePlace, ImageFile, FileFault | None]]: ...


@dataclass(slots=True)
class _Verification:
    layout: RunLayout
    ledger: LedgerReading | None
    freshness: Freshness | None
    on_work: OnWork
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    """Of the manifest, as far as it was read."""
    problems: list[Problem] = field(default_factory=list)
    counters: LineCounter = field(default_factory=LineCounter)
    named: set[str] = field(default_factory=set)
    awaited: set[str] = field(default_factory=set)
    inputs: dict[str, SourcePlace] = field(default_factory=dict)
    edited: dict[str, tuple[SourcePlace, dict[str, Json]]] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    faulty_lines: deque[tuple[SourcePlace, ManifestFault]] = field(default_factory=deque)
    """Not reported yet."""

    def report(self, check: "_CheckImages") -> VerifyReport:
        faults = {"missing": 0, "damaged": 0}
        files = size_bytes = 0
        for place, image, fault in check(self.layout, self._images()):
            self._tell_of_lines(place.line)
            files += 1
            self.on_work(WorkProgress(done=files))
            if fault is None:
                size_bytes += image.size_bytes
            else:
                faults[fault.kind] += 1
                self.damaged += [image.path] if fault.kind == "damaged" else []
                self._complain(f"{image.path}: {fault.message}", place=place, value=image.path)
        self._tell_of_lines(None)
        self._check_inputs()
        self._compare_with_ledger()
        counts = VerifyCounts(
            lines=self.counters.counts(), files=files, size_bytes=size_bytes, **faults, **self._look_for_strays()
        )
        self._check_summary(counts.lines)
        return VerifyReport(
            problems=tuple(self.problems), counts=counts, manifest=self.freshness, damaged=tuple(self.damaged)
        )

    def has_many_lines(self) -> bool:
        manifest = self.layout.artifacts.look(MANIFEST)
        return manifest is not None and manifest.size_bytes > _MANY_BYTES

    def _images(self) -> Iterator[tuple[SourcePlace, ImageFile]]:
        """Check every line and then its images."""
        checker, file = LineChecker(), self.layout.place_of(MANIFEST)
        for number, raw in read_raw_lines(self.layout, into=self.digest):
            place = SourcePlace(file=file, line=number)
            line, faults = checker.read(number, raw)
            self.faulty_lines.extend((place, fault) for fault in faults)
            if line is not None:
                self._take(line, place)
                yield from ((place, image) for image in line.images)
        self.faulty_lines.extend((SourcePlace(file=file, line=number), fault) for number, fault in checker.missing())

    def _tell_of_lines(self, up_to: int | None) -> None:
        """Report the faults of lines up to one, or of all; lines are read ahead of what is found of their images."""
        while self.faulty_lines and (up_to is None or self.faulty_lines[0][0].line <= up_to):
            place, fault = self.faulty_lines.popleft()
            self._complain(fault.message, place=place, severity="error" if fault.is_error else "warning")

    def _take(self, line: ManifestLine, place: SourcePlace) -> None:
        self.counters.add_manifest_line(line)
        self.named.update(stray_key(image.path) for image in line.images)
        if line.status is not JobStatus.COMPLETED:
            self.awaited.update(possible_stems(line.path, line.job_id))
        for reference in references(line.request):
            self.inputs.setdefault(reference, place)
        if self.freshness is Freshness.EDITED:
            self.edited[line.job_id] = (place, line_as_json(line))

    def _check_inputs(self) -> None:
        for reference, place in self.inputs.items():
            file = stored_input(self.layout, reference)
            if file is None:
                self._complain(f"the input {reference} is not in inputs/", place=place, value=reference)
            elif not self._is_input(file, reference):
                self._complain(f"{file} is damaged: its bytes have another hash", place=place)

    def _is_input(self, file: str, reference: str) -> bool:
        found = self.layout.artifacts.look(file)
        is_plausible = found is not None and found.size_bytes <= MAX_IMAGE_BYTES
        return is_plausible and PREFIX + sha256_of_artifact(self.layout.artifacts, file) == reference

    def _compare_with_ledger(self) -> None:
        """Report the differences, if the manifest is neither the ledger's nor the one we wrote before."""
        identity = None if self.ledger is None else self.ledger.identity()
        if identity is not None and identity.lost_since is not None:
            self._complain(loss_message(identity.lost_since), suggestion="the next run takes that in")
        if self.freshness is Freshness.STALE:
            self._complain("the manifest is behind the ledger and can't be written here", severity="warning")
        if self.freshness is not Freshness.EDITED or self.ledger is None:
            return
        hint = "the next run writes the manifest anew from the ledger"
        self._complain("the manifest is not as it was written", suggestion=hint)
        gone: list[str] = []
        for plan_line in self.ledger.lines():
            place, found = self.edited.pop(plan_line.job.job_id, (None, None))
            if place is None or found is None:
                gone.append(plan_line.job.job_id)
                self.named.update(stray_key(image.path) for image in plan_line.record.images)
                continue
            expected = line_as_json(manifest_line(plan_line))
            differing = [key for key, value in expected.items() if found.get(key) != value]
            differing += [key for key in found if key not in expected]
            if differing:
                self._complain(f"differs from the ledger in {', '.join(differing)}", place=place)
        for job_id, (place, _) in self.edited.items():
            self._complain(f"job {job_id} is not in the ledger's plan", place=place)
        if gone:
            self._complain(_no_line(gone))

    def _look_for_strays(self) -> dict[str, int]:
        counts = {"unplanned": 0, "unplanned_bytes": 0, "strangers": 0}
        unplanned: set[str] = set()
        if self.ledger is not None:
            unplanned = {stray_key(image.path) for record in self.ledger.unplanned() for image in record.images}
        for stray in stray_files(self.layout, self.named):
            if stray_key(stray.path) in unplanned:
                counts["unplanned"] += 1
                counts["unplanned_bytes"] += stray.size_bytes
            elif self.freshness is Freshness.LIVE:  # it places files before it writes lines
                continue
            elif is_probe(stray.path):
                message = f"{stray.path}: a run that was killed tried out the folder with it; the next run removes it"
                self._complain(message, value=stray.path, severity="warning")
            elif stem_of(stray.path) in self.awaited:
                message = f"{stray.path}: fetched for a job that is not complete yet; the next run takes it over"
                self._complain(message, value=stray.path, severity="warning")
            else:
                counts["strangers"] += 1
                self._complain(f"{stray.path}: no line names this file", value=stray.path)
        return counts

    def _check_summary(self, counts: LineCounts) -> None:
        summary = read_summary(self.layout)
        if self.freshness is Freshness.LIVE:
            return
        if summary is None:
            state = "is not there" if self.layout.artifacts.look(SUMMARY) is None else "can't be read"
            self._complain(f"summary.json {state}; the next run writes it", severity="warning")
            return
        if summary.get("manifest_sha256") != self.digest.hexdigest():
            self._complain("summary.json is of an earlier state of the manifest", severity="warning")
        else:
            for name, said, found in _counts_by_stage(summary, counts):
                if said != found:
                    self._complain(f"summary.json says {name} {said}, the lines say {found}")
        overlay = KeptOverlay.of(summary)
        if overlay is not None and overlay.content(self.layout) is None:
            self._complain(f"the overlay {overlay.name} is not in inputs/ as it was written", value=overlay.reference)
        if spec_file_sha256(self.layout) != summary.get("spec_file_sha256"):
            self._complain("spec.yaml is not the one that summary.json speaks of")

    def _complain(
        self,
        message: str,
        *,
        place: SourcePlace | None = None,
        value: Json = None,
        suggestion: str | None = None,
        severity: Literal["error", "warning"] = "error",
    ) -> None:
        self.problems.append(
            Problem(message=message, place=place, value=value, suggestion=suggestion, severity=severity)
        )


def _counts_by_stage(summary: JsonObject, counts: LineCounts) -> Iterator[tuple[str, Json, Json]]:
    """Yield the counts that a summary has in common with the lines, of each stage too: as named, as said, as found."""
    found = counts.as_json()
    yield from ((key, summary.get(key), found[key]) for key in _COUNTED)
    told = summary.get("stages")
    for name, stage in counts.stages.items():
        said, of_stage = told.get(name) if isinstance(told, dict) else None, stage.as_json()
        for key in _COUNTED:
            yield f"{key} of stage {name}", said.get(key) if isinstance(said, dict) else None, of_stage[key]


def _no_line(job_ids: Sequence[str]) -> str:
    if len(job_ids) == 1:
        return f"job {job_ids[0]} of the ledger has no sound line"
    few = ", ".join(job_ids[:_NAMED])
    return f"{len(job_ids):,} jobs of the ledger have no sound line: {few}{', ...' if len(job_ids) > _NAMED else ''}"
