"""A plan beside a run folder, another plan, or its own past in git."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from qwave_batch.api.holdings import Holdings
from qwave_batch.api.planning import open_plan
from qwave_batch.api.revisions import FileAtRevision, file_at
from qwave_batch.catalog.registry import open_catalog
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.money import usd_from_nusd
from qwave_batch.model.problem import Problem
from qwave_batch.plan.comparison import Change, Comparison, PriceOf, Sum, Theirs, catalog_price_of, compare, known_jobs
from qwave_batch.plan.planfile import AnyPlan

Kind: TypeAlias = Literal["folder", "file", "revision", "nothing"]
"""What the other side is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanComparison:
    """What tells a plan from something that was there before."""

    against: str
    """The other side, as it was named; empty when only ``reuse`` was asked about."""
    kind: Kind
    comparison: Comparison
    reuse: str | None = None
    """The folder that jobs could be taken from."""
    note: str = ""
    """What else is to be known, a sentence without a full stop."""

    def as_json(self) -> dict[str, Json]:
        """Return what ``plan --against --json`` prints under ``against``."""
        found = self.comparison
        return {
            "name": self.against or None,
            "kind": self.kind,
            "reuse": self.reuse,
            "note": self.note or None,
            **_change_as_json(found.total),
            "removed_kept": found.kept.jobs,
            "by_model": {model: _change_as_json(change) for model, change in found.by_model.items()},
            "first_added": list(found.added),
            "first_removed": list(found.removed),
        }


def compare_plan(
    plan: AnyPlan,
    against: str | None,
    *,
    source: Path,
    reuse: Path | None = None,
    allow_read: Sequence[Path] = (),
    price_of: PriceOf = catalog_price_of,
) -> PlanComparison:
    """Return what a plan adds to the other side, removes from it and leaves as it is, and what that costs.

    Args:
        plan: The plan.
        against: A run folder, a plan or spec file, or a git revision of ``source``; None compares with nothing.
        source: The file that the plan came from.
        reuse: A run folder that may give what it has made: the same job, not random.
        allow_read: Folders outside the spec's own that a spec of then may read from.
        price_of: The prices to count with.

    Raises:
        UsageError: the other side is none of those, or can't be read.
    """
    reusable = Holdings.of(reuse, open_catalog(plan.catalog)).made() if reuse else frozenset[int]()
    with _other_side(plan, against, source, allow_read) as (kind, theirs, note):
        found = compare(plan.items(), theirs, reusable=reusable, price_of=price_of)
    return PlanComparison(
        against=against or "", kind=kind, comparison=found, reuse=str(reuse) if reuse else None, note=note
    )


@contextmanager
def _other_side(
    plan: AnyPlan, against: str | None, source: Path, allow_read: Sequence[Path]
) -> Iterator[tuple[Kind, Theirs, str]]:
    if against is None:
        yield "nothing", lambda: (), ""
    elif Path(against).is_dir():
        holdings = Holdings.of(Path(against), open_catalog(plan.catalog))
        name = holdings.spec_name()
        yield (
            "folder",
            holdings.jobs,
            f'it holds the run of another spec, "{name}"' if name not in {None, plan.name} else "",
        )
    elif Path(against).is_file():
        other = open_plan(against, allow_read=allow_read)
        yield "file", lambda: known_jobs(other.items()), ""
    else:
        with ExitStack() as stack:
            try:
                then = stack.enter_context(file_at(against, source))
            except UsageError as error:
                raise UsageError(
                    f'"{against}" is no run folder, no file, and no git revision that has {source}: {error}'
                ) from error
            if not then.exists:
                yield "revision", lambda: (), f"{then.name} is not in {against}, so every job is new"
                return
            with _said_of(then):
                past = open_plan(then.path, allow_read=(then.root, *allow_read))
            yield "revision", lambda: known_jobs(past.items()), ""


@contextmanager
def _said_of(then: FileAtRevision) -> Iterator[None]:
    """Let problems of the spec of then name it by its revision, and not by where it is laid out."""
    try:
        yield
    except SpecError as error:
        raise SpecError([_moved(problem, then) for problem in error.problems]) from error
    except UsageError as error:
        raise UsageError(str(error).replace(str(then.path), f"{then.revision}:{then.name}")) from error


def _moved(problem: Problem, then: FileAtRevision) -> Problem:
    place = problem.place
    if place is None:
        return problem
    file = Path(place.file)
    name = file.relative_to(then.root).as_posix() if file.is_relative_to(then.root) else place.file
    return replace(problem, place=replace(place, file=f"{then.revision}:{name}"))


def _change_as_json(change: Change) -> dict[str, Json]:
    sums = {
        "added": change.added,
        "removed": change.removed,
        "unchanged": change.unchanged,
        "made": change.made,
        "held": change.held,
        "failed": change.failed,
        "reused": change.reused,
        "to_make": change.to_make,
    }
    return {name: _sum_as_json(each) for name, each in sums.items()}


def _sum_as_json(each: Sum) -> dict[str, Json]:
    return {"jobs": each.jobs, "images": each.images, "estimated_usd": usd_from_nusd(each.nusd)}
