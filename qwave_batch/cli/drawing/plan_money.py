"""Amounts of money under each other: their decimal points in line, no digit more than they have."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from qwave_batch.model.money import NUSD_PER_USD

PRICE_PLACES = 8
SUM_PLACES = 4
_LARGE_USD = 100
_FEWEST_PLACES = 2


def money_column(
    amounts_nusd: Iterable[int | None], *, most_places: int = SUM_PLACES, signed: bool = False
) -> list[str]:
    """Return amounts in USD, filled up on the right so that their points stand in line; ``-`` for None.

    An amount has as many places as it needs, at least two and at most ``most_places``; once one of them is large, all
    have two.
    """
    amounts = list(amounts_nusd)
    known = [amount for amount in amounts if amount is not None]
    most = _FEWEST_PLACES if any(abs(amount) >= _LARGE_USD * NUSD_PER_USD for amount in known) else most_places
    written = ["-" if amount is None else plain_usd(amount, most_places=most) for amount in amounts]
    if signed:
        pairs = zip(amounts, written, strict=True)
        written = [f"+{text}" if amount is not None and amount > 0 else text for amount, text in pairs]
    return _in_line(written)


def plain_usd(nusd: int, *, most_places: int = PRICE_PLACES) -> str:
    """Return an amount in USD without its unit."""
    usd = Decimal(nusd) / NUSD_PER_USD
    usd = usd.quantize(Decimal(1).scaleb(-most_places), rounding=ROUND_HALF_UP)
    whole, _, places = f"{usd:,f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(_FEWEST_PLACES, '0')}"


def per_image(nusd: int, images: int) -> int | None:
    """Return the price of an image where all cost the same, else the mean; None without images."""
    return nusd // images if images else None


def _in_line(written: Sequence[str]) -> list[str]:
    places = [len(text.partition(".")[2]) for text in written]
    longest = max(places, default=0)
    return [
        text + " " * (longest - own + (longest > 0 and "." not in text))
        for text, own in zip(written, places, strict=True)
    ]
