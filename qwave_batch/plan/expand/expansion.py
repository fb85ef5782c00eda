"""Expands a spec into its entries, lazily and in order."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from qwave_batch.errors import SpecError
from qwave_batch.model.cost_range import NOTHING
from qwave_batch.model.job import JobError, PlanItem
from qwave_batch.model.job_identity import sample_hash
from qwave_batch.model.planned_stage import ChildSkip
from qwave_batch.plan.expand.cells import MatrixCell
from qwave_batch.plan.expand.combinations import MOST_COMPARED, MOST_ENTRIES, ResolvedMatrix
from qwave_batch.plan.expand.entries import ExpandCell, ExpandedEntry, StartExpansion
from qwave_batch.plan.expand.image_paths import OutputPath
from qwave_batch.plan.expand.jobs import JobMaker
from qwave_batch.plan.expand.kept_duplicates import KeptDuplicates
from qwave_batch.plan.expand.parent_jobs import ParentJob
from qwave_batch.plan.expand.prompt_cases import CaseReader, PromptCase
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Duplicates, Sample, Spec, ValuePath
from qwave_batch.spec.template.templates import TemplateFault


@dataclass(slots=True)
class PlanPlaces:
    """The state of one pass over a plan, which goes on from stage to stage."""

    next_index: int = 0
    """The place in the full product of what comes next."""
    jobs: set[int] | None = field(default_factory=set)
    """The jobs so far, by number; None where every entry is a job of its own."""

    def is_new(self, number: int) -> bool:
        """Whether a job has not come yet; from now on it has."""
        if self.jobs is None:
            return True
        before = len(self.jobs)
        self.jobs.add(number)
        return len(self.jobs) > before


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The entries of a spec, or of one of its stages; mistakes found on the way are reported to ``problems``."""

    spec: Spec
    prompts: Sequence[CompiledPrompt]
    reader: CaseReader
    output: OutputPath
    assembler: RequestAssembler
    stage: str = ""
    """The name of the stage; empty for a spec without stages."""
    start: StartExpansion
    """Begins a pass over all prompts: the plain expansion, or one with a cache that gives the same entries."""
    _thresholds: dict[Sample, bytes | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The threshold of the sample, once it is found: to find it takes a pass, and each later stage needs it again."""

    @property
    def matrix(self) -> ResolvedMatrix:
        """The combinations of every prompt."""
        return self.assembler.matrix

    @property
    def problems(self) -> ProblemCollector:
        """The problems reported during expansion."""
        return self.assembler.problems

    @property
    def maker(self) -> JobMaker:
        """Builds whole jobs from the entries."""
        return JobMaker(
            matrix=self.matrix,
            output=self.output,
            stage=self.stage,
            reference_fields=self.assembler.catalog.reference_fields,
        )

    def items(self, places: PlanPlaces) -> Iterator[PlanItem]:
        """Yield each job at its first place, and a duplicate for each later entry with the same job.

        Raises:
            SpecError: After the last item, if there are mistakes: a table has changed since it was counted.
        """
        maker = self.maker
        for entry, is_new in self.folded(places):
            try:
                yield maker.job(entry) if is_new else maker.duplicate(entry)
            except TemplateFault as fault:
                self.problems.add_template(fault)
        self._raise_problems()

    def outlines(self, places: PlanPlaces) -> Iterator[PlanEntrySummary]:
        """Yield a summary of each entry.

        Raises:
            SpecError: After the last one, as ``items`` does.
        """
        maker = self.maker
        for entry, is_new in self.folded(places):
            verdict = entry.verdict
            yield PlanEntrySummary(
                number=entry.number,
                is_new=is_new,
                model=verdict.model.name,
                images=verdict.max_images,
                nusd=entry.estimate().most_nusd,
                dropped=verdict.dropped,
                error=verdict.error,
                job=partial(maker.job, entry),
                labels=partial(maker.axes, entry.cell),
                stage=self.stage,
            )
        self._raise_problems()

    def parents(self) -> Iterator[ParentJob]:
        """Yield the jobs of every entry, as parents of a later stage's jobs; nothing is reported again."""
        maker = self.maker
        with self.problems.muted():
            for entry, _ in self.folded(PlanPlaces(jobs=None)):
                yield ParentJob(job=maker.job_without_path(entry), parent=entry.cell.case.parent)

    def folded(self, places: PlanPlaces) -> Iterator[tuple[ExpandedEntry, bool]]:
        """Yield the entries in the sample, and whether each is the first of its job."""
        are_apart = self.spec.duplicates is Duplicates.KEEP
        sample = self.spec.sample
        threshold = self._known_threshold(sample) if sample else None
        for entry in self._set_apart(places) if are_apart else self.entries(places):
            if sample and threshold and sample_hash(sample.seed, entry.job_id) > threshold:
                continue
            yield entry, places.is_new(entry.number)

    def _set_apart(self, places: PlanPlaces) -> Iterator[ExpandedEntry]:
        """Yield every entry as a job of its own."""
        kept = KeptDuplicates()
        for entry in self.entries(places):
            kept.set_apart(entry)
            yield entry

    def entries(self, places: PlanPlaces | None = None) -> Iterator[ExpandedEntry]:
        """Yield every entry of the full product, except those with a mistake, which is reported.

        Args:
            places: The state of the pass, with the next index; None begins a pass of its own.
        """
        if not self.is_feasible():
            return
        places = PlanPlaces() if places is None else places
        index = places.next_index
        self.reader.start()
        self.problems.allowance.refill()
        expand = self.start(self.assembler)
        combinations = self.matrix.held()
        entries_of = self._repeated if self.spec.images is None else self._counted
        for prompt in self.prompts:
            entry_of = expand(prompt)
            for case in self.reader.cases(prompt):
                if index > MOST_ENTRIES:
                    self._note_size(prompt.origin, f"prompts and matrix make more than {index:,} {self._placed}")
                    return
                index = yield from entries_of(entry_of, case, combinations, index)
                places.next_index = index

    def _repeated(
        self, entry_of: ExpandCell, case: PromptCase, combinations: Iterable[tuple[int, ...]], index: int
    ) -> Generator[ExpandedEntry, None, int]:
        """Yield the entries of a case, each request as often as ``repeat`` says; return the index after them."""
        repeats = range(self.spec.repeat)
        for slots in combinations:
            for repeat in repeats:
                if case.is_kept:
                    entry = self._entry(entry_of, MatrixCell(case, slots, repeat, index))
                    if entry:
                        yield entry
                index += 1
        return index

    def _counted(
        self, entry_of: ExpandCell, case: PromptCase, combinations: Iterable[tuple[int, ...]], index: int
    ) -> Generator[ExpandedEntry, None, int]:
        """Yield the entries of a case, as many as make the wanted images; return the index after them.

        Each image has its own place in the order, and an entry has that of its first image.
        """
        for slots in combinations:
            if case.is_kept:
                yield from self._with_images(entry_of, MatrixCell(case, slots, 0, index))
            index += self.spec.places
        return index

    def _with_images(self, entry_of: ExpandCell, cell: MatrixCell) -> Iterator[ExpandedEntry]:
        """Yield the entry of a combination's first cell, then those that make the rest of its images."""
        first = self._entry(entry_of, cell)
        if first is None:
            return
        yield first
        images = first.cell.images_per_request
        if images is None:
            return
        for place in range(images, self.spec.places, images):
            later = MatrixCell(cell.case, cell.slots, place // images, cell.index + place, images)
            entry = self._entry(entry_of, later)
            if entry:
                yield entry

    def _entry(self, entry_of: ExpandCell, cell: MatrixCell) -> ExpandedEntry | None:
        try:
            entry = entry_of(cell)
            return entry if entry is None else _as_its_parent(entry)
        except TemplateFault as fault:
            self.problems.add_template(fault)
        except ValueError as error:
            self.problems.add(cell.case.prompt.origin, f"a request of this prompt has no JSON form: {error}")
        return None

    def _known_threshold(self, sample: Sample) -> bytes | None:
        if sample not in self._thresholds:
            self._thresholds[sample] = self._threshold(sample)
        return self._thresholds[sample]

    def _threshold(self, sample: Sample) -> bytes | None:
        """Return the hash up to which jobs are in the sample, so that it has ``count`` of the valid jobs."""
        with self.problems.muted():
            places = PlanPlaces()
            every = self._set_apart(places) if self.spec.duplicates is Duplicates.KEEP else self.entries(places)
            ids = {entry.job_id for entry in every if entry.verdict.error is None}
        draws = sorted(sample_hash(sample.seed, job_id) for job_id in ids)
        return draws[sample.count - 1] if len(draws) > sample.count else None

    def known_entries(self) -> int | None:
        """Return how many entries the full product has; None if rows, ``where`` or a sample decide, or for too many."""
        parents = self.reader.parents
        if self.spec.sample is not None or any(prompt.table is not None for prompt in self.prompts):
            return None
        many = 1 if parents is None else parents.known if parents.where is None else None
        known = None if many is None else many * self._per_parent()
        return known if known is None or known <= MOST_ENTRIES else None

    def _per_parent(self) -> int:
        return len(self.prompts) * self.matrix.size() * self.spec.places

    def is_feasible(self) -> bool:
        """Whether the matrix is small enough to be expanded, for all parents; otherwise that is reported."""
        parents = self.reader.parents
        known = None if parents is None or parents.where is not None else parents.known
        if known is not None and known * self._per_parent() > MOST_ENTRIES:
            made = f"{known:,} parents make {known * self._per_parent():,} {self._placed} of this stage"
            self._note_size(("from_stage",), made)
            return False
        per_prompt = self.matrix.size() * self.spec.places
        if per_prompt > MOST_ENTRIES:
            self._note_size(("matrix",), f"the matrix makes {per_prompt:,} {self._placed} of every prompt")
            return False
        if not self.matrix.can_compare:
            self.problems.add(
                ("matrix",),
                f"excludes and includes are compared with {self.matrix.comparisons:,} values of axes; "
                f"at most {MOST_COMPARED:,} are compared",
                suggestion="write fewer of them, or shorter axes",
            )
            return False
        return True

    @property
    def _placed(self) -> str:
        """The word for what has a place in the order."""
        return "jobs" if self.spec.images is None else "images"

    def _note_size(self, where: ValuePath, message: str) -> None:
        self.problems.add(
            where, f"{message}; a plan has at most {MOST_ENTRIES:,}", suggestion="take fewer, or some of them"
        )

    def _raise_problems(self) -> None:
        if self.problems.has_errors():
            raise SpecError(self.problems.found())


def _as_its_parent(entry: ExpandedEntry) -> ExpandedEntry:
    """Return an entry that is skipped if its parent is."""
    parent = entry.cell.case.parent
    if parent is None or parent.job.skip is None or entry.verdict.error is not None:
        return entry
    job = parent.job
    message = f'its parent, of stage "{job.stage}", is skipped: {job.skip.message if job.skip else ""}'
    error = JobError(code=ChildSkip.PARENT_SKIPPED.value, message=message)
    entry.verdict = replace(entry.verdict, error=error, estimate=NOTHING, unpriced=(), callback={})
    return entry
