"""An account's models and prices beside the catalog's, for people."""

import json
from typing import TYPE_CHECKING

from qwave_batch.cli.drawing.amounts import count
from qwave_batch.cli.drawing.table import Column, draw_table
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cut_to_width, wrap

if TYPE_CHECKING:
    from qwave_batch.accounts import LiveModelList, Offer
    from qwave_batch.catalog.price import Price
    from qwave_batch.plans import AnyPlan

_STATED_SHOWN = 60


def draw_offers(live: "LiveModelList", terminal: Terminal) -> list[str]:
    """Return the models that are not as the catalog has them, and how many are."""
    same = len(live.offers) - len(live.differing)
    said = f"{live.host}: {same:,} of {count(len(live.offers), 'model')} as in catalog {live.catalog}"
    if not live.differing:
        return wrap(terminal.shown(said), terminal.width)
    columns = [
        Column("model"),
        Column("standing"),
        Column("catalog, USD", gives_way=True),
        Column("live, USD", gives_way=True),
    ]
    rows = [[offer.model, _standing(offer), _catalog_price(offer), _live_price(offer)] for offer in live.differing]
    return [*draw_table(columns, rows, terminal), "", *wrap(terminal.shown(said), terminal.width)]


def _standing(offer: "Offer") -> str:
    """Return how a model differs, with the values that are down."""
    down = [f"{value}" for values in offer.down.values() if isinstance(values, list) for value in values]
    if offer.is_down or not down:
        return f"{offer.standing}, down" if offer.is_down and offer.standing != "down" else offer.standing
    told = f"{', '.join(down)} down"
    return told if offer.standing == "down" else f"{offer.standing}, {told}"


def live_words(plan: "AnyPlan", live: "LiveModelList") -> str:
    """Return how the models of a plan stand to the account, in a sentence."""
    told = [_offer_words(offer) for offer in live.differing if offer.model in plan.figures.by_model]
    return "; ".join(told) if told else f"the plan's models and prices are as in catalog {live.catalog}"


def _offer_words(offer: "Offer") -> str:
    if offer.stated is None:
        return f"{offer.model} is not offered to this account"
    if offer.standing == "down":
        return f"{offer.model} is as in the catalog, but for what is out of service: {_standing(offer)}"
    if offer.live_price is None:
        return f"{offer.model}: the price {_live_price(offer)} is not understood, so the catalog's is taken"
    return f"{offer.model} costs {_live_price(offer)} USD, in the catalog {_catalog_price(offer)} USD"


def _catalog_price(offer: "Offer") -> str:
    return "-" if offer.catalog_price is None else _price_words(offer.catalog_price)


def _live_price(offer: "Offer") -> str:
    if offer.live_price is not None:
        return _price_words(offer.live_price)
    return "-" if offer.stated is None else cut_to_width(json.dumps(offer.stated, ensure_ascii=False), _STATED_SHOWN)


def _price_words(price: "Price") -> str:
    if price.per_image is None or len(price.parts) > 1:
        return str(price)
    return ", ".join(f"{usd} {value}".strip() for value, usd in price.per_image.usd_by_value.items())
