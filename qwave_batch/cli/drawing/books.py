"""What was paid beside what the catalog says, in a line, when there is anything to say."""

from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count, usd
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import wrap

if TYPE_CHECKING:
    from qwave_batch.folders import CostReport


def draw_books(books: "CostReport", terminal: Terminal) -> list[str]:
    """Return the lines that say how the money of a folder differs from what one would expect; none when it does not."""
    if books.agree:
        return []
    parts = [f"paid {usd(books.paid_nusd)}"]
    if not books.is_by_catalog:
        parts[0] += f", the catalog says {usd(books.catalog_nusd)}"
    if books.refunds:
        parts.append(f"{count(books.refunds, 'refund')} of {usd(books.refunded_nusd)}{_together(books.refunds)}")
    if books.surcharges:
        dearer = f"{count(books.surcharges, 'task')} charged {usd(books.surcharged_nusd)} more than was set aside"
        parts.append(dearer)
    return wrap("; ".join(parts), terminal.width, hang="  ")


def _together(number: int) -> str:
    return " in all" if number > 1 else ""
