"""Compiles and checks a spec before its first job is made."""

from dataclasses import dataclass

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.plan.cache.cached_expansion import expand_with_cache
from qwave_batch.plan.checks.converted_values import as_written
from qwave_batch.plan.checks.excludes import ExcludeCheck
from qwave_batch.plan.checks.field_setters import check_counts, check_known, check_setters
from qwave_batch.plan.checks.link_expiry import SignedLinks
from qwave_batch.plan.checks.parent_uses import ParentUses
from qwave_batch.plan.checks.spellings import Spellings
from qwave_batch.plan.checks.table_row_checks import RowChecks
from qwave_batch.plan.checks.usage import UsageCheck, check_limits
from qwave_batch.plan.checks.without_effect import IdleCheck
from qwave_batch.plan.compilation import CompiledSpec, compile_spec
from qwave_batch.plan.expand.entries import StartExpansion
from qwave_batch.plan.expand.expansion import Expansion
from qwave_batch.plan.expand.image_paths import OutputPath
from qwave_batch.plan.expand.later_where import LaterWhere
from qwave_batch.plan.expand.parent_references import ParentReferences
from qwave_batch.plan.expand.parent_selection import ParentSelection
from qwave_batch.plan.expand.prompt_cases import CaseReader
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.expand.request_images import RequestImages
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.plan.stage_part import StagePart
from qwave_batch.spec.document import Spec, SpecStage
from qwave_batch.spec.template.templates import TemplateValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedSpec:
    """A spec that is ready for expansion."""

    expansion: Expansion
    links: SignedLinks
    """Checks the links of each request that is built."""
    inherited_axes: tuple[str, ...] = ()
    """The axes of its jobs that are those of their ancestors."""

    @property
    def later_where(self) -> LaterWhere | None:
        """The ``where`` of its stage, if it can be decided only once the parents are made and scored."""
        parents = self.expansion.reader.parents
        return None if parents is None else parents.later

    def followed_by(self, stage: SpecStage) -> StagePart:
        """Return a stage that is made from the jobs of this one."""
        own = (axis.name.text for axis in self.expansion.matrix.axes)
        return StagePart(
            stage=stage,
            parents=self.expansion.parents,
            known=self.expansion.known_entries(),
            axes=(*own, *self.inherited_axes),
        )


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
    check_limits(spec, catalog, problems)
    whole = compile_spec(spec, catalog, images, problems, part)
    spellings = Spellings(spec, whole.vocabulary)
    where = None if part is None else part.where(whole.variables, problems)
    _check(spec, catalog, whole, where, spellings, problems)
    links = SignedLinks(
        catalog.callback_fields, uncounted=catalog.image_fields if spec.stable_addresses else frozenset()
    )
    reader = CaseReader(
        variables=whole.variables,
        problems=problems,
        observer=RowChecks(problems=problems, spellings=spellings, repeat=spec.places),
        calculated=whole.calculated,
        parents=None if part is None else _parents(part, whole, where, catalog, problems),
    )
    assembler = RequestAssembler(
        catalog=catalog,
        base=whole.base,
        matrix=whole.matrix,
        unsupported=spec.unsupported,
        wanted=spec.images,
        problems=problems,
        images=RequestImages(catalog, images),
        references=ParentReferences(catalog),
        stable_addresses=spec.stable_addresses,
        observe=links.observe,
    )
    expansion = Expansion(
        spec=spec,
        prompts=whole.prompts,
        reader=reader,
        output=OutputPath(whole.path, whole.vocabulary.fields),
        assembler=assembler,
        start=start,
        stage="" if part is None else part.stage.name,
    )
    inherited = () if part is None else part.inherited_axes
    return PreparedSpec(expansion=expansion, links=links, inherited_axes=inherited)


def _check(
    spec: Spec,
    catalog: Catalog,
    whole: CompiledSpec,
    where: TemplateValue | None,
    spellings: Spellings,
    problems: ProblemCollector,
) -> None:
    """Report the mistakes that show in the parts of a spec beside each other."""
    matrix, vocabulary = whole.matrix, whole.vocabulary
    ExcludeCheck(spec, matrix, problems).run()
    check_setters(spec, matrix, problems)
    check_counts(spec, catalog, matrix, problems)
    check_known(spec, matrix, vocabulary, problems)
    UsageCheck(
        base=whole.base,
        prompts=whole.prompts,
        matrix=matrix,
        path=whole.path,
        vocabulary=vocabulary,
        problems=problems,
    ).run()
    IdleCheck(
        spec=spec,
        variables=whole.named,
        base=whole.base,
        prompts=whole.prompts,
        matrix=matrix,
        path=whole.path,
        where=where,
        problems=problems,
    ).run()
    problems.take_warnings(as_written(spec, catalog, spellings))


def _parents(
    part: StagePart, whole: CompiledSpec, where: TemplateValue | None, catalog: Catalog, problems: ProblemCollector
) -> ParentSelection | None:
    """Return the parents of a stage, after what its templates ask of them is checked."""
    if part.parents is None:
        return None
    uses = ParentUses(
        base=whole.base,
        prompts=whole.prompts,
        matrix=whole.matrix,
        where=where,
        path=whole.path,
        catalog=catalog,
        problems=problems,
    )
    return part.selection(where, whole.variables, problems, uses.run())
