"""Asking an API that may say 429: one question alone until it answers one, then all at once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from qwave_batch.client.answers import AccountBlocked, Answer, Throttled
from qwave_batch.model.clock import Clock

UNSAID_WAIT_S = 5.0
LONGEST_WAIT_S = 60.0
"""A longer pause than this is not waited for."""
PATIENCE = 5
"""Lone questions in a row that may be answered with 429."""


@dataclass(slots=True)
class Probing:
    """A door that all questions share: a 429 closes it for its time, and then one question alone tries it."""

    clock: Clock
    last: AccountBlocked | Throttled | None = None
    """The answer that shut the door for good: whoever asks after it is given the same."""
    _is_open: bool = False
    _opens_at: float = 0.0
    """Monotonic seconds."""
    _throttles: int = 0
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        """Return the answer to a question that leaves when its turn has come."""
        if not self._is_open:
            async with self._alone:
                await self._until_due()
                if not self._is_open:  # the one before may have opened it
                    return await self._leave(call, is_lone=True)
        return await self._leave(call, is_lone=False)

    async def _until_due(self) -> None:
        while self.last is None and (wait_s := self._opens_at - self.clock.monotonic()) > 0:
            await self.clock.sleep(wait_s)

    async def _leave(self, call: Callable[[], Awaitable[Answer]], *, is_lone: bool) -> Answer:
        return self._heard(await call(), is_lone=is_lone) if self.last is None else self.last

    def _heard(self, answer: Answer, *, is_lone: bool) -> Answer:
        match answer:
            case Throttled():
                wait_s = UNSAID_WAIT_S if answer.wait_s is None else answer.wait_s
                self._is_open = False
                self._opens_at = max(self._opens_at, self.clock.monotonic() + wait_s)
                self._throttles += is_lone
                if wait_s > LONGEST_WAIT_S or self._throttles >= PATIENCE:
                    self.last = answer
            case AccountBlocked():
                self.last = answer
            case _ if is_lone:
                self._is_open, self._throttles = True, 0
            case _:
                pass
        return answer
