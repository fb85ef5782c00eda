"""Compiles all templates of a spec with the names that they see; mistakes are reported, their values unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.model.jsontypes import Json
from qwave_batch.plan.checks.usage import with_columns
from qwave_batch.plan.expand.axes import IMAGES_PER_REQUEST, Vocabulary, vocabulary_of
from qwave_batch.plan.expand.combinations import ResolvedMatrix
from qwave_batch.plan.expand.image_paths import check_template
from qwave_batch.plan.expand.matrix_resolution import MatrixReader
from qwave_batch.plan.expand.parent_jobs import PARENT, STAGE
from qwave_batch.plan.expand.prompts import (
    ROW_NAMES,
    CompiledPrompt,
    PromptCompiler,
    check_names,
    compile_variables,
    render_variables,
)
from qwave_batch.plan.expand.scope import ValueAllowance, compiled, note_unknown
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stage_part import StagePart
from qwave_batch.spec.document import Spec
from qwave_batch.spec.template.templates import TemplateFault, TemplateValue, compile_path

PATH: tuple[str, str] = ("output", "path")


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSpec:
    """A spec with its templates compiled; None stands for one with a mistake."""

    vocabulary: Vocabulary
    named: Mapping[str, TemplateValue | None]
    """``vars``."""
    variables: Mapping[str, Json]
    """``vars``, rendered, and the name of the stage."""
    matrix: ResolvedMatrix
    prompts: Sequence[CompiledPrompt]
    base: Mapping[str, TemplateValue | None]
    """``request``."""
    path: TemplateValue | None
    """``output.path``."""

    @property
    def calculated(self) -> frozenset[str]:
        """The names with which shared templates do more than insert them."""
        shared = [self.path, *self.base.values()]
        shared += (value for entry in self.matrix.includes for value in entry.fields.values())
        for axis in self.matrix.axes:
            for position in range(axis.count if axis.is_listed else 0):
                shared += axis.value(position).late.values()
        return frozenset().union(*(value.calculated for value in shared if value))


class _Names(NamedTuple):
    """The names of a spec beside its ``vars``."""

    axes: frozenset[str]
    added: frozenset[str]
    """Variables that includes may add."""
    taken: Mapping[str, str]
    """Those that no variable may hide, with their kinds."""


def compile_spec(
    spec: Spec, catalog: Catalog, images: InputImages, problems: ProblemCollector, part: StagePart | None
) -> CompiledSpec:
    """Return a spec with its templates compiled.

    Args:
        spec: The spec.
        catalog: Its catalog.
        images: The images that requests name by their files.
        problems: Collects the mistakes.
        part: The stage that the spec is of; None for a spec without stages.
    """
    of_parents = part is not None and part.parents is not None
    vocabulary = vocabulary_of(catalog)
    names = _names(spec, vocabulary, part)
    check_names(spec.vars, ("vars",), names.taken, problems)
    allowance = ValueAllowance()
    named = compile_variables(spec.vars, ("vars",), (), problems)
    variables = render_variables(named, {}, problems, allowance)
    if part is not None:
        variables[STAGE] = part.stage.name
    counted = {IMAGES_PER_REQUEST} if spec.images is not None else set[str]()
    cell_names = frozenset({*variables, *names.axes, *names.added, *counted, "prompt", "repeat"})
    shared_names = cell_names | _prompt_names(spec) | ({PARENT} if of_parents else set[str]())
    matrix = MatrixReader(
        spec=spec,
        images=images,
        vocabulary=vocabulary,
        variables=variables,
        known=shared_names,
        problems=problems,
        allowance=allowance,
        is_of_stage=part is not None,
    ).read()
    prompts = PromptCompiler(
        spec=spec,
        variables=variables.keys(),
        taken=names.taken,
        cell_names=cell_names,
        problems=problems,
        of_parents=of_parents,
    ).compile()
    base = {name: compiled(raw, ("request", name), shared_names, problems) for name, raw in spec.request.items()}
    path = _compiled_path(spec, shared_names | vocabulary.fields | {"job_id"}, problems)
    return CompiledSpec(
        vocabulary=vocabulary,
        named=named,
        variables=variables,
        matrix=matrix,
        prompts=with_columns(prompts, base, matrix, path),
        base=base,
        path=path,
    )


def _names(spec: Spec, vocabulary: Vocabulary, part: StagePart | None) -> _Names:
    axes = frozenset(vocabulary.read(axis.name).text for axis in spec.matrix.axes)
    added = _added_names(spec, vocabulary)
    taken = dict.fromkeys(added, "added by an include of the matrix") | dict.fromkeys(axes, "an axis of the matrix")
    if spec.images is not None:
        taken[IMAGES_PER_REQUEST] = "what templates know with images"
    if part is not None:
        taken |= dict.fromkeys((PARENT, STAGE), "what templates know of a spec with stages")
    return _Names(axes, frozenset(added), taken)


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
