"""The overlay of a run folder: named in summary.json, with its content in ``inputs/`` under its hash."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from qwave_batch.errors import UsageError
from qwave_batch.folder.artifacts import read_artifact
from qwave_batch.folder.inputs import stored_input
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.input_references import PREFIX, reference_to
from qwave_batch.model.jsontypes import Json

_MOST_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOverlay:
    """The overlay that a summary names."""

    name: str
    """Its file, as the spec named it."""
    reference: str
    """The ``sha256:...`` of its content."""

    @classmethod
    def of(cls, summary: Mapping[str, Json] | None) -> "KeptOverlay | None":
        """Return the overlay that a summary names; None if it names none."""
        match (summary or {}).get("overlay"):
            case {"name": str(name), "sha256": str(sha256)}:
                return cls(name=name, reference=PREFIX + sha256)
            case _:
                return None

    def path(self, layout: RunLayout) -> str | None:
        """Return the path of its content from the folder; None if it is not there."""
        return stored_input(layout, self.reference)

    def content(self, layout: RunLayout) -> Json:
        """Return its content; None if it is not there as it was written."""
        path = self.path(layout)
        if path is None:
            return None
        with suppress(OSError, UsageError, ValueError, RecursionError):
            data = read_artifact(layout.artifacts, path, most_bytes=_MOST_BYTES)
            if reference_to(data) == self.reference:
                content: Json = json.loads(data)
                return content
        return None
