"""The bench command as a user calls it, in this process."""

import io
from dataclasses import dataclass

from qwave_batch.cli.main import main


@dataclass(frozen=True, slots=True)
class Said:
    """The end of a command."""

    status: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """Return stderr without the ends of its lines, which a terminal's width makes."""
        return " ".join(self.err.split())


def bench(*arguments: object) -> Said:
    """Run ``bench`` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    status = main(["bench", *map(str, arguments)], out, err)
    return Said(status, out.getvalue(), err.getvalue())
