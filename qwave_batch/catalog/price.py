"""The cost of a request according to the catalog: how many images it may return, and the price of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.request_fields import count_at, entries_at
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRule:
    """One rule for the number of images of a request."""

    source: str
    """The dotted path of the number in the request."""
    otherwise: int
    """The number if the request does not set it."""
    when: Mapping[str, Json] = field(default_factory=dict)
    """Fields and values of the requests that the rule applies to; empty for all."""
    less: str | None = None
    """A list whose number of entries is subtracted from ``otherwise``."""

    @classmethod
    def from_json(cls, rule: Mapping[str, Any]) -> "ImageRule":
        """Parse a rule from catalog.yaml."""
        return cls(source=rule["from"], otherwise=rule["otherwise"], when=rule.get("when", {}), less=rule.get("less"))

    def count(self, request: JsonObject) -> int:
        """Return the number of images by this rule; 0 for a request that it does not apply to."""
        if any(request.get(name) != value for name, value in self.when.items()):
            return 0
        room = self.otherwise - (entries_at(request, self.less) if self.less else 0)
        return count_at(request, self.source, max(1, room))


def max_images(rules: Sequence[ImageRule], request: JsonObject) -> int:
    """Return the most images that any of the rules allows, at least 1."""
    return max(1, *(rule.count(request) for rule in rules))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """An extra cost of unknown amount."""

    when: Mapping[str, Json]
    """Fields and values of the requests that it applies to."""
    note: str

    def applies(self, request: JsonObject) -> bool:
        """Return whether it applies to the request."""
        return all(request.get(name) == value for name, value in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of one image, the same for all or by the value of a field."""

    usd_per_image: Mapping[str, str]
    """Decimal strings by the value of ``field``; one entry, under an empty key, when every image costs the same."""
    field: str | None = None
    """The request field that decides the price."""
    default: str | None = None
    """The value of that field if a request omits it."""
    surcharges: tuple[Surcharge, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], fields: Mapping[str, JsonObject]) -> "Price":
        """Parse the price of a model's entry in catalog.yaml."""
        stated = entry["usd_per_image"]
        surcharges = tuple(Surcharge(when=one["when"], note=one["note"]) for one in entry.get("surcharges", ()))
        if isinstance(stated, str):
            return cls(usd_per_image={"": stated}, surcharges=surcharges)
        default = fields[stated["by"]].get("default")
        return cls(
            usd_per_image=dict(stated["values"]),
            field=stated["by"],
            default=default if isinstance(default, str) else None,
            surcharges=surcharges,
        )

    def nusd_per_image(self, request: JsonObject) -> int:
        """Return the price of one image of the request; the highest price if the request does not decide."""
        value = request.get(self.field, self.default) if self.field else ""
        if isinstance(value, str) and value in self.usd_per_image:
            return nusd_from_usd(self.usd_per_image[value])
        return max(map(nusd_from_usd, self.usd_per_image.values()))

    def unpriced(self, request: JsonObject) -> tuple[str, ...]:
        """Return notes on extra costs of unknown amount."""
        return tuple(surcharge.note for surcharge in self.surcharges if surcharge.applies(request))

    def as_json(self) -> dict[str, Json]:
        """Return the price as ``models --json`` prints it."""
        return {
            "usd_per_image": self.usd_per_image if self.field else self.usd_per_image[""],
            "by": self.field,
            "surcharges": [{"when": dict(one.when), "usd": None, "note": one.note} for one in self.surcharges],
        }

    def __str__(self) -> str:
        if self.field:
            text = ", ".join(f"{usd} USD at {value}" for value, usd in self.usd_per_image.items()) + " an image"
        else:
            text = f"{self.usd_per_image['']} USD an image"
        return "; ".join([text, *(surcharge.note for surcharge in self.surcharges)])
