"""Amounts in USD stand beside those in nano-dollars."""

from dataclasses import dataclass, fields

import pytest

from qwave_batch.model.money import InUsd, InUsdIfKnown


@dataclass(frozen=True, slots=True)
class Bill:
    cost_nusd: int
    tip_nusd: int | None = None
    cost_usd = InUsd()
    tip_usd = InUsdIfKnown()


@pytest.mark.parametrize(("nusd", "usd"), [(0, 0.0), (6_375_000, 0.006375), (1_000_000_001, 1.000000001)])
def test_the_float_prints_as_the_exact_amount(nusd: int, usd: float) -> None:
    assert (Bill(nusd).cost_usd, Bill(0, tip_nusd=nusd).tip_usd) == (usd, usd)


def test_what_is_not_known_is_none() -> None:
    assert Bill(1).tip_usd is None


def test_it_is_no_field() -> None:
    """Equality, JSON and constructors know the exact amounts alone."""
    assert [field.name for field in fields(Bill)] == ["cost_nusd", "tip_nusd"]
