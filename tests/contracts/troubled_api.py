"""The embedded API, whose files are in the trouble that the prompt of their task names."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from qwave_batch.simulator import Simulator
from qwave_batch.simulator.api_calls import Caller
from qwave_batch.simulator.replies import Reply, refusal

HEIF = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(4096)
FINE, BROKEN_ONCE, BROKEN, HEIC = "a lantern", "broken once", "broken", "of another format"
GONE_ONCE, GONE, BUSY, DOWN_ONCE = "expired once", "expired", "throttled", "down once"
TROUBLES = (FINE, BROKEN_ONCE, BROKEN, HEIC, GONE_ONCE, GONE, BUSY, DOWN_ONCE)
COME = frozenset({FINE, BROKEN_ONCE, GONE_ONCE, BUSY, DOWN_ONCE})
"""Those that end well, all the same."""


class TroubledSimulator(Simulator):
    """A simulator that serves files as the prompts of their tasks say."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.served: Counter[str] = Counter()
        """Requests for files, by prompt."""

    def answer_file(self, caller: Caller, task_id: str, number: int, reply: Reply) -> Reply:
        """Return the file, or what its trouble makes of it."""
        task = self._store.get(task_id)
        prompt = "" if task is None else next((one for one in TROUBLES if _names(task.design, one)), "")
        self.served[prompt] += 1
        is_first = self.served[prompt] == 1
        trouble = _AT_FIRST.get(prompt) if is_first else None
        trouble = trouble or _ALWAYS.get(prompt)
        return super().answer_file(caller, task_id, number, reply) if trouble is None else trouble(reply)


def _half(reply: Reply) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def _gone(_reply: Reply) -> Reply:
    return refusal(410, "expired", "this file has expired")


def _slower(_reply: Reply) -> Reply:
    return refusal(429, "rate_limited", "too many requests", headers={"Retry-After": "1"})


_AT_FIRST: Mapping[str, Callable[[Reply], Reply]] = {
    BROKEN_ONCE: _half,
    GONE_ONCE: _gone,
    BUSY: _slower,
    DOWN_ONCE: lambda reply: replace(reply, status=503, body=b""),
}
_ALWAYS: Mapping[str, Callable[[Reply], Reply]] = {
    BROKEN: _half,
    HEIC: lambda reply: replace(reply, body=HEIF, content_type="image/heic"),
    GONE: _gone,
}


def _names(design: str, prompt: str) -> bool:
    return json.dumps(prompt) in design
