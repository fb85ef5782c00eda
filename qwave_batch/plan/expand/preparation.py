"""Compiles and checks all that a spec says before its first job is made."""

from collections.abc import Iterator, Mapping

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.plan.checks.converted_values import as_written
from qwave_batch.plan.checks.spellings import Spellings
from qwave_batch.plan.checks.usage import UsageCheck, check_limits, with_columns
from qwave_batch.plan.checks.without_effect import IdleCheck
from qwave_batch.plan.expand.axes import Vocabulary, vocabulary_of
from qwave_batch.plan.expand.cases import CaseReader
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.expansion import Expansion
from qwave_batch.plan.expand.image_paths import OutputPath, check_template
from qwave_batch.plan.expand.matrix_resolution import MatrixReader
from qwave_batch.plan.expand.prompts import ROW_NAMES, PromptCompiler, check_names, compile_variables, render_variables
from qwave_batch.plan.expand.scope import Room, compiled, note_unknown
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Path, Spec, Unsupported
from qwave_batch.spec.template.templates import TemplateFault, Value, compile_path

PATH: tuple[str, str] = ("output", "path")


def prepare(spec: Spec, catalog: Catalog, faults: ProblemCollector) -> Expansion:
    """Return the expansion of a spec; its mistakes are noted, and what they leave unknown makes no others."""
    vocabulary = vocabulary_of(catalog)
    axes = {vocabulary.read(axis.name).text for axis in spec.matrix.axes}
    added = _added_names(spec, vocabulary)
    taken = dict.fromkeys(added, "added by an include of the matrix") | dict.fromkeys(axes, "an axis of the matrix")
    check_names(spec.vars, ("vars",), taken, faults)
    check_limits(spec, catalog, faults)
    room = Room()
    named = compile_variables(spec.vars, ("vars",), (), faults)
    variables = render_variables(named, {}, faults, room)
    cell_names = frozenset({*variables, *axes, *added, "prompt", "repeat"})
    shared_names = cell_names | _prompt_names(spec)

    matrix = MatrixReader(
        spec=spec, vocabulary=vocabulary, variables=variables, known=shared_names, faults=faults, room=room
    ).read()
    prompts = PromptCompiler(
        spec=spec, variables=variables.keys(), taken=taken, cell_names=cell_names, faults=faults
    ).compile()
    base = {name: compiled(raw, ("request", name), shared_names, faults) for name, raw in spec.request.items()}
    path = _compiled_path(spec, shared_names | vocabulary.fields | {"job_id"}, faults)
    prompts = with_columns(prompts, base, matrix, path)
    _check_setters(spec, matrix, faults)
    _check_known(spec, matrix, vocabulary, faults)
    UsageCheck(base=base, prompts=prompts, matrix=matrix, path=path, vocabulary=vocabulary, faults=faults).run()
    IdleCheck(spec=spec, variables=named, base=base, prompts=prompts, matrix=matrix, path=path, faults=faults).run()
    spellings = Spellings(spec, vocabulary)
    faults.take_warnings(as_written(spec, catalog, spellings))
    return Expansion(
        spec=spec,
        catalog=catalog,
        base=base,
        prompts=prompts,
        reader=CaseReader(
            variables=variables,
            faults=faults,
            spellings=spellings,
            repeat=spec.repeat,
            calculated=_calculated(base, matrix, path),
        ),
        matrix=matrix,
        output=OutputPath(path, vocabulary.fields),
        faults=faults,
    )


def _calculated(base: Mapping[str, Value | None], matrix: ResolvedMatrix, path: Value | None) -> frozenset[str]:
    """Return the names that the templates which all prompts share do more with than write them down."""
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
    """Return the names that some prompt brings, for the templates that all prompts share."""
    names = {name for entry in spec.prompts for name in entry.vars}
    return names.union(ROW_NAMES) if any(entry.source is not None for entry in spec.prompts) else names


def _compiled_path(spec: Spec, known: frozenset[str], faults: ProblemCollector) -> Value | None:
    check_template(spec.output_path, faults)
    try:
        path = compile_path(spec.output_path, PATH, faults.allowance)
    except TemplateFault as fault:
        faults.add_template(fault, value=spec.output_path)
        return None
    unknown = sorted(path.names - known - path.asked)
    for name in unknown:
        note_unknown(name, known, PATH, faults)
    return None if unknown else path


def _check_known(spec: Spec, matrix: ResolvedMatrix, vocabulary: Vocabulary, faults: ProblemCollector) -> None:
    """Note fields that no model of the catalog takes: leaving them out, or skipping all, would hide a typing mistake.

    Where nothing is left out, the catalog refuses them job by job.
    """
    if spec.unsupported is Unsupported.ERROR:
        return
    for where, name in _set_fields(spec, matrix):
        if name not in vocabulary.fields:
            guess = vocabulary.guess(name)
            faults.add_key(
                where,
                f'no model of catalog {spec.catalog} takes a field "{name}"',
                suggestion=f'did you mean "{guess}"?' if guess else "qwave-batch models MODEL lists the fields of one",
            )


def _set_fields(spec: Spec, matrix: ResolvedMatrix) -> Iterator[tuple[Path, str]]:
    """Yield every field that a spec sets anywhere, with its place."""
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


def _check_setters(spec: Spec, matrix: ResolvedMatrix, faults: ProblemCollector) -> None:
    """Note fields that a prompt sets although an axis does, and texts set as a field."""
    by_axis = {name: axis for axis in matrix.axes for name in axis.sets}
    for entry in spec.prompts:
        for name in entry.request:
            where = ("prompts", entry.position, "request", name)
            if name in by_axis:
                faults.add_key(
                    where,
                    f'"{name}" is set by the axis {by_axis[name].origin[-1]}, so no prompt can set it',
                    suggestion="take one of the two out",
                )
            elif name == "prompt":
                faults.add_key(where, "the prompt is set by text")
    if "prompt" in spec.request:
        faults.add_key(("request", "prompt"), "the prompt is set under prompts")
