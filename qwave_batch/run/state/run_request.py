"""A run as plain data: its jobs, its API and its limits. It can be pickled."""

from dataclasses import dataclass, field
from pathlib import Path

from qwave_batch.client.connection import AnyConnection
from qwave_batch.model.executor import RayExecutor
from qwave_batch.model.short_repr import repr_of_changes
from qwave_batch.model.terms import Completion, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of ``qwave-batch run``; the defaults are those of a plain run."""

    retry_failed: bool = False
    """Also retry jobs whose failure is final."""
    resubmit_unknown: bool = False
    """Also resubmit jobs that may have been paid for already."""
    fetch_only: bool = False
    """Submit nothing: only fetch images of tasks that have ended, including given-up ones."""
    given_up_only: bool = False
    """With ``fetch_only``: only tasks that were or may have been paid for and were given up."""
    pay_again: frozenset[str] | None = None
    """The jobs that ``retry_failed`` may pay for again: those whose images are gone according to their tasks; None
    means all, for a run without such a check."""
    only: str | None = None
    """The jobs of the plan that the run covers: a template expression over their lines, such as ``model == 'imagen-4.0'
    and 'night' in tags``; None means all."""
    limit: int | None = None
    """The number of jobs to cover, from the start of the plan (among those that ``only`` accepts); None means all."""
    concurrency: int | None = None
    """A ceiling for tasks alive at once; it can only lower the spec's."""
    completion: Completion | None = None
    """How to learn that a task has ended; None means the spec's setting."""
    webhook_url: str | None = None
    """The address at which the API reaches the receiver of ``completion: webhook``; None means its own address."""
    webhook_host: str = "127.0.0.1"
    """The address that the receiver listens on."""
    webhook_port: int = 0
    """The port that the receiver listens on; 0 takes a free one."""
    public_url: str | None = None
    """The https address under which anyone can read what is in the run folder or its store: an image of a job is passed
    to the next one by it where the API has the image no more."""
    max_usd: float | None = None
    """A cap on the total cost of the folder; it can only lower the spec's."""
    until_budget: bool = False
    """Start even if the estimate exceeds the budget, and continue until the budget is used up."""
    fail_fast: bool = False
    """Submit nothing more after the first job that fails for good."""
    report: bool = False
    """Keep a page to look at the images in ``report`` of the run folder, current while the run goes on."""
    adopt: bool = False
    """Work on a folder that was last used at another path or on another machine."""
    max_wait_s: float = 900.0
    """The longest wait for a rate limit or a quota window to open; a longer one ends the run."""
    max_offline_s: float = 120.0
    """How long the API may be unreachable, with nothing else going on, before the run gives up."""
    grace_s: float = 10.0
    """How long calls in flight may take to finish after a first stop."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """All inputs of a run except callbacks: plain values that can be sent to another process.

    Relative paths start from the current folder of the process that runs it. A ``Connection`` holds a key and refuses
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
    catalog_path: Path | None = None
    """A folder with catalogs of the user beside those that ship with the program."""
    out_dir: Path | None = None
    """The run folder; None means the one of ``run_place``."""
    store: str | None = None
    """The address of the object store that is to have the results; None means the one of the folder or the spec."""
    options: RunOptions = field(default_factory=RunOptions)
    """The options: which jobs, and within which limits."""
    terms: Terms | None = None
    """Limits, retries and budget of the run; None means the plan's."""
    reuse: tuple[Path, ...] = ()
    """Other run folders whose images of identical jobs may be reused."""
    executor: RayExecutor | None = None
    """The Ray whose workers fetch the images; None where that is done by the process that runs it."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        return repr_of_changes(self)
