"""The embedded API that notes of each task which images it was made of, how they came, and what was stored by then."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwave_batch.model.input_references import texts_in
from qwave_batch.simulator import Simulator
from qwave_batch.simulator.api_calls import Caller, Submission
from qwave_batch.simulator.image_drawing import ImageDesign


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTask:
    """A task at the moment of its submit."""

    task_id: str
    sent: tuple[str, ...]
    """The images of the request as they were sent: addresses and ``data:`` URIs."""
    inputs: tuple[str, ...]
    """The SHA-256 of each of them that the API has looked at."""
    is_early: bool
    """Whether one of those was not stored in the folder by then."""

    def passed(self) -> tuple[str, ...]:
        """Return how each image came: ``data``, ``http``, or ``https``."""
        return tuple(text.partition(":")[0] for text in self.sent)


class WatchedSimulator(Simulator):
    """A simulator that looks into the ledger of the folder that its only client runs in."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self.made: list[MadeTask] = []
        self._ledger = folder / ".qwave" / "ledger.sqlite"

    def submit(self, caller: Caller, raw: bytes, idempotency_key: str | None) -> Submission:
        """Note what a task that is new was made of."""
        submission = super().submit(caller, raw, idempotency_key)
        task = submission.task
        if task is not None and task.task_id not in {made.task_id for made in self.made}:
            inputs = ImageDesign.from_json(task.design).inputs
            self.made.append(
                MadeTask(
                    task_id=task.task_id,
                    sent=tuple(texts_in(json.loads(raw).get("image_urls", []))),
                    inputs=inputs,
                    is_early=not set(inputs) <= self._stored(),
                )
            )
        return submission

    def _stored(self) -> set[str]:
        with closing(sqlite3.connect(f"file:{self._ledger}?mode=ro", uri=True, timeout=30)) as ledger:
            rows = ledger.execute(
                "SELECT sha256 FROM images JOIN attempts USING (job_id, number) WHERE attempts.state = 'stored'"
            )
            return {sha256 for (sha256,) in rows}
