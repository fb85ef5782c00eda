"""A log of events that never blocks a run: a thread writes it, line by line, and gives up when it cannot."""

import json
import os
import queue
import stat
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from qwave_batch.folder.storage import reason_of, storage_errors
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.run_events import Event
from qwave_batch.output.event_lines import event_as_json
from qwave_batch.output.times import iso_from_unix

MOST_WAITING = 10_000
"""Events that wait for a slow reader; further ones are dropped and counted."""
PATIENCE_S = 5.0
"""How long the end of a run waits for a stalled reader."""


class EventLog:
    """Appends events to a file, a pipe or a stream as JSON lines; ``write`` never blocks and never raises.

    The run continues in spite of any failure of the log: ``trouble`` then describes the loss.
    """

    def __init__(self, target: Path | TextIO) -> None:
        """Open the log; a named pipe is opened when somebody reads it.

        Raises:
            StorageError: it can't be opened.
        """
        self._waiting: queue.Queue[Event | None] = queue.Queue(MOST_WAITING)
        self._dropped = 0
        self._counting = threading.Lock()
        self._is_broken = False
        self._descriptor: int | None = None
        self.trouble = ""
        """The losses of the log, in words; empty without any."""
        if isinstance(target, Path):
            self._name = str(target)
            self._path: Path | None = target
            if not _is_pipe(target):
                self._open(target)
        else:
            self._name, self._path = "stdout", None
        self._stream = None if isinstance(target, Path) else target
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def write(self, event: Event) -> None:
        """Queue an event; it is written soon, in the order of these calls."""
        if self._is_broken:
            return
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            with self._counting:
                self._dropped += 1

    def close(self) -> None:
        """Write the queued events and close the file; a stalled reader is waited for a few seconds."""
        end = time.monotonic() + PATIENCE_S
        if self._is_broken:
            return
        try:
            self._waiting.put(None, timeout=PATIENCE_S)
            self._thread.join(max(0.1, end - time.monotonic()))
        except queue.Full:
            pass
        if self._thread.is_alive():
            self._is_broken = True
            self.trouble = self.trouble or f"nobody read {self._name}, so its last events are lost"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, path: Path) -> None:
        with storage_errors(path, "write events to"):
            self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _work(self) -> None:
        try:
            if self._path is not None and self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)  # waits for a reader
            write = self._write_stream if self._descriptor is None else self._write_file
            while (event := self._waiting.get()) is not None:
                if self._dropped:
                    with self._counting:
                        dropped, self._dropped = self._dropped, 0
                    self.trouble = f"{self._name} was read too slowly, so some events are missing in it"
                    write(_line({"time": iso_from_unix(event.time), "event": "dropped", "count": dropped}))
                write(_line(event_as_json(event)))
        except (OSError, ValueError) as error:  # a full disk, a reader that left, a stream that was closed
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            self._is_broken = True
            self.trouble = f"events are no longer written to {self._name}: {reason}"
        finally:
            if self._descriptor is not None:
                os.close(self._descriptor)

    def _write_file(self, line: bytes) -> None:
        assert self._descriptor is not None  # noqa: S101 - chosen for that
        while line:
            line = line[os.write(self._descriptor, line) :]

    def _write_stream(self, line: bytes) -> None:
        assert self._stream is not None  # noqa: S101 - there is a path or a stream
        self._stream.write(line.decode("ascii"))
        self._stream.flush()


def _line(value: Json) -> bytes:
    return json.dumps(value, separators=(", ", ": ")).encode("ascii") + b"\n"


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False
