"""What a request costs, as the catalog states it: how many images it may return, and the price of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwave_batch.catalog.request_fields import count_at, entries_at
from qwave_batch.model.jsontypes import Json, JsonObject
from qwave_batch.model.money import nusd_from_usd


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """Something that costs extra, without a known amount."""

    when: Mapping[str, Json]
    """The fields and values of the requests that pay it."""
    note: str

    def applies(self, request: JsonObject) -> bool:
        """Return whether the request pays it."""
        return all(request.get(name) == value for name, value in self.when.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of one image, the same for all or by the value of a field."""

    usd_per_image: Mapping[str, str]
    """Decimal strings by the value of ``field``; one entry, under an empty key, when every image costs the same."""
    field: str | None = None
    """The request field that decides."""
    default: str | None = None
    """The value of that field when a request leaves it out."""
    surcharges: tuple[Surcharge, ...] = ()

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], fields: Mapping[str, JsonObject]) -> "Price":
        """Read the price of a model's entry in catalog.yaml."""
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
        """Return what one image of the request costs; the dearest price when the request does not decide."""
        value = request.get(self.field, self.default) if self.field else ""
        if isinstance(value, str) and value in self.usd_per_image:
            return nusd_from_usd(self.usd_per_image[value])
        return max(map(nusd_from_usd, self.usd_per_image.values()))

    def unpriced(self, request: JsonObject) -> tuple[str, ...]:
        """Return notes on what the request will cost extra, without a known amount."""
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
