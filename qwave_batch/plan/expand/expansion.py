"""Expands a spec into its entries, lazily and in order."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from qwave_batch.errors import SpecError
from qwave_batch.model.job import PlanItem
from qwave_batch.model.job_identity import sample_hash
from qwave_batch.plan.expand.cells import MatrixCell
from qwave_batch.plan.expand.combinations import MOST_COMPARED, MOST_ENTRIES, ResolvedMatrix
from qwave_batch.plan.expand.entries import ExpandCell, ExpandedEntry, StartExpansion
from qwave_batch.plan.expand.image_paths import OutputPath
from qwave_batch.plan.expand.jobs import JobMaker
from qwave_batch.plan.expand.kept_duplicates import KeptDuplicates
from qwave_batch.plan.expand.prompt_cases import CaseReader, PromptCase
from qwave_batch.plan.expand.prompts import CompiledPrompt
from qwave_batch.plan.expand.request_assembly import RequestAssembler
from qwave_batch.plan.plan_summary import PlanEntrySummary
from qwave_batch.plan.problem_collector import ProblemCollector
from qwave_batch.spec.document import Duplicates, Sample, Spec, ValuePath
from qwave_batch.spec.template.templates import TemplateFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The entries of a spec; mistakes found during expansion are reported to ``problems``."""

    spec: Spec
    prompts: Sequence[CompiledPrompt]
    reader: CaseReader
    output: OutputPath
    assembler: RequestAssembler
    start: StartExpansion
    """Begins a pass over all prompts: the plain expansion, or one with a cache that gives the same entries."""

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
        return JobMaker(matrix=self.matrix, output=self.output)

    def items(self) -> Iterator[PlanItem]:
        """Yield each job at its first place, and a duplicate for each later entry with the same job.

        Raises:
            SpecError: After the last item, if there are mistakes: a table has changed since it was counted.
        """
        maker = self.maker
        for entry, is_new in self.folded():
            try:
                yield maker.job(entry) if is_new else maker.duplicate(entry)
            except TemplateFault as fault:
                self.problems.add_template(fault)
        self._raise_problems()

    def outlines(self) -> Iterator[PlanEntrySummary]:
        """Yield a summary of each entry.

        Raises:
            SpecError: After the last one, as ``items`` does.
        """
        maker, labels = self.maker, self.matrix.labels
        for entry, is_new in self.folded():
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
                labels=partial(labels, entry.cell.slots),
            )
        self._raise_problems()

    def folded(self) -> Iterator[tuple[ExpandedEntry, bool]]:
        """Yield the entries in the sample, and whether each is the first of its job."""
        seen: set[int] = set()
        are_apart = self.spec.duplicates is Duplicates.KEEP
        sample = self.spec.sample
        threshold = self._threshold(sample) if sample else None
        for entry in self._set_apart() if are_apart else self.entries():
            if sample and threshold and sample_hash(sample.seed, entry.job_id) > threshold:
                continue
            is_new = are_apart or entry.number not in seen
            if is_new and not are_apart:
                seen.add(entry.number)
            yield entry, is_new

    def _set_apart(self) -> Iterator[ExpandedEntry]:
        """Yield every entry as a job of its own."""
        kept = KeptDuplicates()
        for entry in self.entries():
            kept.set_apart(entry)
            yield entry

    def entries(self) -> Iterator[ExpandedEntry]:
        """Yield every entry of the full product, except those with a mistake, which is reported."""
        if not self._is_feasible():
            return
        index = 0
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
            return entry_of(cell)
        except TemplateFault as fault:
            self.problems.add_template(fault)
        except ValueError as error:
            self.problems.add(cell.case.prompt.origin, f"a request of this prompt has no JSON form: {error}")
        return None

    def _threshold(self, sample: Sample) -> bytes | None:
        """Return the hash up to which jobs are in the sample, so that it has ``count`` of the valid jobs."""
        with self.problems.muted():
            every = self._set_apart() if self.spec.duplicates is Duplicates.KEEP else self.entries()
            ids = {entry.job_id for entry in every if entry.verdict.error is None}
        draws = sorted(sample_hash(sample.seed, job_id) for job_id in ids)
        return draws[sample.count - 1] if len(draws) > sample.count else None

    def _is_feasible(self) -> bool:
        """Whether the matrix is small enough to be expanded; otherwise that is reported."""
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
