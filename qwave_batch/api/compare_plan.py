"""A plan beside a run folder, another plan, or its own past in git."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from qwave_batch.api.folder_jobs import FolderJobs
from qwave_batch.api.plan_opening import open_plan
from qwave_batch.api.revisions import FileAtRevision, file_at
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.folder.layout import is_run_folder
from qwave_batch.ledger.folder_identity import SIMULATOR
from qwave_batch.model.codec import Codec, usd_key
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import Problem
from qwave_batch.plan.comparison import Comparison, JobSums, OtherJobs, catalog_price_of, compare, compared_jobs
from qwave_batch.plan.file.plan_file import AnyPlan

if TYPE_CHECKING:
    from qwave_batch.api.account_queries import LiveModelList

Kind: TypeAlias = Literal["folder", "file", "revision", "nothing"]
"""The kind of the other side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanComparison:
    """The difference between a plan and something that was there before."""

    against: str
    """The other side, as it was named; empty when only ``reuse`` was asked about."""
    kind: Kind
    comparison: Comparison
    reuse: tuple[Path, ...] = ()
    """The folders that jobs could be taken from."""
    notes: tuple[str, ...] = ()
    """Notes for the reader, sentences without a full stop."""

    def __repr__(self) -> str:
        """Return a summary on one line."""
        total = self.comparison.total
        return f"PlanComparison(with {self.against or 'nothing'}: {total.to_make.jobs:,} jobs to make)"

    def as_json(self) -> dict[str, Json]:
        """Return what ``plan --against --json`` prints under ``against``."""
        found = self.comparison
        by_stage: dict[str, Json] = {stage: _CHANGE.encode(change) for stage, change in found.by_stage.items()}
        return {
            "name": self.against or None,
            "kind": self.kind,
            "reuse": [str(folder) for folder in self.reuse],
            "notes": list(self.notes),
            **_CHANGE.encode(found.total),
            "removed_kept": found.kept.jobs,
            "by_model": {model: _CHANGE.encode(change) for model, change in found.by_model.items()},
            **({"by_stage": by_stage} if by_stage else {}),
            "first_added": list(found.added),
            "first_removed": list(found.removed),
        }


_CHANGE = Codec({JobSums: {"nusd": usd_key("estimated_usd")}})


def compare_plan(  # noqa: PLR0913  # each is a choice of its own, and has its name
    plan: AnyPlan,
    against: str | None,
    *,
    source: Path,
    reuse: Sequence[Path] = (),
    allow_read: Sequence[Path] = (),
    prices: "LiveModelList | None" = None,
    catalogs: CatalogSource = SHIPPED,
) -> PlanComparison:
    """Return what a plan adds to the other side, removes from it and leaves as it is, and what that costs.

    Args:
        plan: The plan.
        against: A run folder, a plan or spec file, or a git revision of ``source``; None compares with nothing.
        source: The file that the plan came from.
        reuse: Run folders that may give what they have made: the same job, not random.
        allow_read: Folders outside the spec's own that a spec of then may read from.
        prices: The account's prices to count with; None is the catalog's.
        catalogs: The catalogs to look in for that of the other side.

    Raises:
        UsageError: the other side is not a plan, spec or run folder, or cannot be read.
    """
    price_of = prices.estimate_nusd if prices else catalog_price_of
    sources = [FolderJobs.of(folder, plan.catalog_used) for folder in reuse]
    reusable = frozenset[int]().union(*(each.made() for each in sources))
    with _other_side(plan, against, source, allow_read, catalogs) as (kind, theirs, note):
        found = compare(plan.outlines(), theirs, reusable=reusable, price_of=price_of)
    notes = [
        *([note] if note else []),
        *(_note_of(each) for each in sources if _is_simulated(each)),
    ]
    return PlanComparison(against=against or "", kind=kind, comparison=found, reuse=tuple(reuse), notes=tuple(notes))


def _is_simulated(folder_jobs: FolderJobs) -> bool:
    identity = folder_jobs.identity()
    return identity is not None and identity.backend == SIMULATOR


def _note_of(source_folder: FolderJobs) -> str:
    return f"{source_folder.layout.root} was made with the simulator, so only a simulated run takes from it"


@contextmanager
def _other_side(
    plan: AnyPlan, against: str | None, source: Path, allow_read: Sequence[Path], catalogs: CatalogSource
) -> Iterator[tuple[Kind, OtherJobs, str]]:
    """Yield what the other side is, its jobs, and a note."""
    if against is None:
        yield "nothing", lambda: (), ""
    elif is_run_folder(Path(against)):
        folder_jobs = FolderJobs.of(Path(against), plan.catalog_used)
        yield "folder", folder_jobs.jobs, _whose(folder_jobs, plan)
    elif Path(against).is_file():
        other = open_plan(against, allow_read=allow_read, catalogs=catalogs)
        yield "file", lambda: compared_jobs(other.outlines()), ""
    else:
        with ExitStack() as stack:
            then = stack.enter_context(_opened(against, source))
            if not then.exists:
                yield "revision", lambda: (), f"{then.name} is not in {against}, so every job is new"
                return
            with _said_of(then):
                past = open_plan(then.path, allow_read=(then.root, *allow_read), catalogs=catalogs)
            yield "revision", lambda: compared_jobs(past.outlines()), ""


def _whose(folder_jobs: FolderJobs, plan: AnyPlan) -> str:
    """Return a note when a folder holds the run of another spec."""
    identity = folder_jobs.identity()
    if identity is None or identity.spec_name == plan.name:
        return ""
    return f'{folder_jobs.layout.root} holds the run of another spec, "{identity.spec_name}"'


@contextmanager
def _opened(against: str, source: Path) -> Iterator[FileAtRevision]:
    with ExitStack() as stack:
        try:
            then = stack.enter_context(file_at(against, source))
        except UsageError as error:
            raise UsageError(
                f'"{against}" is no run folder, no file, and no git revision that has {source}: {error}'
            ) from error
        yield then


@contextmanager
def _said_of(then: FileAtRevision) -> Iterator[None]:
    """Let problems of the spec of then name it by its revision, and not by where it is laid out."""
    try:
        yield
    except SpecError as error:
        raise SpecError([_moved(problem, then) for problem in error.problems]) from error
    except UsageError as error:
        raise UsageError(then.worded(str(error))) from error


def _moved(problem: Problem, then: FileAtRevision) -> Problem:
    problem = replace(problem, message=then.worded(problem.message))
    place = problem.place
    if place is None:
        return problem
    file = Path(place.file)
    name = file.relative_to(then.root).as_posix() if file.is_relative_to(then.root) else place.file
    return replace(problem, place=replace(place, file=f"{then.revision}:{name}"))
