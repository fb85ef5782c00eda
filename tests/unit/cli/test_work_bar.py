"""The bar of work on many images."""

import io

from qwave_batch.cli.console import Console
from qwave_batch.cli.drawing.work_bar import work_bar
from qwave_batch.model.work_progress import WorkProgress


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> float:
        return self.at

    async def sleep(self, wait_s: float) -> None:
        self.at += wait_s


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def shown_on(stream: io.StringIO, moments: dict[float, WorkProgress]) -> str:
    clock = Hand()
    console = Console(stdout=io.StringIO(), stderr=stream, environ={"TERM": "xterm", "COLUMNS": "80"})
    with work_bar(console, "checking", clock=clock) as show:
        for clock.at, progress in moments.items():
            show(progress)
    return stream.getvalue()


def test_short_work_shows_nothing() -> None:
    assert shown_on(Screen(), {0.1: WorkProgress(done=1, total=2), 0.9: WorkProgress(done=2, total=2)}) == ""


def test_a_log_gets_a_line_every_few_seconds() -> None:
    moments = {second / 2: WorkProgress(done=100 * second, total=3_000) for second in range(1, 24)}
    assert shown_on(io.StringIO(), moments).splitlines() == [
        "checking: 1,000 of 3,000 images, 200/s",
        "checking: 2,000 of 3,000 images, 200/s",
    ]


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end() -> None:
    drawn = shown_on(Screen(), {1.0: WorkProgress(done=1), 2.0: WorkProgress(done=50, total=100, doing="{hash}ing")})
    assert "checking: 1 image, 1/s" in drawn
    assert "{hash}ing: 50 of 100 images, 25/s |" in drawn
    assert drawn.rstrip("\r ").endswith("\r") or drawn.endswith("\r")
