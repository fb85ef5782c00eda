"""Compiles and checks a spec before its first job is made."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.jsontypes import Json
from qwave_batch.model.next_step import Advice, NextStep
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.checks.converted_values import as_written
from qwave_batch.plan.checks.excludes import ExcludeCheck
from qwave_batch.plan.checks.link_expiry import SignedLinks
from qwave_batch.plan.checks.parent_uses import ParentUses
from qwave_batch.plan.checks.pick_names import check_pick
from qwave_batch.plan.checks.spellings import Spellings
from qwave_batch.plan.checks.table_row_checks import RowChecks
from qwave_batch.plan.checks.usage import UsageCheck, check_limits, with_columns
from qwave_batch.plan.checks.without_effect import IdleCheck
from qwave_batch.plan.expand.axes import IMAGES_PER_REQUEST, Vocabulary, vocabulary_of
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.entries import StartExpansion
from qwave_batch.plan.expand.expansion import Expansion
from qwave_batch.plan.expand.image_paths import OutputPath, check_template
from qwave_batch.plan.expand.later_where import LaterWhere, is_decided_later
from qwave_batch.plan.expand.matrix_resolution import MatrixReader
from qwave_batch.plan.expand.parent_jobs import PARENT, STAGE, ParentJob
from qwave_batch.plan.expand.parent_references import ParentReferences
from qwave_batch.plan.expand.parent_selection import WHERE, ParentSelection
from qwave_batch.plan.expand.prompt_cases import CaseReader
from qwave_batch.plan.expand.prompts import ROW_NAMES, PromptCompiler, check_names, compile_variables, render_variables
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.expand.request_images import RequestImages
from qwave_batch.plan.expand.scope import ValueAllowance, compiled, note_unknown
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Spec, SpecStage, Unsupported, ValuePath
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_path

JobsOfStage: TypeAlias = Callable[[], Iterable[ParentJob]]
PATH: tuple[str, str] = ("output", "path")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSpec:
    """A spec that is ready for expansion."""

    expansion: Expansion
    links: SignedLinks
    """Checks the links of each request that is built."""

    @property
    def later_where(self) -> LaterWhere | None:
        """The ``where`` of its stage, if it can be decided only once the parents are made and scored."""
        parents = self.expansion.reader.parents
        return None if parents is None else parents.later

    def axes(self, inherited: Collection[str]) -> tuple[str, ...]:
        """Return the axes of its jobs: its own, then those of its ancestors."""
        return (*(axis.name.text for axis in self.expansion.matrix.axes), *inherited)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePart:
    """A stage, and the jobs that its own are made from."""

    stage: SpecStage
    parents: JobsOfStage | None
    """Yields the jobs of the stage that it goes on from; None for a stage that begins with prompts."""
    axes: tuple[str, ...] = ()
    """The axes of those jobs."""


def prepare(
    spec: Spec,
    catalog: Catalog,
    problems: ProblemCollector,
    *,
    start: StartExpansion = expand_with_cache,
    images: InputImages,
    part: StagePart | None = None,
) -> PreparedSpec:
    """Return a compiled and checked spec; its mistakes are reported, and values left unknown by them cause no others.

    Args:
        spec: The spec.
        catalog: The catalog of the spec.
        problems: Collects the mistakes.
        start: The implementation of the expansion: ``expand_plainly`` has the same semantics without caches.
        images: The images that requests name by their files.
        part: The stage that the spec is of, with what its jobs are made from; None for a spec without stages.
    """
    of_parents = part is not None and part.parents is not None
    vocabulary = vocabulary_of(catalog)
    axes = {vocabulary.read(axis.name).text for axis in spec.matrix.axes}
    added = _added_names(spec, vocabulary)
    taken = dict.fromkeys(added, "added by an include of the matrix") | dict.fromkeys(axes, "an axis of the matrix")
    if spec.images is not None:
        taken[IMAGES_PER_REQUEST] = "what templates know with images"
    if part is not None:
        taken |= dict.fromkeys((PARENT, STAGE), "what templates know of a spec with stages")
    check_names(spec.vars, ("vars",), taken, problems)
    check_limits(spec, catalog, problems)
    allowance = ValueAllowance()
    named = compile_variables(spec.vars, ("vars",), (), problems)
    variables = render_variables(named, {}, problems, allowance)
    if part is not None:
        variables[STAGE] = part.stage.name
    counted = {IMAGES_PER_REQUEST} if spec.images is not None else set[str]()
    cell_names = frozenset({*variables, *axes, *added, *counted, "prompt", "repeat"})
    shared_names = cell_names | _prompt_names(spec) | ({PARENT} if of_parents else set[str]())

    matrix = MatrixReader(
        spec=spec,
        images=images,
        vocabulary=vocabulary,
        variables=variables,
        known=shared_names,
        problems=problems,
        allowance=allowance,
    ).read()
    ExcludeCheck(spec, matrix, problems).run()
    prompts = PromptCompiler(
        spec=spec,
        variables=variables.keys(),
        taken=taken,
        cell_names=cell_names,
        problems=problems,
        of_parents=of_parents,
    ).compile()
    base = {name: compiled(raw, ("request", name), shared_names, problems) for name, raw in spec.request.items()}
    path = _compiled_path(spec, shared_names | vocabulary.fields | {"job_id"}, problems)
    prompts = with_columns(prompts, base, matrix, path)

    _check_setters(spec, matrix, problems)
    _check_counts(spec, catalog, matrix, problems)
    _check_known(spec, matrix, vocabulary, problems)
    UsageCheck(base=base, prompts=prompts, matrix=matrix, path=path, vocabulary=vocabulary, problems=problems).run()
    where = _compiled_where(part, variables, problems)
    IdleCheck(
        spec=spec,
        variables=named,
        base=base,
        prompts=prompts,
        matrix=matrix,
        path=path,
        where=where,
        problems=problems,
    ).run()
    spellings = Spellings(spec, vocabulary)
    problems.take_warnings(as_written(spec, catalog, spellings))

    uses = ParentUses(
        base=base, prompts=prompts, matrix=matrix, where=where, path=path, catalog=catalog, problems=problems
    )
    parents = None
    if part is not None and part.parents is not None:
        parents = _selection(part, part.parents, where, variables, problems, uses.run())
    links = SignedLinks(
        catalog.callback_fields, uncounted=catalog.image_fields if spec.stable_addresses else frozenset()
    )
    reader = CaseReader(
        variables=variables,
        problems=problems,
        observer=RowChecks(problems=problems, spellings=spellings, repeat=spec.places),
        calculated=_calculated(base, matrix, path),
        parents=parents,
    )
    assembler = RequestAssembler(
        catalog=catalog,
        base=base,
        matrix=matrix,
        unsupported=spec.unsupported,
        wanted=spec.images,
        problems=problems,
        images=RequestImages(catalog, images),
        references=ParentReferences(catalog),
        stable_addresses=spec.stable_addresses,
        observe=links.observe,
    )
    output = OutputPath(path, vocabulary.fields)
    expansion = Expansion(
        spec=spec,
        prompts=prompts,
        reader=reader,
        output=output,
        assembler=assembler,
        start=start,
        stage="" if part is None else part.stage.name,
    )
    return PreparedSpec(expansion=expansion, links=links)


def _compiled_where(
    part: StagePart | None, variables: Mapping[str, Json], problems: ProblemCollector
) -> TemplateValue | None:
    """Return the ``where`` of a stage; None without one, or for one with a mistake, which is reported."""
    if part is None or part.stage.where is None:
        return None
    return compiled(part.stage.where.strip(), WHERE, {*variables, PARENT}, problems)


def _selection(
    part: StagePart,
    source: JobsOfStage,
    where: TemplateValue | None,
    variables: Mapping[str, Json],
    problems: ProblemCollector,
    image_use: ValuePath | None,
) -> ParentSelection:
    is_later = where is not None and is_decided_later(where)
    later = None
    if where is not None and is_later:
        used = {name: value for name, value in variables.items() if name in where.names}
        later = LaterWhere(template=where, variables=used)
    if part.stage.pick is not None:
        check_pick(part.stage.pick, part.axes, problems)
    return ParentSelection(
        source=source,
        where=None if is_later else where,
        later=later,
        variables=variables,
        problems=problems,
        image_use=image_use,
    )


def _calculated(
    base: Mapping[str, TemplateValue | None], matrix: ResolvedMatrix, path: TemplateValue | None
) -> frozenset[str]:
    """Return the names with which shared templates do more than insert them."""
    shared = [path, *base.values(), *(value for entry in matrix.includes for value in entry.fields.values())]
    for axis in matrix.axes:
        for position in range(axis.count if axis.is_listed else 0):
            shared += axis.value(position).late.values()
    return frozenset().union(*(value.calculated for value in shared if value))


def _added_names(spec: Spec, vocabulary: Vocabulary) -> set[str]:
    """Return the names of variables that includes may add."""
    names = (vocabulary.read(written) for entry in spec.matrix.include for written in entry)
    return {name.text for name in names if not name.is_field}


def _prompt_names(spec: Spec) -> set[str]:
    """Return the names that some prompt defines, for the shared templates."""
    names = {name for entry in spec.prompts for name in entry.vars}
    return names.union(ROW_NAMES) if any(entry.source is not None for entry in spec.prompts) else names


def _compiled_path(spec: Spec, known: frozenset[str], problems: ProblemCollector) -> TemplateValue | None:
    check_template(spec.output_path, problems)
    try:
        path = compile_path(spec.output_path, PATH, problems.allowance)
    except TemplateFault as fault:
        problems.add_template(fault, value=spec.output_path)
        return None
    unknown = sorted(path.names - known - path.asked)
    for name in unknown:
        note_unknown(name, known, PATH, problems)
    return None if unknown else path


def _check_known(spec: Spec, matrix: ResolvedMatrix, vocabulary: Vocabulary, problems: ProblemCollector) -> None:
    """Report fields that no model of the catalog takes: dropping them, or skipping all, would hide a typing mistake.

    If nothing is dropped, the catalog rejects them job by job.
    """
    if spec.unsupported is Unsupported.ERROR:
        return
    for where, name in _set_fields(spec, matrix):
        if name not in vocabulary.fields:
            former = vocabulary.former.get(name)
            guess = None if former else vocabulary.guess(name)
            problems.add_key(
                where,
                f'no model of catalog {spec.catalog} takes a field "{name}"',
                suggestion=former.instead if former else f'did you mean "{guess}"?' if guess else None,
                next_step=None if guess or former else Advice(NextStep.SHOW_MODEL),
            )


def _set_fields(spec: Spec, matrix: ResolvedMatrix) -> Iterator[tuple[ValuePath, str]]:
    """Yield every field that a spec sets anywhere, with its path."""
    yield from ((("request", name), name) for name in spec.request)
    for entry in spec.prompts:
        yield from ((("prompts", entry.position, "request", name), name) for name in entry.request)
    for axis in matrix.axes:
        if not axis.is_listed:
            yield from ((axis.origin, name) for name in axis.sets)
            continue
        for value in map(axis.value, range(axis.count)):
            yield from ((value.place_of(name), name) for name in (*value.fields, *value.late))
    for include in matrix.includes:
        yield from (((*include.origin, name), name) for name in include.fields)


def _check_counts(spec: Spec, catalog: Catalog, matrix: ResolvedMatrix, problems: ProblemCollector) -> None:
    """Report fields that say how many images to make where ``images`` does."""
    if spec.images is None:
        return
    counts = frozenset().union(*(model.count_fields for model in catalog.models.values()))
    by_axis = ((axis.origin, name) for axis in matrix.axes for name in axis.sets)
    others = ((where, name) for where, name in _set_fields(spec, matrix) if where[:1] != ("matrix",))
    by_include = (((*include.origin, name), name) for include in matrix.includes for name in include.fields)
    for where, name in (*others, *by_axis, *by_include):
        if name in counts:
            message = f'"{name}" is set by images: {spec.images}, so nothing else can set it'
            problems.add_key(where, message, suggestion="take one of the two out")


def _check_setters(spec: Spec, matrix: ResolvedMatrix, problems: ProblemCollector) -> None:
    """Report fields that a prompt sets although an axis does, and texts set as a field."""
    by_axis = {name: axis for axis in matrix.axes for name in axis.sets}
    for entry in spec.prompts:
        for name in entry.request:
            where = ("prompts", entry.position, "request", name)
            if name in by_axis:
                problems.add_key(
                    where,
                    f'"{name}" is set by the axis {by_axis[name].origin[-1]}, so no prompt can set it',
                    suggestion="take one of the two out",
                )
            elif name == "prompt":
                problems.add_key(where, "the prompt is set by text")
    if "prompt" in spec.request:
        problems.add_key(("request", "prompt"), "the prompt is set under prompts")
