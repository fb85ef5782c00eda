"""The money of a judge: every chat in flight is held at the most that it can cost. In nano-dollars."""

import math
from dataclasses import dataclass

from qwave_batch.errors import BudgetError
from qwave_batch.judging.token_costs import TokenEstimate, TokenPrice
from qwave_batch.model.money import usd_words
from qwave_batch.model.next_step import NextStep

_WORTH_A_WORD = 1.0


@dataclass(slots=True, kw_only=True)
class JudgeBudget:
    """All that a folder's questions cost, against a cap; None for no cap."""

    price: TokenPrice | None
    cap_nusd: int | None
    spent_nusd: int
    """Of answers, now and earlier."""
    unsure_nusd: int
    """The most that chats cost which ended, or were left, without an answer."""
    held_nusd: int = 0
    """The most that the chats in flight cost."""
    unscored_nusd: int = 0
    """Of answers in this process whose images have no score yet, since not all of their questions were asked."""
    stretch: float = 1.0
    """How many times the tokens that were estimated at most an answer has counted."""

    def most_nusd(self, estimate: TokenEstimate) -> int:
        """Return the most that a chat can cost, by what answers have counted so far."""
        return 0 if self.price is None else estimate.cost(self.price, stretch=self.stretch).most_nusd

    def fits(self, most_nusd: int) -> bool:
        """Whether this much can still be held."""
        return most_nusd <= self._left_nusd

    @property
    def _left_nusd(self) -> float:
        if self.cap_nusd is None:
            return math.inf
        return self.cap_nusd - self.spent_nusd - self.unsure_nusd - self.held_nusd

    def used_up(self, most_nusd: int) -> BudgetError:
        """Return the error of a cap that leaves too little for the next chat."""
        unsure = f", {usd_words(self.unsure_nusd)} perhaps paid" if self.unsure_nusd else ""
        return BudgetError(
            f"the next question may cost {usd_words(most_nusd)}, and the cap of {usd_words(self.cap_nusd or 0)} "
            f"does not leave that ({usd_words(self.spent_nusd)} spent{unsure}); the answers so far are kept",
            next_steps=(NextStep.RAISE_RUN_BUDGET,),
        )

    def hold(self, most_nusd: int) -> None:
        """Hold the most that a chat can cost."""
        self.held_nusd += most_nusd

    def release(self, most_nusd: int) -> None:
        """Release the hold of a chat that cannot have been paid."""
        self.held_nusd -= most_nusd

    def doubt(self, most_nusd: int) -> None:
        """Keep the hold of a chat without an answer: it may have been paid."""
        self.held_nusd -= most_nusd
        self.unsure_nusd += most_nusd

    def pay(self, most_nusd: int, cost_nusd: int) -> None:
        """Record the cost of an answer in place of its hold."""
        self.held_nusd -= most_nusd
        self.spent_nusd += cost_nusd

    def leave_unscored(self, cost_nusd: int) -> None:
        """Record the cost of answers whose image got no score."""
        self.unscored_nusd += cost_nusd

    def learn(self, estimate: TokenEstimate, counted_tokens: int) -> None:
        """Take in the tokens that an answer has counted: later holds are as large."""
        self.stretch = max(self.stretch, counted_tokens / max(1, estimate.most_input))

    def notes(self) -> list[str]:
        """Return what people should know of the money."""
        found = []
        if self.price is None:
            found.append("no price is known: what the answers cost is known only as far as they say it themselves")
        if self.unscored_nusd:
            found.append(
                f"{usd_words(self.unscored_nusd)} more was paid for answers about images that have no score yet; they "
                "are kept, and count when the rest is asked"
            )
        if self.unsure_nusd:
            found.append(
                f"up to {usd_words(self.unsure_nusd)} more may be paid for questions that were sent without an answer "
                "coming back, now or earlier; they were sent again under the same key, and not every service keeps "
                "such keys"
            )
        if self.stretch > _WORTH_A_WORD:
            found.append(
                f"answers counted up to {self.stretch:.2g} times the tokens that were estimated at most; "
                "image_tokens says how many an image takes"
            )
        return found
