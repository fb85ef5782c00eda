import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from qwave_batch.errors import WorkersUnusable
from qwave_batch.executors.driver_messages import Connected, MessageStream
from qwave_batch.executors.ray_cluster import RayCluster, open_ray
from qwave_batch.model.executor import RayExecutor

MUCH = bytes(1 << 20)
"""More than a pipe holds."""


@pytest.fixture
def unread() -> Iterator[MessageStream]:
    """The streams to a process that stands still: it neither reads nor answers."""
    (answers, unanswering), (unread, calls) = os.pipe(), os.pipe()
    outgoing = os.fdopen(calls, "wb")
    yield MessageStream(os.fdopen(answers, "rb"), outgoing)
    os.close(unread)
    os.close(unanswering)
    with suppress(BrokenPipeError):
        outgoing.close()


def test_calls_to_a_process_that_stands_still_hold_up_nobody(unread: MessageStream) -> None:
    cluster = RayCluster(unread, Connected(processors=1, nodes=1, is_own=True))
    worker = cluster.start_worker()
    waiting = [worker.call("do", b"key", MUCH) for _ in range(3)]
    worker.kill()
    cluster.close()
    assert not any(each.done() for each in waiting)


def test_a_ray_of_this_machine_takes_no_more_workers_than_it_bears() -> None:
    with (
        pytest.raises(WorkersUnusable, match=r"9,999 workers are too many for this machine: ask for at most"),
        open_ray(RayExecutor(workers=9_999), environ={}),
    ):
        pass


@pytest.mark.parametrize("workers", [0, -1, 10_001, True, 1.5, "2"])
def test_numbers_of_workers_that_no_ray_takes_are_refused(workers: Any) -> None:
    with (
        pytest.raises(WorkersUnusable, match=r"workers: .* is not a whole number from 1 to 10,000"),
        open_ray(RayExecutor(workers=workers), environ={}),
    ):
        pass
