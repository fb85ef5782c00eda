"""Amounts as people read them: money, durations, counts with their noun."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap
from qwave_batch.model.money import NUSD_PER_USD, usd_from_nusd

if TYPE_CHECKING:
    from qwave_batch.folders import CostReport


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


def size(size_bytes: int) -> str:
    """Return ``812 B``, ``48.2 KB``, ``1.3 GB``, in powers of 1000 as disks are sold."""
    amount = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 999.95:  # noqa: PLR2004  # what would print as 1000.0
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def draw_cost_report(report: "CostReport", terminal: Terminal) -> list[str]:
    """Return the lines that say how the money of a folder differs from what one would expect; none when it does not."""
    if report.agree:
        return []
    parts = [f"paid {usd(report.paid_nusd)}"]
    if not report.is_by_catalog:
        parts[0] += f", the catalog says {usd(report.catalog_nusd)}"
    if report.refunds:
        parts.append(f"{count(report.refunds, 'refund')} of {usd(report.refunded_nusd)}{_together(report.refunds)}")
    if report.surcharges:
        dearer = f"{count(report.surcharges, 'task')} charged {usd(report.surcharged_nusd)} more than was set aside"
        parts.append(dearer)
    return wrap("; ".join(parts), terminal.width, hang="  ")


def _together(number: int) -> str:
    return " in all" if number > 1 else ""
