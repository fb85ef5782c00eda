"""Merges votes and picks: each stands once, and the later answer of a rater wins. Pure.

The result does not depend on the order in which files come, nor on how often: a merge of sets.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

from qwave_batch.voting.vote_lines import Pick, Vote, VotedImage, encode_voting_line

L = TypeVar("L", Vote, Pick)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Generic[L]):
    """The result of a merge."""

    lines: tuple[L, ...]
    """All lines, by the time at which they were given."""
    added: int
    """Lines that were not there yet."""
    replaced: int
    """Lines that a later answer of the same rater has replaced."""

    @property
    def is_changed(self) -> bool:
        """Whether anything is different from before."""
        return bool(self.added or self.replaced)


def merge(kept: Iterable[L], new: Iterable[L]) -> Merged[L]:
    """Return the lines of both, each vote or pick once."""
    by_key = {line.key: line for line in sorted(kept, key=_order)}
    before = dict(by_key)
    for line in sorted(new, key=_order):
        earlier = by_key.get(line.key)
        if earlier is None or _order(earlier) < _order(line):
            by_key[line.key] = line
    return Merged(
        lines=tuple(sorted(by_key.values(), key=_order)),
        added=len(by_key) - len(before),
        replaced=sum(by_key[key] != line for key, line in before.items()),
    )


def _order(line: Vote | Pick) -> tuple[float, bytes]:
    """By time; of two at the same moment, the text decides, so that every merge ends the same way."""
    return line.moment, encode_voting_line(line)


def images_of_pairs(votes: Iterable[Vote]) -> dict[str, tuple[VotedImage, VotedImage]]:
    """Return the two images that each pair's name stands for, as its first vote says."""
    found: dict[str, tuple[VotedImage, VotedImage]] = {}
    for vote in sorted(votes, key=attrgetter("moment")):
        found.setdefault(vote.pair, vote.images)
    return found
