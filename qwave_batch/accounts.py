"""Questions to an account: its balance, and the models and prices that it is offered."""

from qwave_batch.api.account_queries import LiveModelList, ask_balance, ask_models, glance_at_balance
from qwave_batch.api.live_overlay import write_live_overlay
from qwave_batch.catalog.live_offers import Offer
from qwave_batch.client.answers import Balance

__all__ = [
    "Balance",
    "LiveModelList",
    "Offer",
    "ask_balance",
    "ask_models",
    "glance_at_balance",
    "write_live_overlay",
]
