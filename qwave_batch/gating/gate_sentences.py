"""The reasons of a gate's outcomes, each a sentence with its numbers. Pure."""

from qwave_batch.estimating.intervals import Interval
from qwave_batch.gating.cell_pairs import Pairing
from qwave_batch.gating.comparison_warnings import counted, first_names
from qwave_batch.gating.gate_rules import Bounds, CostRule, Extreme, Mean, NoWorseRule, Percentile, Share, ThresholdRule
from qwave_batch.gating.paired_difference import PairedDifference
from qwave_batch.gating.rule_results import RuleOutcome
from qwave_batch.gating.score_estimates import ScoreCounts, ScoreEstimate
from qwave_batch.model.shown_numbers import shown_numbers

NO_JOBS = "no job is there for the rule to hold to"


def threshold_sentence(rule: ThresholdRule, found: ScoreEstimate, counts: ScoreCounts, outcome: RuleOutcome) -> str:
    """Return the number that a rule on a score is about, and what was asked for."""
    bounds = [each for each in (rule.bounds.least, rule.bounds.most) if each is not None]
    value, *shown = shown_numbers([found.value, *_bounds_of(found.interval), *bounds])
    interval = "" if found.interval is None else f" ({shown.pop(0)} to {shown.pop(0)} at 95 %)"
    about = f"{_statistic_words(rule)} is {value}{interval} on {counted(counts.prompts, 'prompt')}"
    end = _undecided_words(outcome, passes=rule.terms.passes_undecided)
    whole = ", of its whole interval" if rule.by_interval else ""
    return f"{about}, {asked_words(rule.bounds, tuple(shown))}{whole}{end}"


def no_worse_sentence(
    rule: NoWorseRule, found: PairedDifference, outcome: RuleOutcome, *, is_lower_better: bool
) -> str:
    """Return the difference that a comparison with another folder is decided by."""
    here, there, difference, margin, *interval = shown_numbers(
        [found.b, found.a, found.difference, rule.margin, *_bounds_of(found.interval)]
    )
    bounds = f" ({interval[0]} to {interval[1]} at 95 %)" if interval else ""
    better = "lower" if is_lower_better else "higher"
    worse = f"{'+' if is_lower_better else '-'}{_trimmed(margin)}" if rule.margin else "0"
    end = {
        RuleOutcome.PASSED: f"none of it is worse than {worse}",
        RuleOutcome.FAILED: f"all of it is worse than {worse}",
        RuleOutcome.UNDECIDED: f"it may be worse than {worse} or not",
    }[outcome]
    return (
        f"{rule.score} ({better} is better) is {here}, and {there} in {rule.folder}, on "
        f"{counted(found.prompts, 'prompt')}: the difference is {difference}{bounds}, and {end}"
        f"{_undecided_words(outcome, passes=rule.terms.passes_undecided)}"
    )


def missing_sentence(score: str, counts: ScoreCounts, allowed: float) -> str:
    """Return how many scores are missing."""
    number = counts.numbers + counts.missing
    if not counts.numbers:
        return f"none of {counted(number, 'image')} has {score}: not scored, an error, or no image"
    return (
        f"{counts.missing:,} of {counted(number, 'image')} {'have' if counts.missing != 1 else 'has'} no {score}: not "
        f"scored, an error, or no image; {_allowed(allowed)}"
    )


def few_prompts_sentence(score: str, prompts: int, wanted: int) -> str:
    """Return how many prompts there are for a rule that wants more."""
    return f"{counted(prompts, 'prompt')} {'have' if prompts != 1 else 'has'} {score}, and the rule wants {wanted:,}"


def unpaired_sentence(rule: NoWorseRule, pairing: Pairing, left_out: int) -> str:
    """Return what can't be compared with the other folder."""
    unpaired = pairing.unpaired
    parts = [
        f"{counted(len(prompts), 'prompt')} {words} ({first_names(prompts)})"
        for prompts, words in (
            (unpaired.prompts_b, "only here"),
            (unpaired.prompts_a, "only there"),
            (unpaired.other_text, "with another text"),
        )
        if prompts
    ]
    for values, words in ((unpaired.values_b, "only here"), (unpaired.values_a, "only there")):
        if values:
            named = [" ".join(f"{axis} {value}" for axis, value in each) for each in values]
            parts.append(f"{first_names(named)} {words}")
    if left_out:
        parts.append(f"{counted(left_out, 'prompt')} without {rule.score} on one side")
    total = len(pairing.pairs) + unpaired.cells
    return (
        f"{unpaired.cells + left_out:,} of {total:,} comparisons with {rule.folder} can't be made: "
        f"{'; '.join(parts)}; {_allowed(rule.terms.max_missing)}"
    )


def number_sentence(what: str, number: float, bounds: Bounds, *, unit: str = "") -> str:
    """Return a number that is counted, and what was asked for."""
    asked = [each for each in (bounds.least, bounds.most) if each is not None]
    shown = shown_numbers([number, *asked]) if any(each % 1 for each in (number, *asked)) else _whole(number, *asked)
    return f"{what} {shown[0]}{unit}, {asked_words(bounds, shown[1:])}"


def share_sentence(what: str, share: float, bounds: Bounds) -> str:
    """Return a share in percent, and what was asked for."""
    asked = [each for each in (bounds.least, bounds.most) if each is not None]
    shown = tuple(map(_share, (share, *asked)))
    return f"{what} {shown[0]}, {asked_words(bounds, shown[1:])}"


def cost_subject(rule: CostRule) -> str:
    """Return what a cost is of."""
    return {"total": "all jobs cost", "per_image": "an image costs", "per_job": "a completed job costs"}[rule.of]


def asked_words(bounds: Bounds, shown: tuple[str, ...]) -> str:
    """Return what was asked for, with its numbers as they are shown."""
    shown = tuple(_trimmed(each) for each in shown)
    if bounds.least is not None and bounds.most is not None:
        return f"and {shown[0]} to {shown[1]} is asked for"
    return f"and at {'least' if bounds.least is not None else 'most'} {shown[0]} is asked for"


def _undecided_words(outcome: RuleOutcome, *, passes: bool) -> str:
    if outcome is not RuleOutcome.UNDECIDED:
        return ""
    return f"; undecided, which {'the rule lets pass' if passes else 'fails: more prompts would decide it'}"


def _statistic_words(rule: ThresholdRule) -> str:
    if rule.preferred is not None:
        return f"by {rule.score} the share of {rule.preferred.value} preferred to {rule.preferred.to}"
    match rule.statistic:
        case Mean():
            return f"the mean of {rule.score}"
        case Share(of):
            bounds = [f"at least {of.least:g}"] if of.least is not None else []
            bounds += [f"at most {of.most:g}"] if of.most is not None else []
            return f"the share of images with {rule.score} of {' and '.join(bounds)}"
        case Percentile(percent):
            return f"percentile {percent} of {rule.score}"
        case Extreme(kind):
            return f"the {kind} of {rule.score}"


def _bounds_of(interval: Interval | None) -> list[float]:
    return [] if interval is None else [interval.low, interval.high]


def _allowed(share: float) -> str:
    return f"{_share(share)} may be missing" if share else "none may be missing"


def _trimmed(number: str) -> str:
    """Return a number without the zeros that only fill it up."""
    return number.rstrip("0").rstrip(".") if "." in number else number


def _share(share: float) -> str:
    return f"{100 * share:.4g} %"


def _whole(*numbers: float) -> tuple[str, ...]:
    return tuple(f"{number:,.0f}" for number in numbers)
