"""Counts the entries of a plan in one pass, and checks properties that involve all of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from qwave_batch.model.planned_stage import PlannedStage
from qwave_batch.model.problem import MOST_PROBLEMS
from qwave_batch.plan.checks.link_expiry import SignedLinks
from qwave_batch.plan.checks.prompt_texts import TextCheck
from qwave_batch.plan.checks.same_requests import Sameness
from qwave_batch.plan.checks.same_seeds import SameSeeds
from qwave_batch.plan.expand.entries import ExpandedEntry
from qwave_batch.plan.expand.expansion import Expansion, PlanPlaces
from qwave_batch.plan.expand.image_paths import PathClashes
from qwave_batch.plan.expand.jobs import JobMaker, TakeEntry
from qwave_batch.plan.expand.prompt_cases import PromptCase
from qwave_batch.plan.input_images import InputImages
from qwave_batch.plan.plan_samples import PlanSampler
from qwave_batch.plan.plan_summary import Figures
from qwave_batch.plan.stage_figures import PickBound
from qwave_batch.plan.stages import PreparedPlan
from qwave_batch.spec.template.templates import TemplateFault


def count_plan(
    prepared: PreparedPlan,
    figures: Figures,
    sampler: PlanSampler | None = None,
    take: TakeEntry | None = None,
    stages: Sequence[PlannedStage] = (),
) -> None:
    """Count a plan into ``figures``, and pass its jobs to the sampler; all mistakes found are reported.

    Args:
        prepared: The spec.
        figures: The counts, which grow.
        sampler: Picks samples among the jobs.
        take: Given all entries.
        stages: The stages of the plan.
    """
    # one stage after another may be expanded for minutes before the one that is too large
    feasible = [expansion.is_feasible() for expansion in prepared.expansions] if len(prepared.parts) > 1 else []
    if not all(feasible):
        return
    bound = PickBound(stages)
    pass_ = _Pass(figures=figures, sampler=sampler or PlanSampler(), take=take, places=prepared.places(), bound=bound)
    told = 0
    for part in prepared.parts:
        _PartCount(part.expansion, part.links, prepared.images, pass_).run()
        told += len(part.expansion.problems)
        if told >= MOST_PROBLEMS:  # that nobody reads: each stage finds again what is wrong outside of all
            return
    figures.most_by_stage = bound.by_stage()


@dataclass(slots=True, kw_only=True)
class _Pass:
    """The state of the count, which goes on from stage to stage."""

    figures: Figures
    """Grows during the pass."""
    sampler: PlanSampler
    take: TakeEntry | None
    places: PlanPlaces
    bound: PickBound
    clashes: PathClashes = field(default_factory=PathClashes)


@dataclass(slots=True)
class _PartCount:
    """One pass over an expansion; whole jobs are only built for the sampler."""

    expansion: Expansion
    links: SignedLinks
    images: InputImages
    """Learns which of its images the jobs use."""
    whole: _Pass

    def run(self) -> None:
        """Count the plan; all mistakes found are reported."""
        expansion, figures, sampler = self.expansion, self.whole.figures, self.whole.sampler.of(self.expansion.stage)
        texts = TextCheck(spec=expansion.spec, matrix=expansion.matrix, problems=expansion.problems)
        sameness = Sameness(
            base=expansion.assembler.base,
            matrix=expansion.matrix,
            unsupported=expansion.spec.unsupported,
            problems=expansion.problems,
        )
        seeds = SameSeeds(expansion.problems)
        texts.begin(expansion.prompts)
        maker, checks_paths = expansion.maker, not expansion.output.is_safe
        made, wanted, last, start = 0, sampler.next_position, None, self.whole.places.next_index
        case: PromptCase | None = None
        for entry, is_new in self._entries(maker):
            verdict = entry.verdict
            prompt = entry.prompt()
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
                if sameness.is_open and verdict.error is None:
                    sameness.see_again(entry)
                continue
            self.images.take(verdict.images)
            figures.count(
                verdict.model.name,
                verdict.error,
                verdict.max_images,
                entry.estimate(),
                verdict.unpriced,
                stage=expansion.stage,
            )
            if verdict.error is None:
                sameness.is_open = False
                seeds.see(entry)
                if made == wanted or (prompt is not last and type(prompt) is str and len(prompt) > sampler.longest):
                    sampler.look(made, maker.job_without_path(entry))
                    wanted = sampler.next_position
                last = prompt
                made += 1
                if checks_paths:
                    self._check_path(maker, entry)
        sameness.finish(lambda: expansion.entries(PlanPlaces(next_index=start)))
        self.links.note_axes(expansion.matrix)
        self.links.report(expansion.problems)
        figures.has_signed_links = figures.has_signed_links or bool(self.links)

    def _entries(self, maker: JobMaker) -> Iterator[tuple[ExpandedEntry, bool]]:
        folded, take = self.expansion.folded(self.whole.places), self.whole.take
        if self.whole.bound.is_needed:
            folded = _bounded(folded, self.whole.bound, maker)
        return folded if take is None else _taken(folded, take, maker)

    def _check_path(self, maker: JobMaker, entry: ExpandedEntry) -> None:
        """Report an output path that fails, or that another job has taken."""
        expansion, index = self.expansion, entry.cell.index
        try:
            path = maker.path(entry, entry.request())
        except TemplateFault as fault:
            expansion.problems.add_template(fault)
            return
        other = self.whole.clashes.claim(path, entry.verdict.max_images, index)
        if other is not None:
            expansion.problems.add(
                ("output", "path"),
                f'jobs {other} and {index} would both be written to "{path}"',
                value=path,
                suggestion=expansion.output.lacking(axis.name.text for axis in expansion.matrix.axes),
            )


def _taken(
    entries: Iterable[tuple[ExpandedEntry, bool]], take: TakeEntry, maker: JobMaker
) -> Iterator[tuple[ExpandedEntry, bool]]:
    for entry, is_new in entries:
        take(maker, entry, is_new=is_new)
        yield entry, is_new


def _bounded(
    entries: Iterable[tuple[ExpandedEntry, bool]], bound: PickBound, maker: JobMaker
) -> Iterator[tuple[ExpandedEntry, bool]]:
    for entry, is_new in entries:
        if is_new:
            bound.see(maker.job_without_path(entry))
        else:
            bound.see_again(maker.duplicate(entry))
        yield entry, is_new
