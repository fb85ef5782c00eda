"""How many images a request may return, by the rules of a catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.request_fields import count_at, entries_at
from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """One rule for the number of images of a request."""

    source: str
    """The dotted path of the number in the request, or of the field whose value decides."""
    otherwise: int
    """The number if the request does not set it."""
    when: Mapping[str, Json] = field(default_factory=dict)
    """Fields and values of the requests that the rule applies to; empty for all."""
    less: str | None = None
    """A list whose number of entries is subtracted from ``otherwise``."""
    fewer: bool = False
    """Whether the API may return fewer than this, down to one."""
    values: Mapping[str, int] = field(default_factory=dict)
    """The number by the value of the source; empty where the source is the number."""

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> "ImageRule":
        """Parse a rule from catalog.yaml."""
        return cls(
            source=rule["by"] if "by" in rule else rule["from"],
            otherwise=int(rule["otherwise"]),  # 4.0 is an integer too
            when=rule.get("when", {}),
            less=rule.get("less"),
            fewer=rule.get("fewer", False),
            values={value: int(number) for value, number in rule.get("values", {}).items()},
        )

    def as_json(self) -> dict[str, Json]:
        """Return what the rule means; a key that 2026-05 did not have is left out where it is at its default."""
        return {
            "source": self.source,
            "otherwise": self.otherwise,
            "when": dict(self.when),
            "less": self.less,
            **({"fewer": True} if self.fewer else {}),
            **({"values": dict(self.values)} if self.values else {}),
        }

    def count(self, request: JsonObject) -> int | None:
        """Return the number of images by this rule; None for a request that it does not apply to."""
        if any(request.get(name) != value for name, value in self.when.items()):
            return None
        if self.values:
            value = request.get(self.source)
            return self.values.get(value, self.otherwise) if isinstance(value, str) else self.otherwise
        room = self.otherwise - (entries_at(request, self.less) if self.less else 0)
        return count_at(request, self.source, max(1, room))

    @property
    def fields(self) -> frozenset[str]:
        """The request fields that it reads."""
        paths = [self.source, *self.when, *([self.less] if self.less else [])]
        return frozenset(path.split(".")[0] for path in paths)


@dataclass(frozen=True, slots=True)
class ImageCount:
    """The fewest and the most images that a request may return when it succeeds."""

    least: int
    most: int


def image_count(rules: Sequence[ImageRule], request: JsonObject) -> ImageCount:
    """Return the numbers of the rule that allows the most images."""
    counted = [(count, rule) for rule in rules if (count := rule.count(request)) is not None]
    most = max((count for count, _ in counted), default=1)
    # only a table of values can say that an action returns no image of its own
    is_none = not most and any(rule.values for _, rule in counted)
    most = 0 if is_none else max(1, most)
    may_be_fewer = any(rule.fewer for count, rule in counted if count == most)
    return ImageCount(min(1, most) if may_be_fewer else most, most)
