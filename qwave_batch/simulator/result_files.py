"""The files of results: the addresses that status answers give, signed or not, and how long each of them serves."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qs

from qwave_batch.simulator.behaviour import Behaviour
from qwave_batch.simulator.dialect import Dialect
from qwave_batch.simulator.faults import FaultName
from qwave_batch.simulator.image_drawing import ImageDesign
from qwave_batch.simulator.replies import Reply, refusal
from qwave_batch.simulator.simulated_task import SimulatedTask
from qwave_batch.simulator.task_store import TaskStore

FILES = "/files/"
_PATH = re.compile(rf"{FILES}([\w-]{{1,100}})/([1-9]\d{{0,8}})\.([a-z]+)", re.ASCII)
_SIGNS = b"the embedded API"
NOT_FOUND = refusal(404, "not_found", "this file does not exist")
_UNSIGNED = refusal(403, "access_denied", "the address has no signature of ours")
_SIGNED_TOO_LONG_AGO = refusal(403, "access_denied", "the signature has expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    """One image of a completed task, as an address names it."""

    design: ImageDesign
    number: int
    dies_at: float
    """Unix seconds: from then on the address is answered with ``gone``."""
    gone: Reply
    refused: Reply | None = None
    """The answer to an address that was never given out; None for one that was."""

    def refusal_at(self, moment: float) -> Reply | None:
        """Return why the address brings nothing at a moment; None while it brings the image."""
        return self.refused or (self.gone if moment >= self.dies_at else None)


class ResultFiles:
    """The images of all tasks, by their addresses."""

    def __init__(self, store: TaskStore, behaviour: Behaviour, dialect: Dialect) -> None:
        self._store = store
        self._behaviour = behaviour
        self._dialect = dialect

    def listed(self, task: SimulatedTask, now: float, origin: str) -> list[dict[str, Any]]:
        """Return the images of a completed task as a status answer lists them: signed anew where they are signed."""
        extension = ImageDesign.from_json(task.design).extension
        expires_at = self._expires_at(task, now)
        signed_s = self._behaviour.seconds_of(FaultName.SIGNED_URL, task.model)
        if signed_s is not None:
            expires_at = min(expires_at, int(now + signed_s))
        paths = [f"{FILES}{task.task_id}/{number}.{extension}" for number in range(1, task.images + 1)]
        if signed_s is not None:
            paths = [f"{path}?Expires={expires_at}&Signature={_signature(path, expires_at)}" for path in paths]
        return [{"url": [origin + path], "expires_at": expires_at} for path in paths]

    def find(self, path: str, query: str, now: float) -> ResultFile | None:
        """Return the file that an address names, even one that serves no more; None where there never was one."""
        named = _PATH.fullmatch(path)
        task = self._store.get(named[1]) if named else None
        if named is None or task is None or not task.has_completed(now):
            return None
        design, number = ImageDesign.from_json(task.design), int(named[2])
        if number > task.images or named[3] != design.extension:
            return None
        gone = refusal(self._dialect.status_of_gone, "expired", "this file has expired")
        file = ResultFile(design=design, number=number, dies_at=self._expires_at(task, now), gone=gone)
        if self._behaviour.seconds_of(FaultName.SIGNED_URL, task.model) is None:
            return file
        return _as_signed(file, path, query)

    def _expires_at(self, task: SimulatedTask, now: float) -> int:
        short_s = self._behaviour.seconds_of(FaultName.SHORT_LIVED, task.model)
        lifetime_s = self._dialect.file_lifetime_s if short_s is None else short_s
        return int((task.completed_at(now) or 0.0) + lifetime_s)


def _as_signed(file: ResultFile, path: str, query: str) -> ResultFile:
    """Return what an address of a file brings where addresses are signed."""
    said = parse_qs(query)
    until, signature = said.get("Expires", [""])[0], said.get("Signature", [""])[0]
    is_ours = until.isascii() and until.isdecimal() and signature == _signature(path, int(until))
    if not is_ours:
        return ResultFile(
            design=file.design, number=file.number, dies_at=file.dies_at, gone=file.gone, refused=_UNSIGNED
        )
    if int(until) >= file.dies_at:
        return file
    return ResultFile(design=file.design, number=file.number, dies_at=int(until), gone=_SIGNED_TOO_LONG_AGO)


def _signature(path: str, expires_at: int) -> str:
    return blake2b(f"{path} {expires_at}".encode(), digest_size=16, key=_SIGNS).hexdigest()
