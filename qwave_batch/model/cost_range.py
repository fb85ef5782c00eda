"""The estimated cost of a request: the least, the typical and the most, in nano-dollars."""

from dataclasses import dataclass

from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import InUsd


@dataclass(frozen=True, slots=True)
class CostRange:
    """An estimate. The three amounts are equal where the price follows from the request alone."""

    least_nusd: int
    typical_nusd: int
    most_nusd: int
    least_usd = InUsd()
    typical_usd = InUsd()
    most_usd = InUsd()

    @classmethod
    def exactly(cls, nusd: int) -> "CostRange":
        """Return the range of an amount that is known."""
        return cls(nusd, nusd, nusd)

    @property
    def is_exact(self) -> bool:
        """Whether the amount is known."""
        return self.least_nusd == self.most_nusd

    def __add__(self, other: "CostRange") -> "CostRange":
        return CostRange(
            self.least_nusd + other.least_nusd,
            self.typical_nusd + other.typical_nusd,
            self.most_nusd + other.most_nusd,
        )

    def __sub__(self, other: "CostRange") -> "CostRange":
        return CostRange(
            self.least_nusd - other.least_nusd,
            self.typical_nusd - other.typical_nusd,
            self.most_nusd - other.most_nusd,
        )

    def at(self, share: float) -> int:
        """Return an amount inside the range: 0 is the least, 0.5 the typical and 1 the most."""
        if share <= 0.5:  # noqa: PLR2004 - the middle
            return self.least_nusd + int((self.typical_nusd - self.least_nusd) * max(0.0, share) * 2)
        return self.typical_nusd + int((self.most_nusd - self.typical_nusd) * (min(1.0, share) - 0.5) * 2)


def range_as_json(estimate: CostRange) -> dict[str, Json]:
    """Return the three amounts in USD, as ``plan --json`` prints them."""
    return {
        "least_usd": estimate.least_usd,
        "typical_usd": estimate.typical_usd,
        "most_usd": estimate.most_usd,
    }


NOTHING = CostRange(0, 0, 0)
