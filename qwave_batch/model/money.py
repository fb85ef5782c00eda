"""Money as whole nano-dollars (10^-9 USD), so that sums are exact and the order of adding never shows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Self, overload

CURRENCY = "USD"
"""The currency of prices, budgets and ledgers."""
NUSD_PER_USD = 1_000_000_000
MAX_TASK_NUSD = 10_000 * NUSD_PER_USD
"""The most that is believed of one task, ten thousand dollars: a larger amount in an answer makes no sense."""
MAX_NUSD = 1_000_000 * NUSD_PER_USD
"""The most that a ledger holds of one attempt, over all its rounds."""
MAX_TOTAL_NUSD = 4 * 10**18
"""The most that a ledger holds in all; SQLite's integers end at 9.2 times 10^18."""


def nusd_from_usd(usd: Decimal | float | str) -> int:
    """Return nano-dollars for an amount in USD as people and catalogs write it, rounded half up.

    A float is taken as the shortest decimal that prints the same, so 0.006375 is exact.
    """
    return int((Decimal(str(usd)) * NUSD_PER_USD).to_integral_value(rounding="ROUND_HALF_UP"))


@dataclass(frozen=True, slots=True)
class QuotaUnit:
    """The unit in which an API counts money; its catalog says how many make a dollar."""

    per_usd: int

    def __post_init__(self) -> None:
        """Raise ValueError for a unit that is not a whole number of nano-dollars: sums would not be exact."""
        if self.per_usd < 1 or NUSD_PER_USD % self.per_usd:
            raise ValueError(f"a quota of which {self.per_usd} make a dollar is not a whole number of nano-dollars")

    @property
    def nusd(self) -> int:
        """One quota in nano-dollars."""
        return NUSD_PER_USD // self.per_usd

    def to_nusd(self, quota: int) -> int:
        """Return nano-dollars for an amount in quota."""
        return quota * self.nusd

    def from_nusd(self, nusd: int) -> int:
        """Return whole quota for nano-dollars, rounded down, so that no price is exceeded."""
        return nusd // self.nusd


def usd_from_nusd(nusd: int) -> float:
    """Return the amount in USD as a float for JSON; it prints as the shortest decimal."""
    return nusd / NUSD_PER_USD


def usd_words(nusd: int) -> str:
    """Return an amount as errors and summaries on one line say it, such as ``0.0405 USD``."""
    return f"{Decimal(f'{usd_from_nusd(nusd):.6g}'):f} USD"  # no exponent, however small


class _BesideNusd:
    """The name of the field that an attribute stands beside: ``cost_nusd`` for ``cost_usd``."""

    __slots__ = ("_field",)

    def __set_name__(self, owner: type, name: str) -> None:
        self._field = f"{name.removesuffix('_usd')}_nusd"


class InUsd(_BesideNusd):
    """An attribute that gives an amount in USD: a float, for people and tables, beside the exact field of its object.

    @dataclass(frozen=True)
    class Bill:
        cost_nusd: int
        cost_usd = InUsd()
    """

    __slots__ = ()

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> float: ...

    def __get__(self, instance: object | None, owner: type) -> Self | float:
        """Return the amount of an object."""
        return self if instance is None else usd_from_nusd(getattr(instance, self._field))


class InUsdIfKnown(_BesideNusd):
    """The same beside a field that may be None; then it is None, too."""

    __slots__ = ()

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> float | None: ...

    def __get__(self, instance: object | None, owner: type) -> Self | float | None:
        """Return the amount of an object; None where it is not known."""
        if instance is None:
            return self
        nusd: int | None = getattr(instance, self._field)
        return None if nusd is None else usd_from_nusd(nusd)
