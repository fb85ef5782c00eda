"""The files that a run writes beside its images: a copy of the spec, and manifest and summary from the ledger."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from qwave_batch.errors import QwaveError
from qwave_batch.folder.inputs import keep_input_file, keep_spec, store_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.git.state import GitUnknown, look_at_git
from qwave_batch.ledger.ledger import Ledger
from qwave_batch.model.clock import Clock
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import RunWarning
from qwave_batch.output.manifest import keep_manifest
from qwave_batch.output.summary import RunFacts, reopen_summary, write_summary
from qwave_batch.output.versions import versions
from qwave_batch.plan.file.plan_file import AnyPlan
from qwave_batch.plan.planner import Plan
from qwave_batch.run.state.run_end import RequestCounts, RunEnd


class Recorder:
    """Writes manifest and summary of one run, while it is at work and at its end."""

    def __init__(
        self,
        layout: RunLayout,
        ledger: Ledger,
        facts: RunFacts,
        clock: Clock,
        *,
        keep_ledger: Callable[[Ledger], None] | None = None,
    ) -> None:
        """Make one that writes nothing yet.

        Args:
            layout: The folder.
            ledger: Its ledger.
            facts: Those of the run that do not change.
            clock: The machine's clock.
            keep_ledger: Puts a copy of the ledger where the manifest goes; called before each manifest, so that no
                manifest shows a submit that the copy lacks.
        """
        self._layout, self._ledger, self._facts, self._clock = layout, ledger, facts, clock
        self._keep_ledger = keep_ledger
        self._started_at = clock.monotonic()

    @property
    def warnings(self) -> tuple[RunWarning, ...]:
        """Facts that are missing in summary.json, and why."""
        git = self._facts.git
        return (RunWarning(f"summary.json holds no git commit: {git.reason}"),) if isinstance(git, GitUnknown) else ()

    def begin(self) -> None:
        """Let the summary of an earlier run no longer tell how the newest one ended. It blocks: call it in a thread."""
        reopen_summary(self._layout, self._facts)

    def write(self) -> None:
        """Write both as of now; the run is still at work. It blocks: call it in a thread."""
        self._write(replace(self._facts, seconds=self._clock.monotonic() - self._started_at))

    def finish(self, end: RunEnd) -> dict[str, Json]:
        """Write both for the last time and return what summary.json says. It blocks: call it in a thread."""
        return self._write(
            replace(
                self._facts,
                ended_at=self._clock.now(),
                seconds=end.seconds,
                requests=end.requests.as_json(),
                limits=end.limits.as_json(),
                kind=end.kind,
                reason=end.reason,
            )
        )

    def give_up(self, error: QwaveError) -> None:
        """Write both for a run that ended before it began. It blocks: call it in a thread."""
        self._write(
            replace(
                self._facts,
                ended_at=self._clock.now(),
                seconds=self._clock.monotonic() - self._started_at,
                kind=error.kind,
                reason=str(error),
            )
        )

    def _write(self, facts: RunFacts) -> dict[str, Json]:
        if self._keep_ledger is not None:
            self._keep_ledger(self._ledger)
        manifest = keep_manifest(self._layout, self._ledger)
        return write_summary(self._layout, facts, manifest, self._ledger.cost_report())


def facts_of(plan: AnyPlan, backend: str, started_at: float) -> RunFacts:
    """Return what is known of a run when it begins; it asks git, and blocks for that."""
    overlay = plan.catalog_used.overlay
    return RunFacts(
        name=plan.name,
        catalog=plan.catalog,
        overlay=overlay.as_json() if overlay else None,
        backend=backend,
        spec_sha256=plan.spec_sha256,
        overrides=plan.spec.overrides if isinstance(plan, Plan) else (),
        started_at=started_at,
        seconds=0.0,
        requests=RequestCounts().as_json(),
        versions=versions(),
        git=look_at_git(Path(plan.spec.file)) if isinstance(plan, Plan) else None,
    )


def keep_sources(layout: RunLayout, plan: AnyPlan) -> None:
    """Copy the overlay, and the spec and the files it pulled in, byte for byte; a plan file has only the overlay.

    Raises:
        StorageError: the disk refuses.
    """
    overlay = plan.catalog_used.overlay
    if overlay is not None:
        store_input(layout, overlay.text.encode("utf-8", "backslashreplace"), ending="json")
    if not isinstance(plan, Plan):
        return
    keep_spec(layout, plan.spec.source)
    for name, file in plan.spec.files_read.items():
        keep_input_file(layout, file, name)
