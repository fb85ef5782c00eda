"""Restores the smallest spec that asks for one recorded job, from what its run folder holds."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from qwave_batch.api.restored_request import identifying_request
from qwave_batch.catalog.catalog_source import SHIPPED
from qwave_batch.folder.inputs import stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.input_references import is_reference, texts_in
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.output.image_search import FoundJob
from qwave_batch.output.kept_overlay import KeptOverlay
from qwave_batch.output.parent_lines import ParentLines
from qwave_batch.plan.job_spec import AskedJob, draws_alone, spec_of_job


class OriginNote(StrEnum):
    """A fact about a spec of one job that its user should know."""

    LEFT_PLAN = "left_plan"
    """The plan of the folder no longer holds the job."""
    READS_INPUTS = "reads_inputs"
    """The spec names the images in the folder's ``inputs/``."""
    INPUTS_IN_STORE = "inputs_in_store"
    """The spec names images as ``inputs/...``, which are in a store and must be copied beside it."""
    INPUT_MISSING = "input_missing"
    """An image that the job was given is not in ``inputs/``."""
    SIGNED_ADDRESSES = "signed_addresses"
    """Its addresses were signed for a time, and stand without their signatures."""
    OWN_CATALOG = "own_catalog"
    """Its catalog does not ship with the program."""
    WITH_REPEATS = "with_repeats"
    """The spec makes the job's earlier repeats too."""
    WITH_PARENTS = "with_parents"
    """The spec makes the jobs too that it is made from."""
    PARENT_GONE = "parent_gone"
    """A job that it is made from left the folder, so there is no spec."""
    NOT_RESTORED = "not_restored"
    """The request can't be put together from what the folder holds, so there is no spec."""


@dataclass(frozen=True, slots=True)
class SpecRestorer:
    """Writes the specs of the jobs of one run folder."""

    layout: RunLayout
    summary: JsonObject
    """The folder's summary, or at least its ``catalog``."""
    beside: Path
    """The folder from which specs name the files in ``inputs/``."""
    parents: ParentLines
    """The jobs of the folder that others are made from."""

    def restored(self, found: FoundJob) -> tuple[str | None, tuple[OriginNote, ...]]:
        """Return the spec of a job and what its user should know; None where it can't be written."""
        asked = self._asked(found)
        return (None, (asked,)) if isinstance(asked, OriginNote) else (spec_of_job(asked), self._notes(asked))

    def spec_of(self, found: FoundJob) -> str | None:
        """Return the spec of a job alone; None where it can't be written."""
        asked = self._asked(found)
        return None if isinstance(asked, OriginNote) else spec_of_job(asked)

    def _asked(self, found: FoundJob) -> AskedJob | OriginNote:
        """Return a job with those that it is made from, or the reason why there is no spec of it."""
        lineage = self._lineage(found)
        if lineage is None:
            return OriginNote.PARENT_GONE
        asked: AskedJob | None = None
        for each in reversed(lineage):
            asked = self._asked_alone(each, asked)
            if asked is None:
                return OriginNote.NOT_RESTORED
        return OriginNote.NOT_RESTORED if asked is None else asked

    def _lineage(self, found: FoundJob) -> list[FoundJob] | None:
        """Return a job, its parent, its parent's and so on; None if one that a request refers to is not among them."""
        lineage = {found.line.job_id: found}
        wanted: set[str] = set()
        while found.line.parents:
            wanted.update(link.job_id for link in found.line.parents)
            parent = self.parents.found(found.line.parents[0].job_id)
            if parent is None or parent.line.job_id in lineage:
                return None
            lineage[parent.line.job_id] = found = parent
        return list(lineage.values()) if wanted <= lineage.keys() else None

    def _asked_alone(self, found: FoundJob, parent: AskedJob | None) -> AskedJob | None:
        line, catalog = found.line, self.summary.get("catalog")
        request = identifying_request(found, self.layout)
        overlay = KeptOverlay.of(self.summary) if line.overlay else None
        kept = overlay.path(self.layout) if overlay else None
        if request is None or not isinstance(catalog, str) or (line.overlay and kept is None):
            return None
        files = {text: path for text in _references(request) if (path := stored_input(self.layout, text)) is not None}
        return AskedJob(
            request=request,
            repeat=line.repeat,
            catalog=catalog,
            overlay=None if kept is None else self._named(kept),
            files={text: self._named(path) for text, path in files.items()},
            has_stable_addresses=bool(found.job and found.job.callback.keys() & request.keys()),
            stage=line.stage,
            parent=parent,
        )

    def _notes(self, asked: AskedJob) -> tuple[OriginNote, ...]:
        chain = asked.chain
        reads_files = any(each.files or each.overlay is not None for each in chain)
        notes = {
            OriginNote.READS_INPUTS: reads_files and not self._is_in_store,
            OriginNote.INPUTS_IN_STORE: reads_files and self._is_in_store,
            OriginNote.INPUT_MISSING: any(len(each.files) < len(_references(each.request)) for each in chain),
            OriginNote.SIGNED_ADDRESSES: any(each.has_stable_addresses for each in chain),
            OriginNote.OWN_CATALOG: asked.catalog not in SHIPPED.dates(),
            OriginNote.WITH_REPEATS: not draws_alone(asked),
            OriginNote.WITH_PARENTS: asked.parent is not None,
        }
        return tuple(note for note, holds in notes.items() if holds)

    @property
    def _is_in_store(self) -> bool:
        return self.layout.store is not None

    def _named(self, path: str) -> str:
        """Return how a spec names a file of the folder: from the current folder where it lies below it."""
        if self._is_in_store:
            return path
        whole = (self.layout.root / path).resolve()
        here = self.beside.resolve()
        return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else str(whole)


def _references(request: JsonObject) -> set[str]:
    return {text for text in texts_in(request) if is_reference(text)}
