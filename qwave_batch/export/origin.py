"""The origin of an export: folders, specs, catalogs, versions, and the options that were given.

It names no path and no time of the export, so that it may be published, and the same export has the same record.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qwave_batch.export.export_request import ExportRequest
from qwave_batch.export.selection import Selected
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.output.folder_labels import folder_labels
from qwave_batch.output.folder_reader import FolderReader

_OF_SUMMARY = (
    "catalog", "overlay", "spec_sha256", "spec_file_sha256", "overrides", "git", "started_at", "ended_at",
    "manifest_sha256", "versions",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """A run folder that rows come from."""

    folder: str
    """Its name, without the path to it."""
    folder_id: str | None
    name: str | None
    """The spec's name."""
    backend: str | None
    """The API's host, or ``simulator``."""
    summary: JsonObject
    """The content of summary.json; empty without one."""

    def as_json(self) -> dict[str, Json]:
        """Return the source as the record has it."""
        return {
            "folder": self.folder,
            "folder_id": self.folder_id,
            "name": self.name,
            "backend": self.backend,
            **{key: self.summary.get(key) for key in _OF_SUMMARY},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The origin of an export."""

    format: str
    options: JsonObject
    """The options that differ from what they are without being asked for."""
    sources: tuple[SourceRun, ...]
    rows: int
    splits: Mapping[str, int]
    models: tuple[str, ...]
    """The models of all rows, by name."""
    version: str | None
    """The version of this program."""

    def as_json(self) -> dict[str, Json]:
        """Return the record."""
        return {
            "export": 1,
            "format": self.format,
            "qwave_batch": self.version,
            "options": self.options,
            "rows": self.rows,
            "splits": dict(self.splits),
            "models": list(self.models),
            "sources": [source.as_json() for source in self.sources],
        }

    def as_bytes(self) -> bytes:
        """Return the record as the text of a file."""
        return (json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")


def origin_of(
    request: ExportRequest, readers: Sequence[FolderReader], selected: Selected, *, version: str | None
) -> Origin:
    """Return the origin of an export of the selected rows."""
    return Origin(
        format=request.format,
        options=dict(_options(request)),
        sources=source_runs(readers),
        rows=selected.count,
        splits=selected.splits,
        models=tuple(selected.spool.models()),
        version=version,
    )


def source_runs(readers: Sequence[FolderReader]) -> tuple[SourceRun, ...]:
    """Return the run folders that an export is made of."""
    return tuple(_sources(readers))


def _sources(readers: Sequence[FolderReader]) -> Iterator[SourceRun]:
    for folder, reader in zip(folder_labels(readers), readers, strict=True):
        header = reader.header()
        yield SourceRun(
            folder=folder,
            folder_id=header.folder_id,
            name=header.name,
            backend=header.backend,
            summary=header.summary or {},
        )


def _options(request: ExportRequest) -> Iterator[tuple[str, Json]]:
    rule = request.image
    stated: dict[str, Json] = {
        "where": request.where,
        "split": request.split.as_text() or None,
        "image": None if rule.form.value == "keep" else rule.form.value,
        "quality": rule.quality,
        "max_size": rule.max_size,
        "mark": sorted(mark.value for mark in rule.marks),
        "prompt_in_image": rule.has_prompt,
        "drop": sorted(request.drop),
        "with_failed": request.has_failed,
        "no_images": not request.has_images,
        "json_files": request.has_json,
    }
    return ((name, value) for name, value in stated.items() if value)
