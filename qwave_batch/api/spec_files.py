"""Questions about a spec file that need no run: its problems, its support matrix; and a first spec to start from."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from qwave_batch.api.plan_opening import open_plan
from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, StorageError, UsageError
from qwave_batch.model.problem import Problem, SourcePlace
from qwave_batch.plan.file.plan_file import SavedPlan, is_plan_file
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.plan.planner import Plan, catalog_of_spec
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stages import prepare_plan
from qwave_batch.plan.support_matrix import SupportMatrix, axes_that_set_fields, support_of
from qwave_batch.resources import shipped
from qwave_batch.spec.document import Spec, Unsupported
from qwave_batch.spec.loading import load_spec


@dataclass(frozen=True, slots=True)
class SpecCheck:
    """The result of checking a spec."""

    problems: tuple[Problem, ...]
    """Errors first, then warnings."""
    plan: Plan | SavedPlan | None = None
    """None where there are errors."""


def check_spec(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    catalogs: CatalogSource = SHIPPED,
) -> list[Problem]:
    """Return everything that is wrong with a spec, errors first, warnings too; empty when all is well.

    Args:
        path: The spec file.
        overrides: ``path.to.key=value`` strings, as ``--set`` takes them.
        allow_read: Folders outside the spec's own that it may read from.
        catalogs: The catalogs to look in.
    """
    return list(examine_spec(path, overrides=overrides, allow_read=allow_read, catalogs=catalogs).problems)


def examine_spec(
    path: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    catalogs: CatalogSource = SHIPPED,
) -> SpecCheck:
    """Return what is wrong with a spec as ``check_spec`` does, and its plan where nothing forbids it."""
    try:
        plan = open_plan(path, overrides=overrides, allow_read=allow_read, catalogs=catalogs)
    except SpecError as error:
        return SpecCheck(error.problems)
    except UsageError as error:  # the file itself can't be read
        message = str(error).removeprefix(f"{path} ")
        message = f"it {message}" if message != str(error) else message
        return SpecCheck((Problem(message=message, place=SourcePlace(str(path))),))
    return SpecCheck(plan.warnings if isinstance(plan, Plan) else (), plan)


def support_matrix(
    source: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    catalogs: CatalogSource = SHIPPED,
) -> SupportMatrix:
    """Return which model takes, drops or refuses which value of which axis, whatever ``unsupported`` says.

    Raises:
        SpecError: the spec can't be read; a model that refuses something is not a problem here.
        UsageError: it is a plan in a file, which has no axes to judge, or its catalog is not at hand.
    """
    if is_plan_file(Path(source)):
        raise UsageError(f"{source} is a plan, and only a spec has axes to look at")
    spec = _dropping(load_spec(source, overrides=overrides, allow_read=allow_read))
    catalog = catalog_of_spec(spec, ProblemCollector(spec.source_map), catalogs)
    prepared = prepare_plan(spec, catalog, lambda part: ProblemCollector(part.source_map))
    entries = _as_far_as_they_go(prepared.outlines())
    return support_of(entries, catalog, axes_that_set_fields(spec, catalog))


def _dropping(spec: Spec) -> Spec:
    """Return a spec that drops what a model does not take, and so do its stages."""
    stages = tuple(replace(stage, spec=_dropping(stage.spec)) for stage in spec.stages)
    return replace(spec, unsupported=Unsupported.DROP, stages=stages)


def _as_far_as_they_go(entries: Iterator[PlanEntrySummary]) -> Iterator[PlanEntrySummary]:
    """Yield the entries of a spec that may have mistakes; who plans it is told of them."""
    with suppress(SpecError):
        yield from entries


_SPEC = "specs/quickstart.yaml"
_SCHEMA = "schemas/spec.schema.json"


def write_first_spec(folder: str | Path = ".") -> Path:
    """Write ``quickstart.yaml`` and the schema that editors check it with into ``folder``; return the spec's path.

    Raises:
        UsageError: one of the files is there already; nothing was written.
        StorageError: the disk refuses.
    """
    spec = Path(folder) / Path(_SPEC).name
    schema = Path(folder) / Path(_SCHEMA).name
    for file in (spec, schema):
        if file.exists():
            raise UsageError(f"{file} is there already, and nothing was written; name another folder")
    text = shipped(_SPEC).read_text(encoding="utf-8")
    try:
        spec.parent.mkdir(parents=True, exist_ok=True)
        _write_new(schema, shipped(_SCHEMA).read_text(encoding="utf-8"))
        _write_new(spec, text.replace(f"../{_SCHEMA}", schema.name).replace(_SPEC, spec.as_posix()))
    except OSError as error:
        raise StorageError(f"cannot write {error.filename or spec}: {error.strerror}") from error
    return spec


def _write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet."""
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
