"""The workspace of a run folder: ``.qwave``, written only by the process that works on the folder.

It is always a local folder: SQLite and locks need one. The results of a run for its readers are ``artifacts``.
"""

from dataclasses import dataclass
from pathlib import Path

PRIVATE = ".qwave"
LEDGER = f"{PRIVATE}/ledger.sqlite"
COUNT = f"{LEDGER}-count"
LINES_ID = f"{LEDGER}-lines"
LOCK = f"{PRIVATE}/lock"
SIMULATOR = f"{PRIVATE}/simulator.sqlite"
PARTIAL = f"{PRIVATE}/partial"
EVIDENCE = f"{PRIVATE}/evidence"
LIVE = f"{PRIVATE}/live.json"
REMEMBERED = f"{PRIVATE}/manifest.json"
CHECKED = f"{PRIVATE}/checks.json"
LOOKS = f"{PRIVATE}/looks.sqlite"
VERIFIED = f"{PRIVATE}/verified.jsonl"
STAGES = f"{PRIVATE}/stages.json"
JUDGE = f"{PRIVATE}/judge.sqlite"
STORE = f"{PRIVATE}/store.json"
STORE_LOCK = f"{PRIVATE}/store-lock.json"
GITIGNORE = f"{PRIVATE}/.gitignore"
"""The places of a workspace, relative to the run folder: what the calls of ``RunLayout.tree`` take."""


def partial_path(job_id: str, number: int) -> str:
    """Return the place of a half download, relative to the run folder; see ``Workspace.partial_of``."""
    return f"{PARTIAL}/{job_id}_{number}.part"


@dataclass(frozen=True, slots=True)
class Workspace:
    """The places of one workspace."""

    root: Path
    """The run folder."""

    @property
    def private(self) -> Path:
        """The folder that only this program reads."""
        return self.root / PRIVATE

    @property
    def ledger(self) -> Path:
        """The truth of the folder."""
        return self.root / LEDGER

    @property
    def lock(self) -> Path:
        """Held by the one process that works on the folder."""
        return self.root / LOCK

    @property
    def simulator(self) -> Path:
        """The tasks of a simulated run, so that they survive a killed one."""
        return self.root / SIMULATOR

    @property
    def partial(self) -> Path:
        """Downloads that are not whole yet; anything in it may be thrown away while nobody holds the lock."""
        return self.root / PARTIAL

    def partial_of(self, job_id: str, number: int) -> Path:
        """Return where image ``number`` (from 1) of a job is downloaded to before it is placed."""
        return self.root / partial_path(job_id, number)
