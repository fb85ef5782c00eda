"""How a run is told to end early: once to finish what is in flight, twice to leave at once."""

import asyncio


class StopSignal:
    """Raised by Ctrl-C, a signal or a caller, from the thread of the run's event loop."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._leaving = asyncio.Event()

    def request(self) -> None:
        """Ask the run to end; asked again, it leaves at once."""
        if self._stopping.is_set():
            self._leaving.set()
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Whether nothing new is to be submitted."""
        return self._stopping.is_set()

    async def wait_stopping(self) -> None:
        """Return when the run was first asked to end."""
        await self._stopping.wait()

    async def wait_leaving(self) -> None:
        """Return when the run was asked to end a second time."""
        await self._leaving.wait()
