"""The contract of a scorer: the facts it states, the items it is given, and the answers it may give."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias, runtime_checkable

from qwave_batch.model.cost_range import CostRange
from qwave_batch.model.jsontypes import JsonObject
from qwave_batch.model.money import InUsd, InUsdIfKnown


class Level(StrEnum):
    """The subject of a score."""

    IMAGE = "image"
    PAIR = "pair"
    """Two images of one prompt."""
    SET = "set"
    """All images of a model."""


class Need(StrEnum):
    """A part of an item that a scorer is given beside the image."""

    PROMPT = "prompt"
    TEXT = "text"
    """The text that the image is to show: ``meta.text``."""
    QUESTIONS = "questions"
    """Questions about the image with their answers: ``meta.questions``."""
    REFERENCE = "reference"
    """Images to compare with: the files that ``meta.reference`` names."""
    INPUT = "input"
    """The images that the request began with."""


class Better(StrEnum):
    """The direction in which a number gets better."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Output:
    """A number that a scorer gives."""

    range: tuple[float | None, float | None] = (None, None)
    """The least and the most that it can be; None for no bound."""
    better: Better | None = None
    """None where neither direction is better."""
    unit: str = ""

    def takes(self, number: float) -> bool:
        """Whether a number is finite and in the range."""
        least, most = self.range
        return math.isfinite(number) and (least is None or number >= least) and (most is None or number <= most)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFile:
    """An image file of an item, whole and as its hash says."""

    sha256: str
    data: bytes = field(repr=False)
    """Empty while a price is asked for."""
    size_bytes: int
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    path: Path | None = None
    """The file on this machine; None where it lies in an object store."""
    name: str = ""
    """Its path in the run folder, or the one that the line names it by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherImage:
    """The second image of a pair."""

    job_id: str
    image: int
    file: ItemFile
    model: str
    axes: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A subject to score: an image with what its line says of it. Parts that the scorer does not need may be empty."""

    job_id: str
    image: int
    """The image's index in its job, from 0."""
    file: ItemFile
    prompt_id: str
    prompt: str
    model: str
    axes: JsonObject
    tags: tuple[str, ...]
    meta: JsonObject
    text: tuple[str, ...] = ()
    questions: tuple[JsonObject, ...] = ()
    reference: tuple[ItemFile, ...] = ()
    input: tuple[ItemFile, ...] = ()
    other: OtherImage | None = None
    """The second image, for a scorer of pairs."""
    members: Iterable["Item"] = ()
    """The images of the set, for a scorer of sets: they may be gone through more than once, and each is read anew.
    The item's own image is the first."""


@dataclass(frozen=True, slots=True)
class Score:
    """The numbers of an item, by output; an output that does not apply is left out."""

    numbers: Mapping[str, float]
    details: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class ScoreError:
    """Why an item has no score; the ``error`` of its line."""

    code: str
    message: str
    retryable: bool = False
    """Whether a plain next run asks again."""


Outcome: TypeAlias = Score | ScoreError


@dataclass(frozen=True, slots=True)
class Scored:
    """An item with its outcome."""

    item: Item
    outcome: Outcome
    cost_nusd: int = 0
    cost_usd = InUsd()


@dataclass(frozen=True, slots=True)
class ScoreBudget:
    """The money that a paid scorer may use."""

    max_nusd: int | None
    """The most that this scorer may cost these folders in all; None for no limit."""
    spent_nusd: int = 0
    """The part that is gone already."""
    max_usd = InUsdIfKnown()
    spent_usd = InUsd()


Price: TypeAlias = Callable[[Sequence[Item]], CostRange | None]
"""Estimates what some items will cost; None where no price is known."""
Emit: TypeAlias = Callable[[Scored], Awaitable[None]]
"""Takes an outcome; its line is durable when the call is over."""


class ScorerFacts(Protocol):
    """The facts that every scorer states."""

    @property
    def name(self) -> str:
        """Its name, the first half of the full name of each number."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever the same item may get another score."""
        ...

    @property
    def level(self) -> Level:
        """The subject of its scores."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """The parts of an item that the score depends on, beside the image."""
        ...

    @property
    def outputs(self) -> Mapping[str, Output]:
        """The numbers that it gives, by name."""
        ...

    @property
    def batch(self) -> int:
        """How many items it takes at once, at most."""
        ...

    @property
    def params(self) -> JsonObject:
        """The settings that the score depends on."""
        ...

    @property
    def price(self) -> Price | None:
        """Estimates the cost of some items; None for a scorer that costs nothing."""
        ...


@runtime_checkable
class Scorer(ScorerFacts, Protocol):
    """A scorer that answers items in batches, in one thread."""

    def score(self, items: Sequence[Item]) -> Sequence[Outcome]:
        """Return an outcome for each item, in the order of the items."""
        ...


@runtime_checkable
class PaidScorer(ScorerFacts, Protocol):
    """A scorer that costs money and keeps many questions in flight; made for one folder, used in ``async with``."""

    async def __aenter__(self) -> Self:
        """Open what it needs, such as a connection; prices are asked for after this."""
        ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        ...

    def spent(self) -> int:
        """Return the nano-dollars that it has cost this folder before, as a limit counts them. It may block."""
        ...

    def notes(self) -> Sequence[str]:
        """Return facts that people should know at the end, a sentence each."""
        ...

    async def score_all(self, items: AsyncIterator[Item], emit: Emit, budget: ScoreBudget) -> None:
        """Take the items as there is room for them, and emit each outcome as it comes.

        Raises:
            QwaveError: nothing more can be asked; what was emitted stays.
        """
        ...
