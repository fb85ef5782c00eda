"""Submits of a model that were forbidden: whether that is about their jobs or about the model. Pure."""

from enum import Enum, auto

JOBS_OF_A_NEW_MODEL = 2
"""So many different jobs, and none that got through in this run, and the key may not use the model."""
JOBS_OF_A_KNOWN_MODEL = 4
"""So many in a row, where some got through before: prompts that nobody likes stand side by side now and then."""
PAUSE_S = 1.0
"""For so long a model is left alone after its first: another model may prove that the key is good."""


class DenialMeaning(Enum):
    """What a forbidden submit comes to."""

    AGAIN = auto()
    """Nobody can tell yet: the job is sent once more when all others are through."""
    JOB = auto()
    """The model takes others, and not this one."""
    MODEL = auto()
    """The model takes nothing."""


class ModelDenials:
    """The jobs of one model that were forbidden without saying what it is about. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._in_a_row: dict[str, float] = {}
        """Since the last success: when each was sent."""
        self._passed_over: set[str] = set()
        """Those after which another job got through."""

    def add(self, job_id: str, sent_at: float, *, is_known: bool) -> DenialMeaning:
        """Take in a forbidden submit and return what it means.

        Args:
            job_id: The job.
            sent_at: When it left.
            is_known: Whether the model has taken a job in this run.
        """
        if job_id in self._passed_over:
            return DenialMeaning.JOB
        if job_id in self._in_a_row:  # it came last, and nothing has got through meanwhile
            return DenialMeaning.MODEL
        self._in_a_row[job_id] = sent_at
        enough = JOBS_OF_A_KNOWN_MODEL if is_known else JOBS_OF_A_NEW_MODEL
        return DenialMeaning.MODEL if len(self._in_a_row) >= enough else DenialMeaning.AGAIN

    def let_through(self, sent_at: float) -> None:
        """Take in that a submit that left at ``sent_at`` has made a task."""
        earlier = {job_id for job_id, at in self._in_a_row.items() if at < sent_at}
        self._passed_over |= earlier
        for job_id in earlier:
            del self._in_a_row[job_id]
