"""The fingerprint of a catalog: a hash of everything in it that can change a job, a verdict or a price."""

import hashlib
import json
from typing import Any

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.catalog.model import Model
from qwave_batch.model.jsontypes import Json

_WORDS = frozenset({"title", "description", "$comment", "examples"})
_NAMED = frozenset({"properties", "$defs", "dependentRequired", "dependentSchemas"})
"""Keywords whose keys are names and not keywords."""


def catalog_fingerprint(catalog: Catalog) -> str:
    """Return 64 hex digits that stay the same while the catalog means the same.

    Texts, layout and keys that only matter while a run talks to the API are excluded.
    """
    content = {
        "date": catalog.date,
        "base_url": catalog.base_url,
        "callback_fields": sorted(catalog.callback_fields),
        "models": [_meaning(model) for model in catalog.models.values()],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _meaning(model: Model) -> dict[str, Any]:
    return {
        "name": model.name,
        "schema": _wordless(model.schema),
        "content_fields": sorted(model.content_fields),
        "images": [rule.as_json() for rule in model.image_rules],
        "price": model.price.as_json(),
    }


def _wordless(schema: Json, *, names: bool = False) -> Json:
    match schema:
        case list() | tuple():
            return [_wordless(part) for part in schema]
        case dict():
            return {
                key: _wordless(value, names=not names and key in _NAMED)
                for key, value in schema.items()
                if names or key not in _WORDS
            }
        case _:
            return schema
