"""How many images a request may return, from rules in the catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.dotted import count_at, entries_at
from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """One way a request comes to its number of images."""

    source: str
    """The dotted path of the number in the request."""
    otherwise: int
    """The number when the request does not say."""
    when: Mapping[str, Json] = field(default_factory=dict)
    """The fields and values of the requests that the rule is for; empty for all."""
    less: str | None = None
    """The list whose entries take their share of ``otherwise``."""

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> "ImageRule":
        """Read a rule as it stands in catalog.yaml."""
        return cls(source=rule["from"], otherwise=rule["otherwise"], when=rule.get("when", {}), less=rule.get("less"))

    def count(self, request: JsonObject) -> int:
        """Return the number of images this rule comes to; 0 for a request that it is not for."""
        if any(request.get(name) != value for name, value in self.when.items()):
            return 0
        room = self.otherwise - (entries_at(request, self.less) if self.less else 0)
        return count_at(request, self.source, max(1, room))


def max_images(rules: Sequence[ImageRule], request: JsonObject) -> int:
    """Return the most images that any of the rules allows, at least 1."""
    return max(1, *(rule.count(request) for rule in rules))
