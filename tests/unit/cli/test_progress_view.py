import re
from dataclasses import replace
from io import StringIO

import pytest

from qwave_batch.cli.drawing.progress_view import Bar, PlainLines, bar_figures, sentence, view_for
from qwave_batch.cli.drawing.terminal import Terminal
from qwave_batch.cli.drawing.text import cells
from qwave_batch.model.clock import clock_time
from qwave_batch.model.progress import Progress, Waiting, WaitKind

NOW = Progress(
    jobs=48,
    done=12,
    failed=1,
    unknown=0,
    in_flight=16,
    images=12,
    spent_nusd=420_000_000,
    elapsed_s=19.0,
    images_per_minute=38.2,
    remaining_s=80.0,
)


class FakeClock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def now(self) -> float:
        return self.time_s

    def monotonic(self) -> float:
        return self.time_s

    async def sleep(self, wait_s: float) -> None:
        self.time_s += wait_s


def waiting(until: float | None, kind: WaitKind = WaitKind.RATE_LIMIT, model: str | None = None) -> Progress:
    return replace(NOW, waiting=Waiting(kind=kind, model=model, until=until))


def test_a_line_says_all_that_a_bar_shows() -> None:
    assert sentence(NOW) == ("12 of 48 jobs done, 1 failed, 16 in flight, 38 images/min, 0.42 USD, 1 min 20 s left")


def test_plain_lines_come_every_few_seconds() -> None:
    stream, clock = StringIO(), FakeClock()
    view = PlainLines(stream, Terminal(), clock)
    for tenth in range(121):
        clock.time_s = tenth / 10
        view.show(replace(NOW, done=tenth))
    view.close()
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == ["50", "100", "120"]


def test_what_a_run_waits_for_is_news() -> None:
    stream = StringIO()
    view = PlainLines(stream, Terminal(), FakeClock())
    view.show(waiting(30.0))
    view.show(waiting(29.0))
    view.show(waiting(None, WaitKind.RETRY, "z-image-turbo"))
    view.show(waiting(None, WaitKind.RETRY, "z-image-turbo"))
    view.show(waiting(28.0))
    assert [line.partition(" (")[2] for line in stream.getvalue().splitlines()] == [
        f"rate limit: the next submit is at {clock_time(30.0, 0.0)})",
        "trying again after an error for z-image-turbo)",
        f"rate limit: the next submit is at {clock_time(28.0, 0.0)})",
    ]


@pytest.mark.parametrize("kind", [Bar, PlainLines])
def test_models_that_wait_in_turn_are_each_named_once_a_minute(kind: type[Bar | PlainLines]) -> None:
    stream, clock = StringIO(), FakeClock()
    view = kind(stream, Terminal(is_terminal=kind is Bar), clock)
    for second in range(4):
        clock.time_s = float(second)
        for model in ("image-1", "image-2"):
            view.show(waiting(float(second), model=model))
    assert re.findall("rate limit for ([a-z0-9-]+)", stream.getvalue()) == ["image-1", "image-2"]


def test_the_same_wait_for_another_time_is_news_after_a_minute() -> None:
    stream = StringIO()
    clock = FakeClock()
    view = Bar(stream, Terminal(is_terminal=True), clock)
    for passed, end in ((0, 107.0), (12, 119.0), (59, 169.0), (60, 169.0), (61, 169.0)):
        clock.time_s = passed
        view.show(waiting(end))
    assert re.findall("is at ([0-9:]+)", stream.getvalue()) == [clock_time(107.0, 0.0), clock_time(169.0, 0.0)]


def test_a_bar_says_once_what_it_waits_for() -> None:
    stream = StringIO()
    view = Bar(stream, Terminal(is_terminal=True), FakeClock())
    for left in (30, 29, 28):
        view.show(waiting(float(left)))
        view.show(replace(NOW, waiting=None))
    view.close()
    assert stream.getvalue().count("rate limit") == 1


def test_cancelled_jobs_are_no_failed_ones() -> None:
    now = replace(NOW, failed=0, cancelled=20)
    assert sentence(now).startswith("12 of 48 jobs done, 20 cancelled, 16 in flight")
    assert bar_figures(now, room=150)[0] == "12/48 done 20 cancelled "
    assert now.settled == 32


@pytest.mark.parametrize("room", [30, 40, 70, 150])
def test_figures_beside_the_bar_leave_it_room(room: int) -> None:
    left, right = bar_figures(replace(NOW, jobs=1632, done=1200), room=room)
    assert cells(left + right) <= room
    assert left == "1,200/1,632 done 1 failed "


def test_a_wide_terminal_shows_every_figure() -> None:
    assert bar_figures(NOW, room=150)[1] == " 16 in flight, 38 img/min, 0.42 USD, 1:20 left"


def test_a_bar_ends_with_the_last_counts() -> None:
    stream = StringIO()
    view = Bar(stream, Terminal(is_terminal=True), FakeClock())
    view.show(NOW)
    view.show(replace(NOW, done=47))
    view.close()
    assert "47/48 done" in stream.getvalue().split("\r")[-1]


def test_a_terminal_gets_a_bar_and_a_log_lines() -> None:
    assert isinstance(view_for(StringIO(), Terminal(is_terminal=True), FakeClock()), Bar)
    assert isinstance(view_for(StringIO(), Terminal(), FakeClock()), PlainLines)
