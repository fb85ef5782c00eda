"""summary.json: the state of a run folder, and how it was made."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from qwave_batch.errors import UsageError
from qwave_batch.folder.artifacts import SPEC, SUMMARY, read_artifact, sha256_of_artifact
from qwave_batch.folder.layout import RunLayout
from qwave_batch.git.state import GitState, GitUnknown
from qwave_batch.ledger.cost_report import CostReport
from qwave_batch.model.codec import LENIENT
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind
from qwave_batch.output.manifest import WrittenManifest
from qwave_batch.output.times import iso_from_unix

_MOST_BYTES = 1 << 20
MOST_SPEC_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Facts about the newest run that the manifest lacks. Times are Unix seconds."""

    name: str
    """The spec's name."""
    catalog: str
    backend: str
    """The API's host, or ``simulator``."""
    spec_sha256: str
    """The hash of the spec, with base files and overrides."""
    overrides: Sequence[str] = ()
    """The ``--set`` arguments."""
    started_at: float
    ended_at: float | None = None
    """None while the run is at work."""
    seconds: float
    requests: JsonObject
    """Numbers of requests: ``submit``, ``poll``, ``download``, ``retried``."""
    limits: JsonObject | None = None
    """429s and waits of the run: see ``LimitCounts.as_json``; None while it is at work."""
    kind: EndKind | None = None
    """None while the run is at work."""
    reason: str = ""
    """Why it ended early; empty if it did not."""
    versions: Mapping[str, str | None] = field(default_factory=dict)
    git: GitState | GitUnknown | None = None
    overlay: JsonObject | None = None
    """The overlay of the catalog: its name, its hash and what it changes; its content is in ``inputs/``."""


def summary_as_json(
    facts: RunFacts, manifest: WrittenManifest, cost_report: CostReport, *, spec_file_sha256: str | None
) -> dict[str, Json]:
    """Return the object of summary.json, which ``run --json`` prints."""
    return {
        **manifest.counts.as_json(),
        **_facts_as_json(facts, spec_file_sha256),
        "manifest_sha256": manifest.sha256,
        "reused": manifest.counts.reused,
        "money": cost_report.as_json(),
    }


def _facts_as_json(facts: RunFacts, spec_file_sha256: str | None) -> dict[str, Json]:
    return {
        "seconds": round(facts.seconds, 3),
        "requests": dict(facts.requests),
        "exit": None if facts.kind is None else EXIT_STATUS[facts.kind],
        "end": None if facts.kind is None else facts.kind.value,
        "reason": facts.reason or None,
        "limits": None if facts.limits is None else dict(facts.limits),
        "name": facts.name,
        "catalog": facts.catalog,
        "overlay": None if facts.overlay is None else dict(facts.overlay),
        "backend": facts.backend,
        "started_at": iso_from_unix(facts.started_at),
        "ended_at": None if facts.ended_at is None else iso_from_unix(facts.ended_at),
        "spec_sha256": facts.spec_sha256,
        "spec_file_sha256": spec_file_sha256,
        "overrides": list(facts.overrides),
        "git": LENIENT.encode(facts.git) if isinstance(facts.git, GitState) else None,
        "git_unknown": facts.git.reason if isinstance(facts.git, GitUnknown) else None,
        "versions": dict(facts.versions),
    }


def write_summary(
    layout: RunLayout, facts: RunFacts, manifest: WrittenManifest, cost_report: CostReport
) -> dict[str, Json]:
    """Replace summary.json and return its new content; ``spec.yaml`` must be in place by then.

    Raises:
        StorageError: the disk refuses.
    """
    summary = summary_as_json(facts, manifest, cost_report, spec_file_sha256=spec_file_sha256(layout))
    _write(layout, summary)
    return summary


def reopen_summary(layout: RunLayout, facts: RunFacts) -> None:
    """Mark in the summary of an earlier run that another one is active now; without a summary, do nothing.

    Counts and money stay those of the present manifest, until it is rewritten.

    Raises:
        StorageError: the disk refuses.
    """
    summary = read_summary(layout)
    if summary is not None:
        _write(layout, {**summary, **_facts_as_json(facts, spec_file_sha256(layout))})


def refresh_summary(layout: RunLayout, manifest: WrittenManifest, cost_report: CostReport) -> None:
    """Update counts and money of summary.json after a change outside a run; without a summary, do nothing.

    Raises:
        StorageError: the disk refuses.
    """
    summary = read_summary(layout)
    if summary is not None:
        counts = {**manifest.counts.as_json(), "reused": manifest.counts.reused}
        _write(layout, {**summary, **counts, "manifest_sha256": manifest.sha256, "money": cost_report.as_json()})


def spec_file_sha256(layout: RunLayout) -> str | None:
    """Return the hash of the folder's ``spec.yaml``; None if it is missing, or larger than any spec."""
    found = layout.artifacts.look(SPEC)
    if found is None or found.size_bytes > MOST_SPEC_BYTES:
        return None
    return sha256_of_artifact(layout.artifacts, SPEC)


def _write(layout: RunLayout, summary: JsonObject) -> None:
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    layout.artifacts.put(SUMMARY, text.encode("utf-8", "backslashreplace"))


def read_summary(layout: RunLayout) -> dict[str, Json] | None:
    """Return the content of summary.json, or None if it is missing or unreadable."""
    with suppress(OSError, UsageError, ValueError, RecursionError):
        summary = json.loads(read_artifact(layout.artifacts, SUMMARY, most_bytes=_MOST_BYTES))
        if isinstance(summary, dict):
            return summary
    return None
