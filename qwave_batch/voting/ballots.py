"""Votes as statistics see them: two values of an axis on one prompt, and which of them is preferred. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from qwave_batch.voting.judged_jobs import JudgedFolder, PromptKey, compared_values
from qwave_batch.voting.vote_lines import Vote, VotedImage, Winner

WIN, TIE, LOSS = 0, 1, 2
"""The outcomes of a ballot, for its first value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """A vote on two values of an axis; they stand in alphabetical order, whatever the sides."""

    first: str
    second: str
    outcome: int
    """``WIN``, ``TIE`` or ``LOSS`` of the first; both bad is a tie."""
    prompt: int
    """The number of the prompt; votes on one prompt are not independent."""
    subject: tuple[int, VotedImage, VotedImage, str]
    """The question: folder, images and criterion. Raters agree, or not, about the same one."""
    tags: frozenset[str]
    rater: str
    criterion: str
    pressed: Winner


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballots:
    """All ballots about one axis."""

    axis: str
    ballots: tuple[Ballot, ...] = field(repr=False)
    left_plan: int = 0
    """Votes about jobs that the plan no longer holds; they are not counted."""
    mixed: int = 0
    """Votes on images that differ in more than the axis; they are counted."""

    @property
    def raters(self) -> tuple[str, ...]:
        """The names of all who voted."""
        return tuple(sorted({each.rater for each in self.ballots}))

    @property
    def criteria(self) -> tuple[str, ...]:
        """The questions, in alphabetical order."""
        return tuple(sorted({each.criterion for each in self.ballots}))

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of all prompts that were voted on."""
        return tuple(sorted({tag for each in self.ballots for tag in each.tags}))

    @property
    def prompts(self) -> int:
        """How many different prompts were voted on."""
        return len({each.prompt for each in self.ballots})

    def of_criterion(self, criterion: str) -> "Ballots":
        """Return the answers to one question."""
        return replace(self, ballots=tuple(each for each in self.ballots if each.criterion == criterion))

    def of_tag(self, tag: str) -> "Ballots":
        """Return the ballots on prompts with a tag."""
        return replace(self, ballots=tuple(each for each in self.ballots if tag in each.tags))


VotesOfFolder = tuple[JudgedFolder, Sequence[Vote]]
"""The votes that a folder holds, and what is known of the jobs that they are about."""


def axes_of_votes(votes: Iterable[Vote]) -> tuple[str, ...]:
    """Return the axes that were voted on, those with the most votes first."""
    counts: dict[str, int] = {}
    for vote in votes:
        counts[vote.axis] = counts.get(vote.axis, 0) + 1
    return tuple(sorted(counts, key=lambda axis: (-counts[axis], axis)))


def ballots_about(axis: str, folders: Sequence[VotesOfFolder]) -> Ballots:
    """Return the ballots about an axis; those of several folders stand side by side."""
    found: list[tuple[Ballot, tuple[PromptKey, PromptKey]]] = []
    left_plan = mixed = 0
    for number, (folder, votes) in enumerate(folders):
        for vote in votes:
            if vote.axis != axis:
                continue
            values = None if _has_left(vote, folder) else compared_values(vote, folder.jobs)
            if values is None or isinstance(values, str):
                left_plan += 1
                continue
            mixed += not values.is_pure
            is_straight = values.left < values.right
            ballot = Ballot(
                first=min(values.left, values.right),
                second=max(values.left, values.right),
                outcome=_outcome(vote.winner, is_straight=is_straight),
                prompt=0,
                subject=(number, *vote.images, vote.criterion),
                tags=values.tags,
                rater=vote.rater,
                criterion=vote.criterion,
                pressed=vote.winner,
            )
            found.append((ballot, values.prompts))
    numbers = _numbered_prompts([prompts for _, prompts in found])
    ballots = tuple(replace(ballot, prompt=numbers[prompts[0]]) for ballot, prompts in found)
    return Ballots(axis=axis, ballots=ballots, left_plan=left_plan, mixed=mixed)


def _has_left(vote: Vote, folder: JudgedFolder) -> bool:
    return any(image.job_id not in folder.jobs for image in vote.images)


def _outcome(winner: Winner, *, is_straight: bool) -> int:
    if winner in {Winner.TIE, Winner.BOTH_BAD}:
        return TIE
    return WIN if (winner is Winner.LEFT) is is_straight else LOSS


def _numbered_prompts(pairs: Sequence[tuple[PromptKey, PromptKey]]) -> Mapping[PromptKey, int]:
    """Number the prompts; texts that were compared with each other are versions of one prompt."""
    version_of: dict[PromptKey, PromptKey] = {}

    def first_version(prompt: PromptKey) -> PromptKey:
        while (earlier := version_of.setdefault(prompt, prompt)) != prompt:
            prompt = version_of[prompt] = version_of[earlier]
        return prompt

    for left, right in pairs:
        version_of[first_version(right)] = first_version(left)
    numbers: dict[PromptKey, int] = {}
    return {prompt: numbers.setdefault(first_version(prompt), len(numbers)) for prompt in list(_each_once(pairs))}


def _each_once(pairs: Sequence[tuple[PromptKey, PromptKey]]) -> Iterator[PromptKey]:
    yield from dict.fromkeys(prompt for pair in pairs for prompt in pair)
