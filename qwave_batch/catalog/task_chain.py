"""Which earlier tasks the actions of a model may go on from, by the rules of a catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qwave_batch.model.jsontypes import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChain:
    """The rules of one model for requests that name an earlier task."""

    task_field: str
    """The request field with the id of the earlier task."""
    image_field: str
    """The request field with the number of one of its images, from 1."""
    version_field: str
    """The request field whose value an action keeps from the earlier task."""
    sources: Mapping[str, Sequence[str]]
    """By action: the actions whose tasks it goes on from; an action that is not named goes on from any."""
    versions: Mapping[str, Sequence[str]]
    """By action: the versions that it goes on from; likewise."""

    @classmethod
    def from_json(cls, stated: Mapping[str, Any]) -> "TaskChain":
        """Parse the ``chain`` of a model's entry in catalog.yaml."""
        return cls(
            task_field=stated["task"],
            image_field=stated["image"],
            version_field=stated["version"],
            sources=stated.get("sources", {}),
            versions=stated.get("versions", {}),
        )

    def other_sources(self, action: str, source: str) -> Sequence[str] | None:
        """Return the actions whose tasks an action goes on from; None if it goes on from one of ``source``."""
        wanted = self.sources.get(action)
        return None if wanted is None or source in wanted else wanted

    def other_versions(self, action: str, version: str) -> Sequence[str] | None:
        """Return the versions that an action goes on from; None if it goes on from this one, or none is known."""
        wanted = self.versions.get(action)
        return None if wanted is None or not version or version in wanted else wanted

    def number_beyond(self, request: JsonObject, images: int) -> int | float | None:
        """Return the number of the image that a request goes on from, if the task has only so many; else None."""
        number = request.get(self.image_field)
        return number if isinstance(number, int | float) and number > images else None
