"""Amounts as people read them: money, durations, counts with their noun."""

from qwave_batch.model.money import NUSD_PER_USD, usd_from_nusd

_CENT_NUSD = NUSD_PER_USD // 100


def usd(nusd: int) -> str:
    """Return an amount such as ``12.50 USD``; below a dollar as many digits as it has, at most six."""
    amount = usd_from_nusd(nusd)
    if abs(amount) >= 1 or nusd % _CENT_NUSD == 0:
        return f"{amount:,.2f} USD"
    return f"{amount:.6f}".rstrip("0") + " USD"


def duration(seconds: float) -> str:
    """Return ``4.2 s``, ``1 min 20 s``, ``2 h 5 min`` or ``3 d 4 h``."""
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, part in (("d", 86_400, "h", 3_600), ("h", 3_600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // part
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def count(number: int, one: str, many: str = "") -> str:
    """Return ``1 job``, ``1,632 jobs``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
