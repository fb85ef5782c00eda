"""Money: reserved before a submit, settled at its end, and never above the cap. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class MoneyBudget:
    """What a folder has spent and holds, in nano-dollars; a cap of None is no cap."""

    cap_nusd: int | None
    spent_nusd: int
    held_nusd: int

    @property
    def left_nusd(self) -> int | None:
        """What may still be reserved; None without a cap."""
        return None if self.cap_nusd is None else self.cap_nusd - self.spent_nusd - self.held_nusd

    def fits(self, amount_nusd: int) -> bool:
        """Whether so much more may be reserved."""
        left = self.left_nusd
        return left is None or amount_nusd <= left

    def reserve(self, amount_nusd: int) -> None:
        """Set money aside."""
        self.held_nusd += amount_nusd

    def release(self, amount_nusd: int) -> None:
        """Give back what was set aside."""
        self.held_nusd -= amount_nusd

    def pay(self, amount_nusd: int) -> None:
        """Count what was charged."""
        self.spent_nusd += amount_nusd
