"""The result of votes about one axis: win rates, strengths, agreement, what is uncertain, and what would settle it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec

from qwave_batch.errors import MissingExtra
from qwave_batch.model.jsontypes import Json
from qwave_batch.voting.ballots import Ballots
from qwave_batch.voting.drawn_counts import drawn_counts
from qwave_batch.voting.more_votes import VotesOutlook, votes_outlook
from qwave_batch.voting.pair_counts import pair_counts
from qwave_batch.voting.rater_agreement import alpha_of_raters
from qwave_batch.voting.strengths import Strength, strengths
from qwave_batch.voting.vote_warnings import vote_warnings
from qwave_batch.voting.win_rates import WinRate, win_rates

_LIBRARY, _EXTRA = "evalica", "votes"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteResult:
    """The result of some votes about an axis."""

    axis: str
    criterion: str | None
    """The question; None for all of them together."""
    votes: int
    raters: tuple[str, ...]
    prompts: int
    alpha: float | None
    """Krippendorff's alpha; None where no two raters answered the same question, or it can't be computed here."""
    win_rates: tuple[WinRate, ...]
    strengths: tuple[Strength, ...] | None
    """None where they can't be computed here."""
    more_votes: VotesOutlook
    warnings: tuple[str, ...]
    by_tag: Mapping[str, "VoteResult"] = field(default_factory=dict)
    by_criterion: Mapping[str, "VoteResult"] = field(default_factory=dict)

    def as_json(self) -> dict[str, Json]:
        """Return the object that ``votes --json`` prints."""
        return {
            **self.with_tags_as_json(),
            "by_criterion": {name: each.with_tags_as_json() for name, each in self.by_criterion.items()},
        }

    def with_tags_as_json(self) -> dict[str, Json]:
        """Return the same object without the results by criterion."""
        return {**self._as_json(), "by_tag": {tag: each._as_json() for tag, each in self.by_tag.items()}}  # noqa: SLF001 - of the same class

    def _as_json(self) -> dict[str, Json]:
        return {
            "axis": self.axis or None,
            "criterion": self.criterion,
            "votes": self.votes,
            "raters": list(self.raters),
            "prompts": self.prompts,
            "alpha": self.alpha,
            "win_rates": list(map(_rate_as_json, self.win_rates)),
            "strengths": None if self.strengths is None else list(map(_strength_as_json, self.strengths)),
            "more_votes": self.more_votes.as_json(),
            "warnings": list(self.warnings),
        }


def check_votes_can_be_counted() -> None:
    """Refuse to count votes where the library for it is not installed.

    Raises:
        MissingExtra: it is not.
    """
    if not can_count_votes():
        raise MissingExtra("counting votes", _LIBRARY, _EXTRA)


def can_count_votes() -> bool:
    """Whether strengths, agreement and the bootstrap can be computed here."""
    return find_spec(_LIBRARY) is not None


def vote_result(ballots: Ballots, *, with_library: bool = True) -> VoteResult:
    """Return the result of ballots, with those by tag and by criterion.

    Args:
        ballots: The ballots about an axis.
        with_library: Whether to compute also what takes the library of the extra.
    """
    whole = _with_tags(ballots, with_library=with_library)
    if len(ballots.criteria) == 1:
        return replace(whole, by_criterion={ballots.criteria[0]: whole})
    of_each = {name: ballots.of_criterion(name) for name in ballots.criteria}
    return replace(
        whole, by_criterion={name: _with_tags(each, with_library=with_library) for name, each in of_each.items()}
    )


def _with_tags(ballots: Ballots, *, with_library: bool) -> VoteResult:
    by_tag = {tag: _result(ballots.of_tag(tag), with_library=with_library) for tag in ballots.tags}
    return replace(_result(ballots, with_library=with_library), by_tag=by_tag)


def _result(ballots: Ballots, *, with_library: bool) -> VoteResult:
    counts = pair_counts(ballots)
    drawn = drawn_counts(counts) if with_library else None
    rates = win_rates(counts, drawn)
    found = strengths(counts, drawn) if with_library else None
    alpha = alpha_of_raters(ballots) if with_library else None
    return VoteResult(
        axis=ballots.axis,
        criterion=ballots.criteria[0] if len(ballots.criteria) == 1 else None,
        votes=len(ballots.ballots),
        raters=ballots.raters,
        prompts=counts.prompts,
        alpha=alpha,
        win_rates=rates,
        strengths=found,
        more_votes=votes_outlook(rates),
        warnings=vote_warnings(ballots, counts, found or (), alpha),
    )


def _rate_as_json(rate: WinRate) -> dict[str, Json]:
    return {
        "value": rate.value,
        "against": rate.against,
        "wins": rate.wins,
        "losses": rate.losses,
        "ties": rate.ties,
        "prompts": rate.prompts,
        "rate": rate.rate,
        "low": rate.low,
        "high": rate.high,
        "boot_low": rate.boot_low,
        "boot_high": rate.boot_high,
    }


def _strength_as_json(strength: Strength) -> dict[str, Json]:
    return {
        "value": strength.value,
        "strength": strength.strength,
        "low": strength.low,
        "high": strength.high,
        "group": strength.group,
    }
