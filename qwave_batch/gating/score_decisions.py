"""Rules on scores, decided from the cells of one folder or of two. Pure."""

from collections.abc import Sequence

from qwave_batch.gating.cell_pairs import Pairing
from qwave_batch.gating.drawn_intervals import Bounds
from qwave_batch.gating.gate_rules import NoWorseRule, ScoreTerms, ThresholdRule, reaches
from qwave_batch.gating.gate_sentences import (
    NO_JOBS,
    few_prompts_sentence,
    missing_sentence,
    no_worse_sentence,
    number_sentence,
    threshold_sentence,
    unpaired_sentence,
)
from qwave_batch.gating.measures import Measure
from qwave_batch.gating.paired_difference import paired_difference
from qwave_batch.gating.rule_results import RuleOutcome, RuleResult
from qwave_batch.gating.score_estimates import ScoreCounts, ScoreEstimate, count_scores, estimate_score
from qwave_batch.gating.scored_cells import ScoredCell
from qwave_batch.scoring.scorer import Better


def decide_threshold(
    rule: ThresholdRule, cells: Sequence[ScoredCell], bounds: Bounds, group: str | None = None
) -> RuleResult:
    """Return whether a statistic of a score is what the rule asks for; ``bounds`` are those of the score itself."""
    counts = count_scores(cells, rule.score)
    reason = _not_enough(rule.score, rule.terms, counts)
    if reason is not None:
        return _failed(rule, group, reason, counts)
    found = estimate_score(cells, rule.score, rule.statistic, bounds)
    outcome = _threshold_outcome(rule, found)
    return RuleResult(
        rule=rule.head.name,
        number=rule.head.number,
        group=group,
        outcome=outcome,
        is_passed=_is_passed(outcome, rule.terms),
        reason=threshold_sentence(rule, found, counts, outcome),
        value=found.value,
        low=None if found.interval is None else found.interval.low,
        high=None if found.interval is None else found.interval.high,
        prompts=counts.prompts,
        missing=counts.missing,
    )


def decide_no_worse(
    rule: NoWorseRule, pairing: Pairing, cells: Sequence[ScoredCell], measure: Measure, group: str | None = None
) -> RuleResult:
    """Return whether a score is no worse than in another folder.

    Args:
        rule: The rule.
        pairing: The other folder and this one, as the first and the second side.
        cells: The cells of this one.
        measure: The score, with its direction.
        group: The group that all of it is about.
    """
    counts = count_scores(cells, rule.score)
    if counts.missing_share > rule.terms.max_missing or not counts.numbers:
        reason = _not_enough(rule.score, rule.terms, counts) or NO_JOBS
        return _failed(rule, group, reason, counts)
    found = paired_difference(pairing.pairs, measure)
    left_out = len({pair.prompt_id for pair in pairing.pairs}) if found is None else found.left_out
    unpaired = pairing.unpaired.cells + left_out
    if found is None or unpaired > rule.terms.max_missing * (len(pairing.pairs) + pairing.unpaired.cells):
        return _failed(rule, group, unpaired_sentence(rule, pairing, left_out), counts)
    if found.prompts < rule.terms.min_prompts or found.interval is None:
        wanted = max(rule.terms.min_prompts, 2)
        return _failed(rule, group, few_prompts_sentence(rule.score, found.prompts, wanted), counts)
    is_lower_better = measure.better is Better.LOWER
    interval = found.interval
    best, worst = (-interval.low, -interval.high) if is_lower_better else (interval.high, interval.low)
    if reaches(worst, -rule.margin):
        outcome = RuleOutcome.PASSED
    else:
        outcome = RuleOutcome.UNDECIDED if reaches(best, -rule.margin) else RuleOutcome.FAILED
    return RuleResult(
        rule=rule.head.name,
        number=rule.head.number,
        group=group,
        outcome=outcome,
        is_passed=_is_passed(outcome, rule.terms),
        reason=no_worse_sentence(rule, found, outcome, is_lower_better=is_lower_better),
        value=found.difference,
        low=interval.low,
        high=interval.high,
        prompts=found.prompts,
        missing=counts.missing + left_out,
    )


def _threshold_outcome(rule: ThresholdRule, found: ScoreEstimate) -> RuleOutcome:
    if not rule.by_interval:
        return RuleOutcome.PASSED if rule.bounds.hold(found.value) else RuleOutcome.FAILED
    if found.interval is None:
        return RuleOutcome.UNDECIDED
    low, high = found.interval.low, found.interval.high
    if rule.bounds.hold(low) and rule.bounds.hold(high):
        return RuleOutcome.PASSED
    return RuleOutcome.FAILED if rule.bounds.exclude(low, high) else RuleOutcome.UNDECIDED


def _not_enough(score: str, terms: ScoreTerms, counts: ScoreCounts) -> str | None:
    """Return why a rule can't be decided on the numbers that are there; None where it can."""
    if not counts.numbers and not counts.missing:
        return NO_JOBS
    if not counts.numbers or counts.missing_share > terms.max_missing:
        return missing_sentence(score, counts, terms.max_missing)
    if counts.prompts < terms.min_prompts:
        return few_prompts_sentence(score, counts.prompts, terms.min_prompts)
    return None


def _failed(rule: ThresholdRule | NoWorseRule, group: str | None, reason: str, counts: ScoreCounts) -> RuleResult:
    return RuleResult(
        rule=rule.head.name,
        number=rule.head.number,
        group=group,
        outcome=RuleOutcome.FAILED,
        is_passed=False,
        reason=reason,
        prompts=counts.prompts,
        missing=counts.missing,
    )


def _is_passed(outcome: RuleOutcome, terms: ScoreTerms) -> bool:
    return outcome is RuleOutcome.PASSED or (outcome is RuleOutcome.UNDECIDED and terms.passes_undecided)


def decide_set(rule: ThresholdRule, value: float | None, model: str | None) -> RuleResult:
    """Return whether the one number of a model is within its bounds; None for a number that is not there."""
    is_passed = value is not None and rule.bounds.hold(value)
    if value is not None:
        reason = number_sentence(f"{rule.score} is", value, rule.bounds)
    else:
        reason = (
            f"all images together have no {rule.score}: not scored, an error, or others since" if model else NO_JOBS
        )
    return RuleResult(
        rule=rule.head.name,
        number=rule.head.number,
        group=model,
        outcome=RuleOutcome.PASSED if is_passed else RuleOutcome.FAILED,
        is_passed=is_passed,
        reason=reason,
        value=value,
    )
