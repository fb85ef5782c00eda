"""Messages that wait for the other end of a pipe travel as one."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qwave_batch.executors.driver_messages import DriverMessage, KillWorker, MessageStream, Returned
from qwave_batch.executors.message_outbox import MessageOutbox


@pytest.fixture
def stream() -> Iterator[MessageStream]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as incoming, os.fdopen(writing, "wb") as outgoing:
        yield MessageStream(incoming, outgoing)


def received(stream: MessageStream, most: int) -> Sequence[Sequence[DriverMessage]]:
    found: list[Sequence[DriverMessage]] = []
    while sum(map(len, found)) < most:
        found.append(stream.receive())
    return found


def test_messages_sent_together_arrive_together_in_their_order(stream: MessageStream) -> None:
    sent = (Returned(call=1, result=b"one"), KillWorker(worker=2))
    stream.send(*sent)
    assert tuple(stream.receive()) == sent


def test_an_outbox_loses_nothing_and_keeps_the_order(stream: MessageStream) -> None:
    outbox = MessageOutbox(stream)
    sent = [Returned(call=call, result=b"") for call in range(50)]
    for message in sent:
        outbox.put(message, is_urgent=False)
    found = received(stream, len(sent))
    outbox.close()
    assert [message for together in found for message in together] == sent
    assert len(found) < len(sent)


def test_an_urgent_message_takes_along_what_waits(stream: MessageStream) -> None:
    outbox = MessageOutbox(stream)
    for round_ in range(20):
        sent = [Returned(call=2 * round_, result=b""), Returned(call=2 * round_ + 1, result=b"")]
        outbox.put(sent[0], is_urgent=False)
        outbox.put(sent[1], is_urgent=True)
        assert [message for together in received(stream, 2) for message in together] == sent
    outbox.close()


def test_an_end_that_is_gone_is_no_message() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as incoming, Path(os.devnull).open("wb") as outgoing:
        assert MessageStream(incoming, outgoing).receive() == ()
