"""A run as plain data: what it is about, against which API, and how far it may go. It pickles."""

from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.client.connection import AnyConnection
from qwave_batch.model.short_repr import repr_of_changes
from qwave_batch.model.terms import Completion, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The switches of ``qwave-batch run``; the defaults are a plain run."""

    retry_failed: bool = False
    """Also do jobs whose failure is final."""
    resubmit_unknown: bool = False
    """Also send jobs again that are perhaps paid already."""
    fetch_only: bool = False
    """Submit nothing: only fetch images of tasks that have ended, given up ones too."""
    given_up_only: bool = False
    """With ``fetch_only``: only what was paid, or perhaps paid, and given up."""
    pay_again: frozenset[str] | None = None
    """Which jobs ``retry_failed`` may pay for again: those whose images are gone, by what their tasks say now; None is
    all, for a run whose jobs were not looked at first."""
    only: str | None = None
    """Which jobs of the plan this run is about: a template expression over their lines, such as
    ``model == 'imagen-4.0' and 'night' in tags``; None is all."""
    limit: int | None = None
    """The first so many jobs of the plan (of those that ``only`` takes); None is all."""
    concurrency: int | None = None
    """A ceiling for tasks alive at once; it only lowers what the spec says."""
    completion: Completion | None = None
    """How to learn that a task has ended; None is what the spec says."""
    webhook_url: str | None = None
    """The address at which the API reaches the receiver of ``completion: webhook``; None is where it listens."""
    webhook_host: str = "127.0.0.1"
    """The address that the receiver listens on."""
    webhook_port: int = 0
    """The port that the receiver listens on; 0 takes a free one."""
    max_usd: float | None = None
    """A cap on what the folder may ever cost; it only lowers the spec's."""
    until_budget: bool = False
    """Begin even if the estimate is above what the budget leaves, and go on until it is used up."""
    fail_fast: bool = False
    """Submit nothing more after the first job that fails for good."""
    adopt: bool = False
    """Work on a folder that was last used at another path or on another machine."""
    max_wait_s: float = 900.0
    """How long to wait at most for a rate limit or a quota window to open; a longer one ends the run."""
    max_offline_s: float = 120.0
    """How long the API may be out of reach, with nothing else going on, before the run gives up."""
    grace_s: float = 10.0
    """How long what is in flight may take to finish after a first stop."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """All that decides a run, but for callbacks: plain values, so that another process can be sent one.

    Relative paths count from the current folder of the process that runs it. A ``Connection`` holds a key and refuses
    to be pickled; ``ConnectionFromEnviron`` takes the key from the environment of the process that runs it.
    """

    source: Path
    """A spec file, or a plan file."""
    connection: AnyConnection
    """The API to run against."""
    overrides: tuple[str, ...] = ()
    """``path.to.key=value`` strings that change the spec, as ``--set`` takes them."""
    allow_read: tuple[Path, ...] = ()
    """Folders outside the spec's own that it may read from."""
    out_dir: Path | None = None
    """The run folder; None is where ``run_place`` says."""
    options: RunOptions = field(default_factory=RunOptions)
    """Which jobs, and how far."""
    terms: Terms | None = None
    """Limits, retries and budget to hold the run to; None is what the plan says."""
    reuse: tuple[Path, ...] = ()
    """Other run folders that images of the very same jobs may be taken from."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)
