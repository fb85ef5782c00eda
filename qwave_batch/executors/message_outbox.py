"""Messages that are sent by a thread of their own: the first at once, those of the next moment together."""

import threading

from qwave_batch.executors.driver_messages import DriverMessage, MessageStream

PAUSE_S = 0.05
"""Between two sendings. The task of an image takes far longer; several of them then come with one message."""


class MessageOutbox:
    """Takes messages from any thread, and never has one wait for the other end."""

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._messages: list[DriverMessage] = []
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_urgent = False
        """Whether one of the messages is."""
        threading.Thread(target=self._send_all, name="outbox", daemon=True).start()

    def put(self, message: DriverMessage, *, is_urgent: bool) -> None:
        """Have a message sent; an urgent one, for which somebody stands idle, takes those along that wait."""
        with self._changed:
            self._messages.append(message)
            self._is_urgent = self._is_urgent or is_urgent
            if is_urgent or len(self._messages) == 1:
                self._changed.notify()

    def close(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _send_all(self) -> None:
        while messages := self._next():
            try:
                self._stream.send(*messages)
            except (OSError, ValueError):  # nobody listens any more
                return
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._is_urgent, PAUSE_S)

    def _next(self) -> list[DriverMessage]:
        """Return what waits, as soon as anything does; nothing once this is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._messages)
            messages, self._messages, self._is_urgent = self._messages, [], False
            return [] if self._is_closed else messages
