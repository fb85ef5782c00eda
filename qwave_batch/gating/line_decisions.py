"""Rules on the jobs themselves: how many completed, what a check found, what they cost; counted line by line. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from qwave_batch.errors import FolderError
from qwave_batch.gating.gate_rules import CostRule, FindingsRule, JobsRule
from qwave_batch.gating.gate_sentences import NO_JOBS, cost_subject, number_sentence, share_sentence
from qwave_batch.gating.rule_results import RuleOutcome, RuleResult
from qwave_batch.gating.score_comparison import TAG
from qwave_batch.model.money import nusd_from_usd, usd_from_nusd
from qwave_batch.model.record import JobStatus
from qwave_batch.output.manifest_line import ManifestLine
from qwave_batch.quality.checks_file import Checks
from qwave_batch.voting.judged_jobs import REPEAT, judged_job

LineRule = JobsRule | FindingsRule | CostRule


@dataclass(slots=True)
class _Tally:
    """Counts of the jobs of a group."""

    jobs: int = 0
    completed: int = 0
    images: int = 0
    hits: int = 0
    """Jobs with the status, or images with a finding, that the rule is about."""
    cost_nusd: int = 0


@dataclass(slots=True)
class LineTally:
    """Counts lines for a rule, and decides it."""

    rule: LineRule
    checks: Checks | None = None
    """The findings, for a rule about them; None where they can't be read."""
    unchecked: FolderError | None = None
    """Why they can't."""
    _groups: dict[str | None, _Tally] = field(default_factory=dict)

    def add(self, line: ManifestLine) -> None:
        """Count a line."""
        if line.status is JobStatus.SKIPPED and not (
            isinstance(self.rule, JobsRule) and self.rule.status is JobStatus.SKIPPED
        ):
            return
        for group in groups_of_line(line, self.rule.head.per):
            tally = self._groups.setdefault(group, _Tally())
            tally.jobs += 1
            tally.completed += line.status is JobStatus.COMPLETED
            tally.images += len(line.images)
            tally.hits += self._hits(line)
            tally.cost_nusd += nusd_from_usd(line.cost_usd)

    def results(self) -> Iterator[RuleResult]:
        """Yield the outcome for each group, in alphabetical order; without a line, one that failed."""
        if self.unchecked is not None:
            yield replace(self._result(None, None, str(self.unchecked)), next_steps=self.unchecked.next_steps)
            return
        if not self._groups:
            per = self.rule.head.per
            yield self._result(None, None, NO_JOBS if per is None else f"no job is there that has {per}")
        for group in sorted(self._groups, key=str):
            value, reason = self._decided(self._groups[group])
            yield self._result(group, value, reason)

    def _hits(self, line: ManifestLine) -> int:
        match self.rule:
            case JobsRule(status=status):
                return line.status is status
            case FindingsRule(kinds=kinds) if self.checks is not None:
                return sum(bool(self.checks.kinds_of(image.path) & kinds) for image in line.images)
        return 0

    def _decided(self, tally: _Tally) -> tuple[float | None, str]:
        rule = self.rule
        match rule:
            case JobsRule():
                share = tally.hits / tally.jobs
                what = f"{tally.hits:,} of {tally.jobs:,} jobs are {rule.status.value},"
                return share, share_sentence(what, share, rule.bounds)
            case FindingsRule():
                kinds = ", ".join(sorted(kind.value.replace("_", " ") for kind in rule.kinds))
                what = f"of {tally.images:,} images with a finding ({kinds}) there are"
                return tally.hits, number_sentence(what, tally.hits, rule.bounds)
            case CostRule():
                parts = {"total": 1, "per_image": tally.images, "per_job": tally.completed}[rule.of]
                if not parts:
                    return None, f"there is no {'image' if rule.of == 'per_image' else 'completed job'} to have a cost"
                cost = usd_from_nusd(tally.cost_nusd) / parts
                return cost, number_sentence(cost_subject(rule), cost, rule.bounds, unit=" USD")

    def _result(self, group: str | None, value: float | None, reason: str) -> RuleResult:
        is_passed = value is not None and self.rule.bounds.hold(value)
        return RuleResult(
            rule=self.rule.head.name,
            number=self.rule.head.number,
            group=group,
            outcome=RuleOutcome.PASSED if is_passed else RuleOutcome.FAILED,
            is_passed=is_passed,
            reason=reason,
            value=value,
        )


def groups_of_line(line: ManifestLine, per: str | None) -> list[str | None]:
    """Return the groups that a job is in: one without groups, any number of tags, one value of an axis or none."""
    if per is None:
        return [None]
    if per == TAG:
        return [*line.tags]
    values: Mapping[str, str] = judged_job(line).places[0].values
    return [values[per]] if per in values and per != REPEAT else []
