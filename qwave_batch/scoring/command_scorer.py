"""A scorer that is a command of its own environment: libraries whose requirements exclude each other stay apart."""

import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from qwave_batch.errors import UsageError
from qwave_batch.folder.storage import reason_of
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.scoring.answer_check import BrokenScorer
from qwave_batch.scoring.command_file import SECRET_NAMES, CommandFile
from qwave_batch.scoring.command_lines import (
    GARBLED,
    NO_ANSWER,
    NotAnAnswer,
    item_line,
    opening_line,
    read_command_answer,
)
from qwave_batch.scoring.command_process import AnswerLate, CommandEnded, CommandProcess, LineTooLong
from qwave_batch.scoring.scorer import Item, ItemFile, Level, Need, Outcome, Output, Price, ScoreError

_ALWAYS_GIVEN = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "USER")
DIED, TOO_LONG = "command_ended", "answer_too_long"


@dataclass(slots=True)
class CommandScorer:
    """Asks a command, inside ``with``; see ``Scorer``. It is started with the first item."""

    file: CommandFile
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    price: Price | None = None
    _process: CommandProcess | None = field(default=None, repr=False)
    _starts: int = 0
    """Since its newest answer."""
    _newest_fault: str = ""
    _number: int = 0
    """Of the newest item that the command was told of."""

    @property
    def name(self) -> str:
        """The name in its file."""
        return self.file.name

    @property
    def version(self) -> str:
        """The version in its file."""
        return self.file.version

    @property
    def level(self) -> Level:
        """The subject of its scores."""
        return self.file.level

    @property
    def needs(self) -> frozenset[Need]:
        """The parts of an item that it is told of."""
        return self.file.needs

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The numbers that it gives."""
        return self.file.outputs

    @property
    def batch(self) -> int:
        """How many items it is told of before answers are waited for."""
        return self.file.batch

    @property
    def params(self) -> JsonObject:
        """The settings in its file, and those of the command line."""
        return self.file.params

    def __enter__(self) -> Self:
        """Begin; nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the command and all that it has started."""
        self._stop()

    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Tell the command of items, and return its answers in their order.

        When it ends in between, it is started again, and told of the items without an answer one by one: the one that
        it ends at is an error.

        Raises:
            UsageError: it can't be started.
            BrokenScorer: it has failed more often in a row than it is started again.
        """
        outcomes = self._ask(items)
        missing = [index for index, outcome in enumerate(outcomes) if outcome is None]
        for index in missing:
            (outcomes[index],) = self._ask([items[index]], is_last=True)
        return [outcome or ScoreError(NO_ANSWER, "the command gave no answer", retryable=True) for outcome in outcomes]

    def _ask(self, items: Sequence[Item], *, is_last: bool = False) -> list[Outcome | None]:
        """Return the answers to items; None for those that the command has ended before, unless that is the last word.

        An item that is alone when the command ends has had its chance.
        """
        is_alone = is_last or len(items) == 1
        with ExitStack() as stack:
            files = _ItemPaths(stack)
            process = self._started()
            asked = {str(self._number + 1 + index): index for index in range(len(items))}
            self._number += len(items)
            process.send(b"".join(
                item_line(int(name), items[index], self.needs, files.path_of) for name, index in asked.items()
            ))  # fmt: skip
            outcomes: list[Outcome | None] = [None] * len(items)
            fault = self._hear(process, asked, outcomes)
            if fault is not None and fault.code != GARBLED:
                self._stop()
                self._newest_fault = fault.message
            for index in asked.values():
                outcomes[index] = fault if fault is not None and (is_alone or fault.code != DIED) else None
            return outcomes

    def _hear(
        self, process: CommandProcess, asked: dict[str, int], outcomes: list[Outcome | None]
    ) -> ScoreError | None:
        """Take in answers until none is missing, or something is wrong with the command itself."""
        garbled, reason, deadline = 0, "", time.monotonic() + self.file.timeout_s
        while len(asked) > garbled:
            try:
                raw = process.next_line(max(0.0, deadline - time.monotonic()))
            except AnswerLate:
                return ScoreError(NO_ANSWER, f"no answer within {self.file.timeout_s:g} s", retryable=True)
            except LineTooLong:
                return ScoreError(TOO_LONG, "the command wrote a line of more than 1 MiB")
            except CommandEnded as ended:
                return ScoreError(DIED, str(ended), retryable=True)
            if not raw.lstrip().startswith(b"{"):  # libraries print what they like
                continue
            try:
                name, outcome = read_command_answer(raw)
            except NotAnAnswer as fault:
                garbled, reason = garbled + 1, str(fault)
                continue
            index = asked.pop(name, None)
            if index is not None:  # else an answer that came too late for its item
                outcomes[index], self._starts = outcome, 0
                deadline = time.monotonic() + self.file.timeout_s
        return ScoreError(GARBLED, f"the command wrote a line that is no answer: {reason}") if asked else None

    def _started(self) -> CommandProcess:
        if self._process is not None:
            return self._process
        if self._starts > self.file.restarts:
            raise BrokenScorer(
                f"the command of the scorer {self.name} failed {self._starts} times without an answer in between, "
                f"so it is not started again: {self._newest_fault}"
            )
        self._starts += 1
        try:
            self._process = CommandProcess(
                self.file.command, folder=self.file.path.resolve().parent, environment=self._environment()
            )
        except OSError as error:
            raise UsageError(
                f"{self.file.path}: the command {self.file.command[0]} can't be started: {reason_of(error)}"
            ) from error
        self._process.send(opening_line(self.file))
        return self._process

    def _environment(self) -> dict[str, str]:
        names = (*_ALWAYS_GIVEN, *self.file.env)
        return {name: self.environ[name] for name in names if name in self.environ and name not in SECRET_NAMES}

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()


class _ItemPaths:
    """Paths of the files of some items; those that lie in a store are written to a folder that goes with the stack."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._folder: Path | None = None

    def path_of(self, file: ItemFile) -> str:
        if file.path is not None:
            return str(file.path.absolute())
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="qwave-batch-")))
        path = self._folder / f"{file.sha256}{Path(file.name).suffix}"
        with suppress(FileExistsError), path.open("xb") as target:
            target.write(file.data)
        return str(path)
