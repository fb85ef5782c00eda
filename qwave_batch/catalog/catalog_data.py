"""A catalog as its files state it, before models are built from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogData:
    """The content of catalog.yaml and of the schema files beside it."""

    listing: Mapping[str, Any]
    """The content of catalog.yaml."""
    vendor_schemas: Mapping[str, Mapping[str, Any]]
    """The content of each vendor's schema file."""
    own_schemas: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The complete schemas of models that an overlay changed or added."""
    touched_by: Mapping[str, str] = field(default_factory=dict)
    """By model, the name of the overlay that changed or added it."""

    @property
    def models(self) -> Mapping[str, Mapping[str, Any]]:
        """The entries of the models, by name."""
        models: Mapping[str, Mapping[str, Any]] = self.listing["models"]
        return models

    def with_models(
        self, entries: Mapping[str, Mapping[str, Any]], schemas: Mapping[str, dict[str, Any]], overlay: str
    ) -> "CatalogData":
        """Return the content with entries and schemas of some models replaced or added by an overlay."""
        return replace(
            self,
            listing={**self.listing, "models": {**self.models, **entries}},
            own_schemas={**self.own_schemas, **schemas},
            touched_by={**self.touched_by, **dict.fromkeys(entries, overlay)},
        )
