"""Expands a spec into its jobs, lazily and in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from qwave_batch.catalog.catalog import Catalog
from qwave_batch.errors import SpecError
from qwave_batch.model.job import PlanItem
from qwave_batch.plan.cache.free_fields import JsonFragmentCache, holes_of, with_text
from qwave_batch.plan.cache.request_templates import shapes_of
from qwave_batch.plan.checks.prompt_texts import TextCheck
from qwave_batch.plan.checks.same_requests import Sameness
from qwave_batch.plan.checks.signed_links import SignedLinks
from qwave_batch.plan.expand.assembly import Assembler, content_fields
from qwave_batch.plan.expand.cases import CaseReader, PromptCase
from qwave_batch.plan.expand.combinations import MOST_COMPARED, MOST_ENTRIES, ResolvedMatrix
from qwave_batch.plan.expand.entries import Cell, Entry, JobMaker, PromptExpander
from qwave_batch.plan.expand.image_paths import OutputPath, PathClashes
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_identity import draw
from qwave_batch.plan.expand.requests import RequestBuilder
from qwave_batch.plan.plan_samples import Sampler
from qwave_batch.plan.plan_summary import Figures, PlanEntrySummary
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Path, Sample, Spec
from qwave_batch.spec.template.templates import TemplateFault, Value


@dataclass(slots=True, kw_only=True)
class Expansion:
    """The jobs of a spec; what is wrong with them is noted in ``faults`` on the way."""

    spec: Spec
    catalog: Catalog
    base: Mapping[str, Value | None]
    """The spec's own ``request``, compiled."""
    prompts: Sequence[CompiledPrompt]
    reader: CaseReader
    matrix: ResolvedMatrix
    output: OutputPath
    faults: ProblemCollector
    _maker: JobMaker = field(init=False)
    _assembler: Assembler = field(init=False)
    _links: SignedLinks = field(init=False, default_factory=SignedLinks)

    def __post_init__(self) -> None:
        self._maker = JobMaker(matrix=self.matrix, output=self.output)
        self._assembler = Assembler(
            catalog=self.catalog,
            unsupported=self.spec.unsupported,
            content=content_fields(self.catalog.models),
            faults=self.faults,
            links=self._links,
        )

    def items(self) -> Iterator[PlanItem]:
        """Yield each job at its first place, and a twin wherever the same job comes up again.

        Raises:
            SpecError: Behind the last item, where there are mistakes: a table has changed since it was counted.
        """
        for entry, is_new in self._folded():
            try:
                yield self._maker.job(entry) if is_new else self._maker.twin(entry)
            except TemplateFault as fault:
                self.faults.add_template(fault)
        if self.faults.has_errors():
            raise SpecError(self.faults.problems())

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield the entries in outline.

        Raises:
            SpecError: Behind the last one, as ``items`` does.
        """
        for entry, is_new in self._folded():
            shape = entry.shape
            yield PlanEntrySummary(
                number=entry.number,
                is_new=is_new,
                model=shape.model.name,
                images=shape.max_images,
                nusd=shape.estimated_nusd,
                dropped=shape.dropped,
                error=shape.error,
                job=partial(self._maker.job, entry),
                labels=partial(self.matrix.labels, entry.cell.slots),
            )
        if self.faults.has_errors():
            raise SpecError(self.faults.problems())

    def count(self, figures: Figures, sampler: Sampler | None = None) -> None:
        """Count the plan, and make no jobs but those for ``sampler``; every mistake in it is noted on the way."""
        sampler = Sampler() if sampler is None else sampler
        clashes = PathClashes()
        texts = TextCheck(spec=self.spec, matrix=self.matrix, faults=self.faults)
        sameness = Sameness(base=self.base, matrix=self.matrix, unsupported=self.spec.unsupported, faults=self.faults)
        texts.begin(self.prompts)
        made, wanted, last = 0, sampler.next_position, None
        case: PromptCase | None = None
        for entry, is_new in self._folded():
            shape = entry.shape
            prompt = shape.body.get("prompt") if shape.prompt_hole is None else entry.values[shape.prompt_hole]
            if entry.cell.case is not case:
                is_next = case is None or entry.cell.case.prompt is not case.prompt
                case = entry.cell.case
                if is_next:
                    texts.next_prompt(case)
                    sameness.next_prompt(case.prompt, has_error=texts.has_error)
                sameness.next_case()
                if type(prompt) is str:
                    texts.next_case(case, prompt)
            if not is_new:
                figures.folded += 1
                if sameness.is_open and shape.error is None:
                    sameness.see_again(entry)
                continue
            figures.count(
                model=shape.model.name,
                error=shape.error,
                images=shape.max_images,
                estimated_nusd=shape.estimated_nusd,
            )
            if shape.error is None:
                sameness.is_open = False
                if made == wanted or (prompt is not last and type(prompt) is str and len(prompt) > sampler.longest):
                    sampler.look(made, self._maker.unplaced(entry))
                    wanted = sampler.next_position
                last = prompt
                made += 1
            if not self.output.is_safe:
                self._check_path(entry, clashes)
        sameness.finish(self._entries)
        self._note_links()
        figures.has_signed_links = bool(self._links)

    def _note_links(self) -> None:
        """Note links that are signed for a time; of an axis that sets one field alone not all were put together."""
        for axis in self.matrix.axes:
            if axis.alone and axis.is_listed:
                for value in map(axis.value, range(axis.count)):
                    for name, link in value.fields.items():
                        self._links.note(link, value.place_of(name))
        self._links.tell(self.faults)

    def _folded(self) -> Iterator[tuple[Entry, bool]]:
        """Yield the entries that the sample keeps, and whether each is the first of its job."""
        seen: set[int] = set()
        sample = self.spec.sample
        threshold = self._threshold(sample) if sample else None
        for entry in self._entries():
            if sample and threshold and draw(sample.seed, entry.job_id) > threshold:
                continue
            is_new = entry.number not in seen
            if is_new:
                seen.add(entry.number)
            yield entry, is_new

    def _threshold(self, sample: Sample) -> bytes | None:
        """Return the hash up to which jobs are in the sample, so that ``count`` of those that can be made are."""
        with self.faults.muted():
            ids = {entry.job_id for entry in self._entries() if entry.shape.error is None}
        draws = sorted(draw(sample.seed, job_id) for job_id in ids)
        return draws[sample.count - 1] if len(draws) > sample.count else None

    def _entries(self) -> Iterator[Entry]:
        """Yield every entry of the full product that can be put together."""
        per_prompt = self.matrix.size() * self.spec.repeat
        if per_prompt > MOST_ENTRIES:
            self._note_size(("matrix",), f"the matrix makes {per_prompt:,} jobs of every prompt")
            return
        if not self.matrix.can_compare:
            self.faults.add(
                ("matrix",),
                f"excludes and includes are held against {self.matrix.comparisons:,} values of axes; "
                f"at most {MOST_COMPARED:,} are compared",
                suggestion="write fewer of them, or shorter axes",
            )
            return
        index = 0
        fragments = JsonFragmentCache()
        shared: list[PromptExpander] = []
        self.reader.start()
        self.faults.allowance.refill()
        for prompt in self.prompts:
            lane = self._lane(prompt, fragments, shared)
            for case in self.reader.cases(prompt):
                if index > MOST_ENTRIES:
                    self._note_size(prompt.origin, f"prompts and matrix make more than {index:,} jobs")
                    return
                lane.next_case()
                for slots in self.matrix:
                    for repeat in range(self.spec.repeat):
                        entry = self._entry(lane, Cell(case, slots, repeat, index)) if case.is_kept else None
                        index += 1
                        if entry:
                            yield entry

    def _note_size(self, where: Path, what: str) -> None:
        self.faults.add(where, f"{what}; a plan has at most {MOST_ENTRIES:,}", suggestion="take fewer, or some of them")

    def _lane(
        self, prompt: CompiledPrompt, fragments: JsonFragmentCache, shared: list[PromptExpander]
    ) -> PromptExpander:
        """Return what the entries of a prompt go through; ``shared`` is that of prompts that have a text alone."""
        builder = RequestBuilder(self.base, prompt, self.matrix)
        is_text_alone = not (prompt.request or prompt.variables or prompt.table)
        if shared and is_text_alone:
            return replace(shared[0], builder=builder, holes=with_text(shared[0].holes, builder))
        holes = holes_of(builder, self.catalog)
        shapes = shapes_of(builder, holes)
        lane = PromptExpander(
            builder=builder, holes=holes, shapes=shapes, fragments=fragments, assembler=self._assembler
        )
        if is_text_alone and not shapes.follows_prompt:
            shared.append(lane)
        return lane

    def _entry(self, lane: PromptExpander, cell: Cell) -> Entry | None:
        try:
            return lane.entry(cell)
        except TemplateFault as fault:
            self.faults.add_template(fault)
        except ValueError as error:
            self.faults.add(lane.builder.prompt.origin, f"a request of this prompt has no JSON form: {error}")
        return None

    def _check_path(self, entry: Entry, clashes: PathClashes) -> None:
        """Note an output path that fails, or that another job has taken."""
        if entry.shape.error:
            return
        try:
            path = self._maker.path(entry, entry.shape.request(entry.values))
        except TemplateFault as fault:
            self.faults.add_template(fault)
            return
        other = clashes.claim(path, entry.shape.max_images, entry.cell.index)
        if other is not None:
            self.faults.add(
                ("output", "path"),
                f'jobs {other} and {entry.cell.index} would both be written to "{path}"',
                value=path,
                suggestion=self.output.lacking(axis.name.text for axis in self.matrix.axes),
            )
