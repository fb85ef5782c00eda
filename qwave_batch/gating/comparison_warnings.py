"""Reasons to be careful with a comparison, each a sentence. Pure."""

from collections.abc import Iterator, Sequence

from qwave_batch.gating.cell_pairs import Pairing
from qwave_batch.gating.compared_score import ComparedScore

ENOUGH_PROMPTS = 10
_MANY = 5
"""From so many comparisons on, one of them looks settled by chance in more than one case of five."""
_SHOWN = 5


def comparison_warnings(pairing: Pairing, scores: Sequence[ComparedScore]) -> tuple[str, ...]:
    """Return the warnings about a comparison, the most important ones first."""
    return (
        *_about_unpaired(pairing),
        *_about_scores(scores),
        *_about_number(scores),
    )


def _about_unpaired(pairing: Pairing) -> Iterator[str]:
    left_out = pairing.unpaired
    for side, prompts in (("A", left_out.prompts_a), ("B", left_out.prompts_b)):
        if prompts:
            is_or_are = "are" if len(prompts) != 1 else "is"
            yield f"{counted(len(prompts), 'prompt')} {is_or_are} in {side} only, and left out: {first_names(prompts)}"
    if left_out.other_text:
        number, names = counted(len(left_out.other_text), "prompt"), first_names(left_out.other_text)
        yield f"{number} left out, whose text in A is not that in B: {names}"
    for side, values in (("A", left_out.values_a), ("B", left_out.values_b)):
        if values:
            named = [" ".join(f"{axis} {value}" for axis, value in each) for each in values]
            yield f"left out, since only {side} has it on prompts that both have: {first_names(named)}"


def _about_scores(scores: Sequence[ComparedScore]) -> Iterator[str]:
    """Yield the warnings about scores: one for all that it is true of."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in scores:
        for around in _about_score(each):
            found.setdefault(around, []).append(each.measure.name)
    for (before, after), names in found.items():
        yield f"{before} {first_names(names)}{after}"


def _about_score(score: ComparedScore) -> Iterator[tuple[str, str]]:
    """Yield what stands before and after the name of a score in each warning about it."""
    whole = score.whole
    if whole is None:
        yield "no prompt has on both sides", ""
        return
    for side, missing in (("A", whole.missing_a), ("B", whole.missing_b)):
        if missing:
            yield f"{counted(missing, 'image')} of {side} without", ": not scored, an error, or no image"
    if whole.left_out:
        yield f"{counted(whole.left_out, 'prompt')} left out, on one side or both without", ""
    if whole.prompts < ENOUGH_PROMPTS:
        after = f": below {ENOUGH_PROMPTS} prompts a difference says little about other prompts"
        yield f"only {counted(whole.prompts, 'prompt')} with", after
    if whole.ties == whole.prompts:
        yield "no difference on any prompt in", ": perhaps both sides are the same images"
    elif whole.is_even and whole.prompts > 1:
        yield "the same difference on every prompt, so that the interval has no width, in", ""
    elif whole.ties * 2 > whole.prompts:
        yield f"{whole.ties:,} of {whole.prompts:,} prompts are equal, and the others make the difference, in", ""


def _about_number(scores: Sequence[ComparedScore]) -> Iterator[str]:
    number = sum((each.whole is not None) + len(each.groups) for each in scores)
    if number >= _MANY:
        yield f"of {number:,} comparisons about one in twenty looks settled by chance alone"


def first_names(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else shown


def counted(number: int, one: str) -> str:
    """Return a number with its noun: ``1 prompt``, ``1,632 prompts``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"
