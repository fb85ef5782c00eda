import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from qwave_batch.executors.driver_messages import Connected, MessageStream
from qwave_batch.executors.ray_cluster import RayCluster

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
