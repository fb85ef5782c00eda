"""Splits: which part of a dataset a row belongs to, so that no prompt lies in two of them.

A prompt is everything that shares an id or a text, over any number of steps: two ids with one text are one prompt, and
so are two texts under one id (as a matrix of variants makes them).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from qwave_batch.errors import UsageError
from qwave_batch.model.job import Duplicate
from qwave_batch.model.jsontypes import Json
from qwave_batch.output.manifest_line import ManifestLine

TRAIN = "train"
_NAME = re.compile(r"\w+(\.\w+)*", re.ASCII)
"""The names of splits that loaders take."""
_NAMED = 3
"""Prompts that a message names at most."""
_FORMS = "train=0.7,test=0.3 or tag:train,test or axis:NAME"


@dataclass(frozen=True, slots=True)
class OneSplit:
    """All rows lie in ``train``."""

    def as_text(self) -> str:
        """Return the rule as it is written; empty here."""
        return ""


@dataclass(frozen=True, slots=True)
class FractionSplit:
    """Prompts are dealt out at random, by shares of their number."""

    shares: tuple[tuple[str, Fraction], ...]
    """The splits with their shares, which add up to 1."""
    seed: int = 0

    def as_text(self) -> str:
        """Return the rule as it is written, with its seed."""
        shares = ",".join(f"{name}={float(share):g}" for name, share in self.shares)
        return f"{shares} seed {self.seed}"


@dataclass(frozen=True, slots=True)
class TagSplit:
    """A row lies in the split that one of its tags names, and in none without such a tag."""

    tags: tuple[str, ...]

    def as_text(self) -> str:
        """Return the rule as it is written."""
        return f"tag:{','.join(self.tags)}"


@dataclass(frozen=True, slots=True)
class AxisSplit:
    """A row lies in the split that its value on an axis names."""

    axis: str

    def as_text(self) -> str:
        """Return the rule as it is written."""
        return f"axis:{self.axis}"


SplitRule: TypeAlias = OneSplit | FractionSplit | TagSplit | AxisSplit
ONE_SPLIT = OneSplit()


def read_split(text: str | None, *, seed: int | None = None) -> SplitRule:
    """Return the rule that a user has written: ``train=0.7,test=0.3``, ``tag:train,test`` or ``axis:NAME``.

    Args:
        text: The rule; without one, all rows lie in ``train``.
        seed: Shuffles the prompts, for shares only.

    Raises:
        UsageError: it is of none of these forms, or has a seed that nothing reads.
    """
    if text is None:
        if seed is not None:
            raise UsageError("a seed shuffles shares such as train=0.7,test=0.3, and no split is asked for")
        return ONE_SPLIT
    kind, colon, rest = text.partition(":")
    if colon and kind in {"tag", "axis"}:
        if seed is not None:
            raise UsageError(f'a seed shuffles shares such as train=0.7,test=0.3; "{text}" has none')
        return TagSplit(_names(rest.split(","), text)) if kind == "tag" else AxisSplit(_axis(rest, text))
    shares = [_share(part, text) for part in text.split(",")]
    _names([name for name, _ in shares], text)
    total = sum((share for _, share in shares), Fraction(0))
    if not Fraction(999_999, 1_000_000) < total < Fraction(1_000_001, 1_000_000):
        raise UsageError(f'the shares of split "{text}" add up to {float(total):g}, not to 1')
    return FractionSplit(tuple(shares), seed or 0)


def _share(part: str, text: str) -> tuple[str, Fraction]:
    name, equals, number = part.partition("=")
    try:
        share: Fraction = Fraction(number.strip()) if equals else Fraction(0)
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not Fraction(0) < share <= Fraction(1):
        raise UsageError(f'split "{text}": "{part}" is not a name with a share between 0 and 1; write {_FORMS}')
    return name.strip(), share


def _names(names: Iterable[str], text: str) -> tuple[str, ...]:
    known = tuple(name.strip() for name in names)
    for name in known:
        if not _NAME.fullmatch(name):
            raise UsageError(f'split "{text}": "{name}" can\'t name a split; use letters, digits, _ and single dots')
    if len({name.casefold() for name in known}) < len(known):
        raise UsageError(f'split "{text}" names a split twice')
    return known


def _axis(name: str, text: str) -> str:
    if not name.strip():
        raise UsageError(f'split "{text}" names no axis; write {_FORMS}')
    return name.strip()


def split_of_line(rule: SplitRule, line: ManifestLine) -> str | None:
    """Return the split of a line as far as the line alone decides it; None where it lies in none.

    A job that several entries of the plan came out as has the tags and the axis values of them all. Shares are dealt
    out when all prompts are known, see ``deal``; until then their lines lie in ``train``.

    Raises:
        UsageError: the line has two of the tags or values, or its axis has a value that can't name a split.
    """
    entries: tuple[ManifestLine | Duplicate, ...] = (line, *line.also)
    match rule:
        case TagSplit(tags):
            found = [tag for tag in tags if any(tag in entry.tags for entry in entries)]
            what = f"the tags {' and '.join(found)}"
        case AxisSplit(axis):
            values = (split_named_after(entry.axes[axis]) for entry in entries if axis in entry.axes)
            found = list(dict.fromkeys(values))
            what = f"the values {' and '.join(found)} of the axis {axis}"
        case _:
            return TRAIN
    if len(found) > 1:
        prompts = list(dict.fromkeys(entry.prompt_id for entry in entries))
        by = f"the prompt {prompts[0]}" if len(prompts) == 1 else f"the prompts {' and '.join(prompts[:_NAMED])}"
        raise UsageError(f"job {line.job_id}, asked for by {by}, has {what}, and can lie in one split only")
    return found[0] if found else None


def split_named_after(value: Json) -> str:
    """Return the name of the split for an axis value: ``16:9`` becomes ``16_9``.

    Raises:
        UsageError: nothing is left of it.
    """
    text = "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    name = re.sub(r"[^\w.]+|\.(?!\w)|(?<!\w)\.", "_", text, flags=re.ASCII).strip("_")
    if not _NAME.fullmatch(name):
        raise UsageError(f'the axis value "{text}" can\'t name a split: it has no letters or digits of ASCII')
    return name


def deal(prompts: Sequence[str], rule: FractionSplit) -> Mapping[str, str]:
    """Return the split of each prompt: shuffled by the seed, then cut by the shares.

    The numbers of prompts differ from the shares by at most one. The order of ``prompts`` has no influence.
    """
    shuffled = sorted(
        prompts, key=lambda prompt: hashlib.sha256(f"{rule.seed}\0{prompt}".encode("utf-8", "surrogatepass")).digest()
    )
    dealt: dict[str, str] = {}
    upto, done = Fraction(0), 0
    for name, share in rule.shares:
        upto += share
        end = len(shuffled) if name == rule.shares[-1][0] else round(upto * len(shuffled))
        dealt.update(dict.fromkeys(shuffled[done:end], name))
        done = max(done, end)
    return dealt
