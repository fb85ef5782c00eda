"""How long the API is asked to hold the answer to a submit until its task ends, and whether it does. Pure."""

from dataclasses import dataclass

from qwave_batch.client.answers import NoAnswer, TaskAnswer
from qwave_batch.model.terms import Completion

LONGEST_S = 60.0
"""The maximum in the API's documents."""
SHORTEST_S = 5.0
"""Connections that break after a shorter silence are not asked to hold."""
BROKEN_SHARE = 0.5
"""The time to ask for after a held answer was lost, as a share of the time that the connection lasted."""
HELD_FROM_S = 0.25
"""An answer that takes longer than this is being held: a rejection comes at once."""
EARLY_SHARE = 0.8
"""An answer without an end that arrives before this share of the time was not held."""
EARLY_ANSWERS = 3
"""After this many of them, and no other, the API is considered not to hold answers."""


@dataclass(slots=True)
class LongPollPolicy:
    """The value of ``Prefer: wait`` for the next submit, learned from earlier answers."""

    completion: Completion
    keeps_keys: bool
    """Whether a submit whose answer is lost can be sent again: a held answer delays the task's id for that long."""
    timeout_s: float
    """The maximum time for which the run waits for a task."""
    longest_s: float = LONGEST_S
    held: int = 0
    """Answers that were held."""
    early: int = 0
    """Answers that were not."""

    def wait_s(self, *, is_first: bool) -> float | None:
        """Return how long the next submit is to be held; None means not at all.

        Args:
            is_first: Whether no submit of its model was answered yet in this run. In ``auto`` it is not held then: its
                answer
                tells at once whether the model exists at all.
        """
        is_auto = self.completion is Completion.AUTO
        if not is_auto and self.completion is not Completion.WAIT:
            return None
        if is_auto and (is_first or not self.keeps_keys or (self.early >= EARLY_ANSWERS and not self.held)):
            return None
        wait_s = min(self.longest_s, self.timeout_s)
        return wait_s if wait_s >= min(SHORTEST_S, self.timeout_s) else None

    def learn(self, answer: TaskAnswer | NoAnswer, *, asked_s: float, took_s: float) -> bool:
        """Record the answer to a submit that was to be held for ``asked_s``; return whether it was held.

        A task that ends at once tells nothing: it may be fast, or the key an old one.
        """
        if isinstance(answer, NoAnswer):
            if answer.sent and took_s >= SHORTEST_S:
                self.longest_s = min(self.longest_s, took_s * BROKEN_SHARE)
            return False
        is_over = answer.task.state.is_terminal
        is_held = took_s >= (HELD_FROM_S if is_over else asked_s * EARLY_SHARE)
        self.held += is_held
        self.early += not is_held and not is_over
        return is_held
