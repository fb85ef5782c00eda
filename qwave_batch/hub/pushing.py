"""Pushes a layout: compare, upload, commit; again from the comparison wherever it is not known how things stand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from typing import TypeVar

from qwave_batch.errors import UsageError
from qwave_batch.hub.hub_address import HubDataset
from qwave_batch.hub.hub_client import Head, HubRepository
from qwave_batch.hub.hub_errors import CommitUnclear, HeadMoved, HubThrottled, HubUnavailable
from qwave_batch.hub.layout_files import Layout
from qwave_batch.hub.push_plan import (
    CARD,
    RECORD,
    CommitLimits,
    Differences,
    PlannedCommit,
    RemoteFile,
    differences_of,
    plan_commits,
)
from qwave_batch.hub.push_record import PushRecord, read_push_record
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.next_step import NextStep
from qwave_batch.model.work_progress import OnWork, WorkProgress, ignore_work

MOST_FILES = 100_000
"""Files that the Hub wants in a repository at most."""
MOST_WAIT_S = 300.0
"""The longest wait that is waited; after a longer one it is better to come back."""
_UPLOADED_TOGETHER = 256
_MOST_TRIES = 6
_FIRST_PAUSE_S = 1.0
_SMALLEST_COMMIT = 50
_SHOWN = 3
_COMPARING = "comparing with the repository"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushOptions:
    """How a push treats the repository."""

    is_private: bool = False
    """Whether a new repository is private, and one that is there must be."""
    overwrites: bool = False
    """Whether files that no push has put there are replaced."""
    limits: CommitLimits = field(default_factory=CommitLimits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """The result of a push."""

    dataset: HubDataset
    revision: str
    url: str
    head: str
    """The commit that holds all of it."""
    user: str
    commits: tuple[str, ...]
    """Those of this push; none where nothing had changed."""
    uploaded: int
    deleted: int
    unchanged: int

    def as_json(self) -> JsonObject:
        """Return it for programs."""
        return {
            "dataset": str(self.dataset),
            "revision": self.revision,
            "url": self.url,
            "commit": self.head,
            "commits": list(self.commits),
            "uploaded": self.uploaded,
            "deleted": self.deleted,
            "unchanged": self.unchanged,
        }


def push_layout(
    layout: Layout,
    repository: HubRepository,
    options: PushOptions,
    *,
    sleep: Callable[[float], None],
    on_work: OnWork = ignore_work,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Pushed:
    """Bring a repository to what a layout holds.

    Args:
        layout: The files.
        repository: The place they go to; it is created where it is missing.
        options: How files of others are treated.
        sleep: Waits that many seconds.
        on_work: Told how far it has come.
        on_wait: Told in a sentence why it waits.

    Raises:
        UsageError: the layout is too large, or would replace files of others; nothing was sent.
        HubDenied, HubThrottled, HubUnavailable, HubRefused: as their names say; what is committed stays.
    """
    if len(layout.files) >= MOST_FILES:
        raise too_many_files(len(layout.files))
    return _Pushing(layout, repository, options, sleep, on_work, on_wait).run()


@dataclass(slots=True)
class _Pushing:
    layout: Layout
    repository: HubRepository
    options: PushOptions
    sleep: Callable[[float], None]
    on_work: OnWork
    on_wait: Callable[[str], None]
    commits: list[str] = field(default_factory=list)
    uploaded: int = 0
    deleted: int = 0
    total: int = 0
    tries: int = 0
    unclear: PlannedCommit | None = None
    """A commit that was sent and not answered."""
    limits: CommitLimits = field(default_factory=CommitLimits)

    def run(self) -> Pushed:
        self.limits = self.options.limits
        user = self.repository.user()  # alone in not being tried again: a slip of the address is told at once
        head = self._opened()
        is_checked = False
        while True:
            self.on_work(WorkProgress(done=0, total=len(self.layout.files), doing=_COMPARING))
            remote = self._again(partial(self.repository.files, head))
            record = self._record(remote, head)
            found = self._compare(remote, record)
            self._settle_unclear(found, head)
            if not is_checked:
                self._check(remote, found)
                is_checked = True
            try:
                head = self._commit_all(found, remote, record, head)
            except (HeadMoved, CommitUnclear) as error:
                self._count_try(error)
                head = self._opened()
                continue
            return self._pushed(user, head)

    def _opened(self) -> Head:
        """Return the newest commit of the repository, which is created where it is missing."""
        head = self._again(self.repository.head)
        if head is None:
            self._again(lambda: self.repository.create(is_private=self.options.is_private))
            head = self._again(self.repository.head)
        if head is None:
            raise UsageError(f"{self.repository.dataset} was asked for and is still not there: may the token see it?")
        if self.options.is_private and not head.is_private:
            raise UsageError(
                f"{self.repository.dataset} is there already, and public; make it private in its settings on the Hub"
            )
        return head

    def _record(self, remote: Mapping[str, RemoteFile], head: Head) -> PushRecord | None:
        if RECORD not in remote:
            return None
        return read_push_record(self._again(lambda: self.repository.read(RECORD, head)))

    def _compare(self, remote: Mapping[str, RemoteFile], record: PushRecord | None) -> Differences:
        compared = count(1)

        def is_same(path: str, there: RemoteFile) -> bool:
            self.on_work(WorkProgress(done=next(compared), total=len(self.layout.files), doing=_COMPARING))
            return self.layout.is_same(path, there)

        found = differences_of(self.layout.paths, remote, is_same=is_same, is_known=record is not None)
        card = remote.get(CARD)
        is_edited = (
            record is not None and card is not None and CARD in found.changed and card.git_oid != record.card_oid
        )
        foreign = found.changed if record is None else (CARD,) if is_edited else ()
        if foreign and not self.options.overwrites:
            raise _foreign(self.repository.dataset, foreign, is_edited=is_edited)
        return found

    def _check(self, remote: Mapping[str, RemoteFile], found: Differences) -> None:
        """Refuse what would fail after hours of uploads."""
        after = len(remote) + len(found.new) - len(found.gone)
        if after >= MOST_FILES:
            raise too_many_files(after)
        if CARD in (*found.new, *found.changed):
            text = self.layout.read(CARD).decode()
            self._again(lambda: self.repository.check_card(text))
        self.total = found.uploads

    def _commit_all(
        self, found: Differences, remote: Mapping[str, RemoteFile], record: PushRecord | None, head: Head
    ) -> Head:
        self.total = self.uploaded + found.uploads
        for commit in plan_commits(found, remote, self.limits):
            wanted = self._wanted_record(commit, record)
            head = self._commit(commit, wanted if wanted != record else None, head)
            record = wanted
        return head

    def _wanted_record(self, commit: PlannedCommit, record: PushRecord | None) -> PushRecord:
        """Return the record as it is after a commit: from the first one on it says whose the files are."""
        if commit.is_last and CARD in self.layout.files:
            return PushRecord(self.layout.git_oid(CARD))
        return record or PushRecord()

    def _commit(self, commit: PlannedCommit, record: PushRecord | None, head: Head) -> Head:
        additions = []
        for paths in _in_batches(commit.added):
            batch = [self.repository.addition(path, self.layout.place_of(path)) for path in paths]
            self._again(partial(self.repository.upload, batch))
            additions += batch
            self.on_work(WorkProgress(done=self.uploaded + len(additions), total=self.total, doing="uploading"))
        if record is not None:
            additions.append(self.repository.addition(RECORD, record.data()))
        summary = _summary_of(commit)
        try:
            head = self._throttled(
                lambda: self.repository.commit(additions, commit.deleted, head=head, summary=summary)
            )
        except HubUnavailable as error:
            self.unclear = commit
            raise CommitUnclear(error) from error
        self._count(commit, head)
        return head

    def _count(self, commit: PlannedCommit, head: Head) -> None:
        self.commits.append(head.oid)
        self.uploaded += len(commit.added)
        self.deleted += len(commit.deleted)
        self.tries = 0

    def _settle_unclear(self, found: Differences, head: Head) -> None:
        """Count a commit without an answer, if the repository shows that it was made."""
        commit, self.unclear = self.unclear, None
        if commit is not None and not {*commit.added, *commit.deleted} & {*found.new, *found.changed, *found.gone}:
            self._count(commit, head)

    def _count_try(self, error: HeadMoved | CommitUnclear) -> None:
        """Prepare another comparison after a commit of which nobody knows, or one that somebody else was before."""
        self.tries += 1
        if isinstance(error, CommitUnclear):
            if self.tries >= _MOST_TRIES:
                raise error.why
            smaller = max(_SMALLEST_COMMIT, self.limits.new_files // 2)
            self.limits = replace(self.limits, new_files=min(self.limits.new_files, smaller))
            self._pause(_FIRST_PAUSE_S * 2 ** (self.tries - 1), str(error.why))
        elif self.tries >= _MOST_TRIES:
            raise HubUnavailable(f"others commit to {self.repository.dataset} faster than this push can")

    def _again(self, call: Callable[[], _T]) -> _T:
        """Return what a call returns that may be done twice, and is while the Hub does not answer."""
        for attempt in range(_MOST_TRIES - 1):
            try:
                return self._throttled(call)
            except HubUnavailable as error:
                self._pause(_FIRST_PAUSE_S * 2**attempt, str(error))
        return self._throttled(call)

    def _throttled(self, call: Callable[[], _T]) -> _T:
        """Return what a call returns, after the waits that the Hub asks for, if they are short."""
        for _ in range(_MOST_TRIES - 1):
            try:
                return call()
            except HubThrottled as error:
                if error.wait_s is None or error.wait_s > MOST_WAIT_S:
                    raise
                self._pause(error.wait_s + 1, "the Hub asks to wait (HTTP 429)")
        return call()

    def _pause(self, wait_s: float, why: str) -> None:
        self.on_wait(f"{why}; going on in {wait_s:,.0f} s")
        self.sleep(wait_s)

    def _pushed(self, user: str, head: Head) -> Pushed:
        repository = self.repository
        return Pushed(
            dataset=repository.dataset,
            revision=repository.revision,
            url=f"{repository.endpoint}/datasets/{repository.dataset.repo_id}",
            head=head.oid,
            user=user,
            commits=tuple(self.commits),
            uploaded=self.uploaded,
            deleted=self.deleted,
            unchanged=len(self.layout.files) - self.uploaded,
        )


def _in_batches(paths: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(paths), _UPLOADED_TOGETHER):
        yield paths[start : start + _UPLOADED_TOGETHER]


def _summary_of(commit: PlannedCommit) -> str:
    if commit.is_last:
        return "Push a run"
    if not commit.added:
        return "Take back tables until the images below them are replaced"
    return f"Push {len(commit.added):,} images of a run"


def too_many_files(files: int) -> UsageError:
    """Return the error for more files than the Hub wants in a repository."""
    return UsageError(
        f"the repository would hold {files:,} files, and the Hub wants fewer than {MOST_FILES:,}; nothing was sent",
        next_steps=[NextStep.EXPORT_FEW_FILES],
    )


def _foreign(dataset: HubDataset, paths: tuple[str, ...], *, is_edited: bool) -> UsageError:
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else "")
    why = "was edited there since the last push" if is_edited else "would be replaced, and was not put there by a push"
    return UsageError(f"{shown} of {dataset} {why}, so it stays", next_steps=[NextStep.OVERWRITE])
