"""The price of a model's requests according to the catalog: the sum of its parts, and what is not known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qwave_batch.catalog.image_count import ImageCount
from qwave_batch.catalog.price_parts import PARTS, PerImage, PerToken, PricePart
from qwave_batch.model.cost_range import NOTHING, CostRange
from qwave_batch.model.jsontypes import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """An extra cost of unknown amount."""

    when: Mapping[str, Json]
    """Fields and values of the requests that it applies to."""
    note: str

    def applies(self, request: JsonObject) -> bool:
        """Return whether it applies to the request."""
        return all(request.get(name) == value for name, value in self.when.items())


@dataclass(frozen=True, kw_only=True)
class Price:
    """The price of a request."""

    parts: Mapping[str, PricePart]
    """By the key of catalog.yaml that states it."""
    surcharges: tuple[Surcharge, ...] = ()
    assumed: tuple[str, ...] = field(default=())
    """The assumptions behind the amounts where the documents are silent, a sentence each."""

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], fields: Mapping[str, JsonObject]) -> "Price":
        """Parse the price of a model's entry in catalog.yaml.

        Raises:
            ValueError: It states no price, or amounts that cannot be.
        """
        parts = {key: read(entry, fields) for key, read in PARTS.items() if key in entry}
        if not parts:
            raise ValueError(f"there is no price: state one of {', '.join(PARTS)}")
        return cls(
            parts=parts,
            surcharges=tuple(Surcharge(when=one["when"], note=one["note"]) for one in entry.get("surcharges", ())),
            assumed=tuple(entry.get("assumed", ())),
        )

    def cost(self, request: JsonObject, images: int) -> CostRange:
        """Return the cost of a request that returns so many images."""
        return sum((part.cost(request, images) for part in self.parts.values()), start=NOTHING)

    def estimate(self, request: JsonObject, images: ImageCount) -> CostRange:
        """Return the cost of a request before it is made: at least for the fewest images, at most for the most."""
        most = self.cost(request, images.most)
        if images.least == images.most:
            return most
        return CostRange(self.cost(request, images.least).least_nusd, most.typical_nusd, most.most_nusd)

    def sized_cost(self, request: JsonObject) -> CostRange:
        """Return the part of the cost that depends on the size of ``sized_fields`` alone."""
        tokens = self.parts.get("usd_per_million_tokens")
        return tokens.sized_cost(request) if isinstance(tokens, PerToken) else NOTHING

    @cached_property
    def sized_fields(self) -> frozenset[str]:
        """The texts of which only the size decides the price."""
        return frozenset().union(*(part.sized_fields for part in self.parts.values())) - self.fields

    @cached_property
    def fields(self) -> frozenset[str]:
        """The request fields whose values decide the price."""
        read = [part.fields for part in self.parts.values()]
        return frozenset().union(*read, *(surcharge.when for surcharge in self.surcharges))

    @property
    def per_image(self) -> PerImage | None:
        """The price of an image, if there is one."""
        part = self.parts.get("usd_per_image")
        return part if isinstance(part, PerImage) else None

    def nusd_per_image(self, request: JsonObject) -> int:
        """Return the price of one image of the request; the highest price if the request does not decide."""
        return self.per_image.table.of(request)[-1] if self.per_image else 0

    def unpriced(self, request: JsonObject) -> tuple[str, ...]:
        """Return notes on extra costs of unknown amount."""
        return tuple(surcharge.note for surcharge in self.surcharges if surcharge.applies(request))

    def as_json(self) -> dict[str, Json]:
        """Return the price as ``models --json`` prints it."""
        stated = self.per_image.stated if self.per_image else None
        by: Json = None
        if isinstance(stated, Mapping):
            by, stated = stated["by"], stated["values"]
        others = {key: part.stated for key, part in self.parts.items() if key != "usd_per_image"}
        return {
            "usd_per_image": stated,
            "by": by,
            **others,
            "surcharges": [{"when": dict(one.when), "usd": None, "note": one.note} for one in self.surcharges],
            **({"assumed": list(self.assumed)} if self.assumed else {}),
        }

    def __str__(self) -> str:
        notes = dict.fromkeys(surcharge.note for surcharge in self.surcharges)
        return "; ".join([*map(str, self.parts.values()), *notes])
