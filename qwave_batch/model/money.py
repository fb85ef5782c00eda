"""Money as whole nano-dollars (10^-9 USD), so that sums are exact and the order of adding never shows."""

from decimal import Decimal

NUSD_PER_USD = 1_000_000_000
NUSD_PER_QUOTA = 2_000  # the API counts in quota: 500,000 quota are 1 USD
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


def nusd_from_quota(quota: int) -> int:
    """Return nano-dollars for an amount in the API's quota."""
    return quota * NUSD_PER_QUOTA


def usd_from_nusd(nusd: int) -> float:
    """Return the amount in USD as a float for JSON; it prints as the shortest decimal."""
    return nusd / NUSD_PER_USD
