"""Every error this package raises on purpose.

    QwaveError                      exit status
    ├─ UsageError                   2   what was asked for is not right; nothing was sent
    │   ├─ SpecError                2   the spec has problems, all of them listed
    │   ├─ UnknownName              2   a model, catalog, command or key that does not exist
    │   ├─ FolderError              2   the run folder belongs to something else
    │   ├─ MissingExtra             2   an optional dependency is not installed
    │   ├─ WorkersUnusable          2   workers elsewhere can't be reached, or can't do this work
    │   └─ UnsupportedSystem        2   the operating system is not POSIX
    ├─ AccountError                 3   key, balance, quota window: nothing more is submitted
    │   └─ BudgetError              3   the estimate or the next job would break the budget
    ├─ StorageError                 4   the disk or the ledger failed
    │   └─ FolderBusy               4   another process works on the folder
    ├─ WorkersGone                  4   workers elsewhere went away in the middle of their work
    │   └─ WorkerKilled             4   a piece of work ended every worker that took it
    └─ RunStopped                 130   stopped by the user before anything was sent

Raisers pass facts; the class words them. No message names an option or a command: what can be done is in
``next_steps``, which the command line words. Foreign errors are translated at one border each.
"""

import difflib
from collections.abc import Iterable, Sequence
from itertools import islice

from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.model.problem import Problem
from qwave_batch.model.run_ends import EXIT_STATUS, EndKind

__all__ = [
    "AccountError",
    "Advice",
    "BudgetError",
    "FolderBusy",
    "FolderError",
    "MissingExtra",
    "NextStep",
    "QwaveError",
    "RunStopped",
    "SpecError",
    "StorageError",
    "UnknownName",
    "UnsupportedSystem",
    "UsageError",
    "WorkerKilled",
    "WorkersGone",
    "WorkersUnusable",
]

_LONGEST_COMPARED = 100
_MOST_COMPARED = 1_000


class QwaveError(Exception):
    """The root: catching it catches everything that this package raises on purpose."""

    kind = EndKind.INCOMPLETE
    """How a run ends that raises it."""
    exit_status = EXIT_STATUS[kind]

    def __init__(self, message: str = "", *, next_steps: Sequence[Advice | NextStep] = ()) -> None:
        """Say what happened; ``next_steps`` is what can be done about it."""
        super().__init__(message)
        self.next_steps = tuple(step if isinstance(step, Advice) else Advice(step) for step in next_steps)

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickles bring back: the error as it is, whatever its class asks for to make one."""
        return _as_raised, (type(self), self.args, self.__dict__)


class UsageError(QwaveError):
    """The request is invalid; nothing was sent."""

    kind = EndKind.REFUSED
    exit_status = EXIT_STATUS[kind]


class SpecError(UsageError):
    """A spec with problems; ``problems`` holds all of them, errors first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UnknownName(UsageError):
    """A name that does not exist, with the nearest one that does."""

    def __init__(
        self,
        what: str,
        name: str,
        known: Iterable[str],
        *,
        hint: str = "",
        next_steps: Sequence[Advice | NextStep] = (),
    ) -> None:
        self.what, self.name, self.known = what, name, tuple(known)
        self.suggestion = nearest(name, self.known)
        name = name if len(name) <= _LONGEST_COMPARED else f"{name[: _LONGEST_COMPARED - 1]}…"
        guess = f'; did you mean "{self.suggestion}"?' if self.suggestion else ""
        message = f'unknown {what} "{name}"{guess}{" " if guess and hint else "; " if hint else ""}{hint}'
        super().__init__(message, next_steps=next_steps)


class FolderError(UsageError):
    """The folder belongs to another spec, backend or location, or is not a run folder."""


class MissingExtra(UsageError):
    """An optional dependency that is not installed, with the line that installs it."""

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'qwave-batch[{extra}]'")


class WorkersUnusable(UsageError):
    """The workers elsewhere that were asked for can't be reached, or can't do this work; nothing was done."""


class UnsupportedSystem(UsageError):
    """The operating system lacks what a run folder needs, such as locks that end with their process."""

    def __init__(self) -> None:
        super().__init__(
            "this needs a POSIX system, such as Linux or macOS (on Windows: WSL), for its files and locks; "
            "nothing was written or sent"
        )


class AccountError(QwaveError):
    """The account stops the run: key, balance or quota window."""

    kind = EndKind.ACCOUNT
    exit_status = EXIT_STATUS[kind]


class BudgetError(AccountError):
    """The estimate, or the next job, would cost more than the budget leaves."""

    kind = EndKind.BUDGET


class StorageError(QwaveError):
    """The disk or the ledger failed; what was paid is still on record at the API."""

    kind = EndKind.STORAGE
    exit_status = EXIT_STATUS[kind]


class FolderBusy(StorageError):
    """Another process works on the folder."""

    def __init__(self, folder: str, holder: str) -> None:
        super().__init__(f"{folder} is in use by {holder}; wait for it to end, or stop it")


class WorkersGone(QwaveError):
    """The workers elsewhere went away in the middle of their work; what they had done counts."""

    kind = EndKind.WORKERS
    exit_status = EXIT_STATUS[kind]


class WorkerKilled(WorkersGone):
    """An item of work ended every worker that took it."""

    def __init__(self, number: int, workers: int, how: str) -> None:
        self.number, self.workers, self.how = number, workers, how
        super().__init__(f"item {number + 1:,} of the work ended {workers} workers, one after the other ({how})")


class RunStopped(QwaveError):
    """The user stopped the run before it had begun; nothing was sent."""

    kind = EndKind.INTERRUPTED
    exit_status = EXIT_STATUS[kind]


def nearest(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known name closest to ``name``, compared without case, or None when none is close.

    ``cutoff`` is the required similarity, where 1 is equality. Long names, and those after the first thousand, are not
    compared: that takes quadratic time, and the author of a spec may have written many.
    """
    if len(name) > _LONGEST_COMPARED:
        return None
    short = (candidate for candidate in known if len(candidate) <= _LONGEST_COMPARED)
    folded = {candidate.casefold(): candidate for candidate in islice(short, _MOST_COMPARED)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def _as_raised(kind: type[QwaveError], args: tuple[object, ...], facts: dict[str, object]) -> QwaveError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error
