"""What a poll costs: chosen so that a task comes to as many polls as may be spent on it. Pure."""

FREE_POLLS = 2.2
"""Polls a task to aim at where they cost nothing: a point of the line at which more of them gain little."""
FEWEST_POLLS = 1.0
"""The end of a task has to be noticed."""
FIRST = 0.02
CHEAPEST, DEAREST = 0.01, 0.06
"""Bounds of the price where polls are free: some latencies are worth three polls, and some are not worth two."""
SCARCE = 1.0
"""The most where requests are what there is too little of."""
GAIN, LONGEST_STEP = 0.5, 1.5


class Price:
    """The price of a poll, in median latencies of a slot."""

    def __init__(self) -> None:
        self.aim = FREE_POLLS
        """Polls a task."""
        self.medians = FIRST

    def follow(self, polls: float) -> None:
        """Move towards the aim, from a schedule that comes to so many polls a task."""
        dearest = DEAREST if self.aim >= FREE_POLLS else SCARCE
        step = min(LONGEST_STEP, max(1 / LONGEST_STEP, (polls / self.aim) ** GAIN))
        self.medians = min(dearest, max(CHEAPEST, self.medians * step))


def affordable_polls(requests_per_s: float, *, held_s: float, slots: int) -> float:
    """Return the polls a task at which all slots are busy and all requests are used.

    With fewer, tasks would wait to be noticed while requests are to spare; with more, slots would stay empty.

    Args:
        requests_per_s: What submits and polls have together.
        held_s: How long a task holds its slot.
        slots: Tasks alive at once.
    """
    return min(FREE_POLLS, max(FEWEST_POLLS, requests_per_s * held_s / slots - 1))
