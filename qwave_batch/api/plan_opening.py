"""From a spec, or a plan in a file, to a plan that can be shown, written and run."""

from collections.abc import Sequence
from pathlib import Path

from qwave_batch.catalog.catalog_source import SHIPPED, CatalogSource
from qwave_batch.errors import SpecError, UsageError
from qwave_batch.files.tree import Tree
from qwave_batch.folder.storage import storage_errors, write_atomic
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.problem import SourcePlace
from qwave_batch.plan.file.plan_draft import PlanDraft
from qwave_batch.plan.file.plan_file import AnyPlan, SavedPlan, is_plan_file, plan_lines, read_plan
from qwave_batch.plan.plan_summary import Watch, figures_as_json
from qwave_batch.plan.planner import Plan, make_plan, rest_problems
from qwave_batch.spec.document import Spec
from qwave_batch.spec.loading import SpecReading, read_spec
from qwave_batch.spec.recovery import is_consequence


def open_plan(
    source: str | Path,
    *,
    overrides: Sequence[str] = (),
    allow_read: Sequence[Path] = (),
    watch: Watch | None = None,
    out: str | Path | None = None,
    catalogs: CatalogSource = SHIPPED,
) -> Plan | SavedPlan:
    """Return the plan of a spec file, or the plan that ``write_plan`` wrote to a file.

    Args:
        source: A spec, or a plan (``.jsonl``).
        overrides: ``path.to.key=value`` strings, as ``--set`` takes them.
        allow_read: Folders outside the spec's own that it may read from.
        watch: Given the figures before they are counted, to look at them from another thread while they grow.
        out: A file to write the plan to as well, as ``write_plan`` does, while it is made.
        catalogs: The catalogs to look in.

    Raises:
        SpecError: the spec has problems; all of them are listed.
        UsageError: it is not a plan, or it is to be run with changes; or the name of ``out`` is not one of a plan.
        StorageError: the disk refuses to take ``out``.
    """
    if not is_plan_file(Path(source)):
        spec = _sound(read_spec(source, overrides=overrides, allow_read=allow_read), catalogs)
        if out is None:
            return make_plan(spec, watch=watch, catalogs=catalogs)
        return _made_into(Path(out), spec, watch, catalogs)
    if overrides:
        raise UsageError(f"{source} is a plan, which is run as it stands; only a spec can be overridden")
    plan = read_plan(Path(source), watch=watch, allow_read=allow_read, catalogs=catalogs)
    if out is not None:
        write_plan(plan, out)
    return plan


def _made_into(file: Path, spec: Spec, watch: Watch | None, catalogs: CatalogSource) -> Plan:
    """Return the plan of a spec, after writing it to a file; its jobs are made once for both."""
    try:
        draft = PlanDraft(file.parent)
    except OSError:  # which is reported behind the problems of the spec, when the file is written
        plan = make_plan(spec, watch=watch, catalogs=catalogs)
        write_plan(plan, file)
        return plan
    with draft:
        plan = make_plan(spec, watch=watch, take=draft.take, catalogs=catalogs)
        _write(plan, file, draft)
    return plan


def _sound(reading: SpecReading, catalogs: CatalogSource) -> Spec:
    """Return a spec without problems, or raise with all of them: those that planning finds in the rest of it too."""
    if reading.spec is not None and not reading.problems:
        return reading.spec
    problems = [*reading.problems, *reading.warnings]
    if reading.spec is not None:
        problems += [
            found
            for found in rest_problems(reading.spec, catalogs=catalogs)
            if found.severity == "warning" or not is_consequence(found, reading.problems, is_partial=reading.is_partial)
        ]
    raise SpecError(sorted(problems, key=lambda problem: problem.place or SourcePlace("")))


def write_plan(plan: AnyPlan, file: str | Path) -> None:
    """Write a plan to ``file``: a header line, then a line per job, in plan order.

    Raises:
        UsageError: the file's name would not be taken for a plan.
        StorageError: the disk refuses.
    """
    _write(plan, Path(file), None)


def _write(plan: AnyPlan, path: Path, draft: PlanDraft | None) -> None:
    if not is_plan_file(path):
        raise UsageError(f'a plan\'s file ends in .jsonl, and "{path}" does not')
    lines = plan_lines(plan, beside=path.parent, draft=draft)
    with storage_errors(path):
        write_atomic(Tree(path.parent), path.name, (line.encode() for line in lines))


def plan_summary(plan: AnyPlan) -> dict[str, Json]:
    """Return a plan's figures, as ``plan --json`` prints them."""
    overlay = plan.catalog_used.overlay
    header: dict[str, Json] = {"name": plan.name, "spec_sha256": plan.spec_sha256, "catalog": plan.catalog}
    if overlay is not None:
        header["overlay"] = overlay.as_json()
    return figures_as_json(plan.figures, header, assumptions(plan), plan.stages)


def assumptions(plan: AnyPlan) -> dict[str, tuple[str, ...]]:
    """Return what the estimates of a plan's models assume, by model; nothing of models whose cost is certain."""
    models, by_model = plan.catalog_used.models, plan.figures.by_model
    return {
        name: models[name].price.assumed
        for name, figures in by_model.items()
        if name in models and models[name].price.assumed and not figures.estimate.is_exact
    }
