"""Each wait is reported once to the observers of a run, and again when it lasts longer than announced."""

import asyncio
from dataclasses import replace
from pathlib import Path

from qwave_batch.api.event_feed import EventFeed, ProgressFile
from qwave_batch.folder.layout import RunLayout
from qwave_batch.model.progress import Progress, Waiting, WaitKind
from qwave_batch.model.run_events import Event, RunWaiting
from tests.unit.cli.test_progress_view import NOW, FakeClock


def waiting(kind: WaitKind, model: str | None, until: float | None) -> Progress:
    return replace(NOW, waiting=Waiting(kind=kind, model=model, until=until))


def told(folder: Path, *shown: tuple[float, Progress]) -> list[tuple[WaitKind, str | None, float | None]]:
    """Show how a run stands at some times, and return what waits were told."""

    async def way() -> list[Event]:
        events: list[Event] = []
        clock = FakeClock()
        showing = ProgressFile(RunLayout(folder), None, EventFeed(events.append, clock), clock)
        for at, progress in shown:
            clock.time_s = at
            showing.show(progress)
        await showing.close()
        return events

    return [(event.kind, event.model, event.until) for event in asyncio.run(way()) if isinstance(event, RunWaiting)]


def test_the_wait_of_one_model_does_not_hide_that_of_another(tmp_path: Path) -> None:
    limit = WaitKind.RATE_LIMIT
    first, second = waiting(limit, "image-1", 60), waiting(limit, "image-2", 60)
    assert told(tmp_path, (0, first), (1, first), (2, second), (3, second)) == [
        (limit, "image-1", 60),
        (limit, "image-2", 60),
    ]


def test_another_kind_of_wait_is_told_though_the_words_are_the_same(tmp_path: Path) -> None:
    assert told(tmp_path, (0, waiting(WaitKind.QUOTA, None, 60)), (1, waiting(WaitKind.UNREACHABLE, None, 90))) == [
        (WaitKind.QUOTA, None, 60),
        (WaitKind.UNREACHABLE, None, 90),
    ]


def test_a_wait_that_moves_is_told_again_only_when_what_was_told_has_passed(tmp_path: Path) -> None:
    limit = WaitKind.RATE_LIMIT
    moving = [(float(at), waiting(limit, "m", at + 30.0)) for at in range(70)]
    assert told(tmp_path, *moving) == [(limit, "m", 30.0), (limit, "m", 60.0), (limit, "m", 90.0)]


def test_a_wait_without_a_known_end_is_told_once(tmp_path: Path) -> None:
    stale = WaitKind.NO_STATUS
    assert told(tmp_path, *((float(at), waiting(stale, None, None)) for at in range(90))) == [(stale, None, None)]


def test_a_wait_that_is_over_and_comes_again_is_told_again(tmp_path: Path) -> None:
    limit = WaitKind.SPEC_LIMIT
    again = [(0.0, waiting(limit, None, 9.0)), (1.0, NOW), (2.0, waiting(limit, None, 9.0))]
    assert told(tmp_path, *again) == [(limit, None, 9.0)] * 2
