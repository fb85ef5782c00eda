"""What deserves a look at the end of a run."""

from dataclasses import dataclass

from qwave_batch.model.next_step import Advice


@dataclass(frozen=True, slots=True)
class RunWarning:
    """Something that a run went on with, and that deserves a look; ``str`` of it is the message."""

    message: str
    """A sentence without a full stop, which names no option and no command."""
    next_steps: tuple[Advice, ...] = ()
    """What can be done about it."""

    def __str__(self) -> str:
        return self.message
