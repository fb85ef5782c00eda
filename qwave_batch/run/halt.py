"""Why and how a run stops submitting; several reasons may come together, and the gravest counts."""

from enum import IntEnum

from qwave_batch.errors import StorageError


class HaltKind(IntEnum):
    """Reasons to stop, the gravest first; see "How a run ends" in docs/run-folder.md."""

    INTERRUPTED = 0
    PLACE = 1
    """The folder was last used elsewhere, where it may be at work."""
    DISK = 2
    ACCOUNT = 3
    BUDGET = 4
    OFFLINE = 5
    PICTURES = 6
    """No picture can be had, or no result be read: what would be bought is bought in vain."""
    FAIL_FAST = 7
    DENIED = 8
    """The key may not use a model."""


EXIT_STATUS = {
    HaltKind.INTERRUPTED: 130,
    HaltKind.PLACE: 2,
    HaltKind.DISK: 4,
    HaltKind.ACCOUNT: 3,
    HaltKind.BUDGET: 3,
    HaltKind.OFFLINE: 1,
    HaltKind.PICTURES: 1,
    HaltKind.FAIL_FAST: 1,
    HaltKind.DENIED: 1,
}


_COLLECTS = frozenset(
    {HaltKind.PLACE, HaltKind.ACCOUNT, HaltKind.BUDGET, HaltKind.PICTURES, HaltKind.FAIL_FAST, HaltKind.DENIED}
)


class Halt:
    """Whether anything new may be submitted, and whether what is in flight is waited for."""

    def __init__(self) -> None:
        self._reasons: dict[HaltKind, str] = {}
        self.is_leaving = False
        """Whether what is in flight is left to the next run, too."""
        self.storage_error: StorageError | None = None

    @property
    def is_on(self) -> bool:
        """Whether nothing new may be submitted."""
        return bool(self._reasons)

    @property
    def collects(self) -> bool:
        """Whether tasks on record are still asked for, and their pictures fetched."""
        return not self.is_leaving and _COLLECTS.issuperset(self._reasons)

    def is_for(self, kind: HaltKind) -> bool:
        """Whether this is among the reasons."""
        return kind in self._reasons

    def stop(self, kind: HaltKind, reason: str, *, leave: bool = False) -> None:
        """Stop submitting; with ``leave`` do not wait for what is in flight either."""
        self._reasons.setdefault(kind, reason)
        self.is_leaving = self.is_leaving or leave

    def fail(self, error: StorageError) -> None:
        """Leave because the disk failed."""
        self.storage_error = self.storage_error or error
        self.stop(HaltKind.DISK, str(error), leave=True)

    @property
    def exit_status(self) -> int | None:
        """The exit status of the gravest reason; None without one."""
        return EXIT_STATUS[min(self._reasons)] if self._reasons else None

    @property
    def reason(self) -> str:
        """The gravest reason in words; empty without one."""
        return self._reasons[min(self._reasons)] if self._reasons else ""
